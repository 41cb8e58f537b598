import { SearchBox } from '@fluentui/react-components'
import { useState } from 'react'
import { here } from '../data/paths'
import { list } from '../data/rest'
import { useQuery } from '../data/store'
import type { ActivityEvent, ScaleSet } from '../data/types'
import { name, t, tCode, time } from '../i18n/i18n'
import { DataTable } from '../ui/DataTable'
import { Said } from '../ui/said'
import { Loading, Problem, State, type Mood } from '../ui/ui'

const NEWEST = 500
const moods: Record<string, Mood> = { Succeeded: 'good', Failed: 'bad', Canceled: 'warn', Started: 'busy' }

export default function Activity({ set }: { set: ScaleSet }) {
  const { data, error } = useQuery(
    `activity ${set.id}`,
    () => list<ActivityEvent>(`${here().subscription}/providers/Microsoft.Insights/eventtypes/management/values?$filter=${encodeURIComponent(`resourceUri eq '${set.id}'`)}`),
    [set.id, `${here().subscription}/providers/Microsoft.Insights`],
  )
  const [text, setText] = useState('')
  if (error && !data) return <Problem error={error} />
  if (!data) return <Loading />
  const wanted = text.trim().toLowerCase()
  const shown = data.filter((event) => !wanted || JSON.stringify(event).toLowerCase().includes(wanted)).slice(0, NEWEST)
  return (
    <div className="content">
      <div className="row">
        <SearchBox placeholder={t('sets.filter')} aria-label={t('sets.filter')} value={text} onChange={(_, { value }) => setText(value)} />
      </div>
      <DataTable
        label={name('activity')}
        rows={shown}
        keyOf={(event) => event.eventDataId}
        empty={t('activity.none')}
        columns={[
          { title: t('activity.time'), cell: (event) => time(event.eventTimestamp) },
          { title: t('activity.operation'), cell: (event) => operation(event) },
          { title: t('col.status'), cell: (event) => <State mood={moods[event.status.value] ?? 'plain'}>{tCode('event', event.status.value)}</State> },
          { title: t('activity.by'), cell: (event) => tCode('caller', event.caller) },
          { title: t('activity.about'), cell: (event) => event.resourceId.slice(set.id.length + 1) || set.name },
          { title: t('activity.what'), cell: (event) => <span className="reason wrap"><Said text={event.description ?? Object.values(event.properties ?? {}).join(' ')} /></span> },
        ]}
      />
    </div>
  )
}

/** Microsoft.Compute/virtualMachineScaleSets/write: write. */
function operation({ operationName: { value } }: ActivityEvent) {
  const parts = value.split('/')
  const verb = parts.at(-1) === 'action' ? parts.at(-2) : parts.at(-1)
  return <span title={value}>{tCode('operation', verb)}</span>
}

import { groupOf, useInstances } from '../data/paths'
import { brief } from '../data/instance'
import { get } from '../data/rest'
import { useQuery } from '../data/store'
import type { ScaleSet } from '../data/types'
import { name, t, tCode, time } from '../i18n/i18n'
import { setHref } from '../shell/router'
import { DataTable } from '../ui/DataTable'
import { HealthState, IntegrityState, PowerState, StatusState } from '../ui/InstanceStates'
import { Said } from '../ui/said'
import { Loading, State, type Mood } from '../ui/ui'

interface Availability {
  properties: {
    availabilityState: string
    title: string
    summary: string
    reasonType?: string
    occuredTime?: string
    recommendedActions?: { action: string; actionUrlText?: string }[]
  }
}

const moods: Record<string, Mood> = { Available: 'good', Unavailable: 'bad', Degraded: 'warn', Unknown: 'busy' }
const useAvailability = (id: string, set: ScaleSet) =>
  useQuery(
    `available ${id}`,
    () => get<Availability>(`${id}/providers/Microsoft.ResourceHealth/availabilityStatuses/current?$expand=recommendedactions`),
    [set.id],
  )

export default function ResourceHealth({ set, rest }: { set: ScaleSet; rest: string[] }) {
  const chosen = rest[0]
  const { data } = useInstances(set.id)
  if (!data) return <Loading />
  const rows = data.map(brief)
  const ill = rows.filter((one) => one.provisioning === 'Failed' || one.health !== 'healthy' || one.power !== 'running' || one.quarantined)
  return (
    <div className="content">
      <Verdict id={set.id} set={set} title={set.name} />
      {chosen !== undefined && <Verdict id={`${set.id}/virtualMachines/${chosen}`} set={set} title={rows.find(({ id }) => id === chosen)?.name ?? chosen} />}
      <section className="section">
        <h2>{t('rh.notWell', { n: ill.length })}</h2>
        <DataTable
          label={t('rh.notWell', { n: ill.length })}
          rows={ill.slice(0, 200)}
          keyOf={({ id }) => id}
          empty={t('rh.allWell')}
          columns={[
            {
              title: t('instances.instance'),
              cell: (one) => <a href={setHref(groupOf(set.id), set.name, 'resourceHealth', one.id)}>{one.name}</a>,
            },
            { title: t('col.status'), cell: (one) => <StatusState one={one} /> },
            { title: t('instances.health'), cell: (one) => <HealthState one={one} /> },
            { title: name('bootIntegrity'), cell: (one) => <IntegrityState one={one} /> },
            { title: t('instances.power'), cell: (one) => <PowerState one={one} /> },
            { title: t('rh.why'), cell: (one) => <span className="reason wrap">{one.reason ? <Said text={one.reason} /> : '–'}</span> },
          ]}
        />
      </section>
    </div>
  )
}

function Verdict({ id, set, title }: { id: string; set: ScaleSet; title: string }) {
  const { data, error } = useAvailability(id, set)
  return (
    <section className="card" aria-label={title}>
      <h2>{title}</h2>
      {error && (
        <State mood="dull">
          <Said text={error.message} />
        </State>
      )}
      {data && (
        <>
          <State mood={moods[data.properties.availabilityState] ?? 'dull'}>
            <strong>{tCode('available', data.properties.availabilityState)}</strong>
            {data.properties.title !== data.properties.availabilityState && (
              <>
                {t('list.colon')}
                <Said text={data.properties.title} />
              </>
            )}
          </State>
          <p>
            <Said text={data.properties.summary} />
          </p>
          {data.properties.reasonType && (
            <p className="small quiet">
              {tCode('rhReason', data.properties.reasonType)} · {time(data.properties.occuredTime)}
            </p>
          )}
          {data.properties.recommendedActions?.length ? (
            <ul>
              {data.properties.recommendedActions.map(({ action }) => (
                <li key={action}>
                  <Said text={action} />
                </li>
              ))}
            </ul>
          ) : null}
        </>
      )}
    </section>
  )
}

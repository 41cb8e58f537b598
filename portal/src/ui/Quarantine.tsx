// Instances that a deviation of their boot took out of service, and the two ways out: released, or deleted with what they are kept for.
import { Button } from '@fluentui/react-components'
import { useState } from 'react'
import { groupOf } from '../data/paths'
import { list } from '../data/rest'
import { post, remove } from '../data/send'
import { useQuery } from '../data/store'
import type { ScaleSet } from '../data/types'
import { t, tCode, time } from '../i18n/i18n'
import { setHref } from '../shell/router'
import { Confirm } from './Confirm'
import { DataTable } from './DataTable'
import { Said } from './said'
import { labelOf, Name } from './ui'

interface Quarantined {
  id: string
  instanceId: string
  properties: { since: string; state: string; reason?: string; running: boolean; replaced: boolean }
}

export function Quarantine({ set }: { set: ScaleSet }) {
  const { data } = useQuery(`quarantine ${set.id}`, () => list<Quarantined>(`${set.id}/quarantine`), [set.id])
  return (
    <section className="section">
      <h2>{t('qu.title')}</h2>
      <DataTable
        label={t('qu.title')}
        rows={data ?? []}
        keyOf={({ id }) => id}
        empty={t('qu.none')}
        columns={[
          {
            title: t('instances.instance'),
            cell: ({ instanceId }) => <a href={setHref(groupOf(set.id), set.name, 'bootIntegrity', instanceId)}>{`${set.name}_${instanceId}`}</a>,
          },
          { title: t('qu.since'), cell: ({ properties }) => time(properties.since, 'short') },
          { title: t('bi.verdict'), cell: ({ properties }) => tCode('integrity', properties.state) },
          { title: t('rh.why'), cell: ({ properties }) => <span className="wrap reason">{properties.reason ? <Said text={properties.reason} /> : t('none')}</span> },
          { title: t('qu.replaced'), cell: ({ properties }) => (properties.replaced ? t('yes') : t('no')) },
          {
            title: <span className="hidden">{t('sec.actions')}</span>,
            cell: ({ instanceId, properties }) => <WaysOut set={set} instance={instanceId} replaced={properties.replaced} />,
          },
        ]}
      />
    </section>
  )
}

/** replaced: another instance has its place. */
function WaysOut({ set, instance, replaced }: { set: ScaleSet; instance: string; replaced: boolean }) {
  const [asking, setAsking] = useState<'release' | 'delete'>()
  const full = `${set.name}_${instance}`
  const id = `${set.id}/virtualMachines/${instance}`
  const about = `-g ${groupOf(set.id)} -n ${set.name} --instance-id ${instance}`
  const close = () => setAsking(undefined)
  return (
    <span className="row">
      <Button size="small" aria-label={labelOf('release', full)} onClick={() => setAsking('release')}>
        <Name k="release" />
      </Button>
      <Button size="small" aria-label={labelOf('delete', full)} onClick={() => setAsking('delete')}>
        <Name k="delete" />
      </Button>
      {asking === 'release' && (
        <Confirm
          title={t('qu.releaseAsk', { instance: full })}
          take={{ testudo: `testudo vmss quarantine release ${about}`, az: '', rest: { method: 'POST', path: `${id}/release` } }}
          act={() => post(t('qu.releaseTitle', { instance: full }), set.id, `${id}/release`)}
          close={close}
        >
          <p>
            {t('qu.releaseText')} {replaced && t('qu.releaseReplaced')}
          </p>
        </Confirm>
      )}
      {asking === 'delete' && (
        <Confirm
          title={t('ext.removeAsk', { name: full })}
          take={{ testudo: `testudo vmss quarantine delete ${about}`, az: '', rest: { method: 'DELETE', path: id } }}
          act={() => remove(t('ext.remove', { name: full }), set.id, id)}
          close={close}
        >
          <p>
            {t('qu.deleteText')} {replaced ? t('qu.deleteReplaced') : t('qu.deleteLowers')}
          </p>
        </Confirm>
      )}
    </span>
  )
}

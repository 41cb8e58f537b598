// What boots are compared with, as it was approved; each can be withdrawn.
import { Button, Checkbox } from '@fluentui/react-components'
import { useState } from 'react'
import { here } from '../data/paths'
import { list } from '../data/rest'
import { remove } from '../data/send'
import { useQuery } from '../data/store'
import type { ImageReference, Instance, ScaleSet } from '../data/types'
import { bytes, name as label, t, tCode, time } from '../i18n/i18n'
import { Confirm } from './Confirm'
import { DataTable } from './DataTable'
import { labelOf, Name, State } from './ui'

interface Baseline {
  id: string
  name: string
  properties: {
    image: string
    secureBoot: boolean
    vCPUs: number
    memoryMiB: number
    approvedAt: string
    approvedBy: string
    withdrawnAt?: string
    withdrawnBy?: string
    /** Withdrawn by itself, and in force again when a scale set goes back. */
    superseded?: boolean
  }
}

const MIB = 1048576
const exact = (image: ImageReference | undefined) =>
  image && [image.publisher, image.offer, image.sku, image.exactVersion ?? image.version].join(':').toLowerCase()

export function Baselines({ set, instances }: { set: ScaleSet; instances: Instance[] }) {
  const path = `${here().subscription}/providers/Testudo.Attestation/baselines`
  const { data } = useQuery('baselines', () => list<Baseline>(path), [path, set.id])
  const [everyImage, setEveryImage] = useState(false)
  const [going, setGoing] = useState<Baseline>()
  const own = new Set([set.properties.virtualMachineProfile, ...instances.map(({ properties }) => properties)].map(({ storageProfile }) => exact(storageProfile?.imageReference)))
  const shown = data?.filter(({ properties }) => everyImage || own.has(properties.image.toLowerCase())) ?? []
  return (
    <section className="section">
      <h2>{t('base.title')}</h2>
      <p className="small quiet">{t('base.text')}</p>
      <Checkbox label={t('base.every')} checked={everyImage} onChange={(_, { checked }) => setEveryImage(checked === true)} />
      <DataTable
        label={t('base.title')}
        rows={shown}
        keyOf={({ id }) => id}
        empty={t('base.none')}
        columns={[
          { title: '#', num: true, cell: ({ name }) => name },
          { title: t('col.image'), cell: ({ properties }) => properties.image },
          {
            title: t('col.size'),
            cell: ({ properties: { vCPUs, memoryMiB } }) => `${t('size.cores', { n: vCPUs })}, ${bytes(memoryMiB * MIB)}`,
          },
          { title: label('secureBoot'), cell: ({ properties }) => (properties.secureBoot ? t('enabled') : t('disabled')) },
          { title: t('base.approved'), cell: ({ properties: { approvedAt, approvedBy } }) => `${time(approvedAt, 'short')}, ${tCode('caller', approvedBy)}` },
          { title: t('col.status'), cell: ({ properties }) => <Standing of={properties} /> },
          {
            title: <span className="hidden">{t('sec.actions')}</span>,
            cell: (baseline) =>
              !baseline.properties.withdrawnAt && (
                <Button size="small" aria-label={labelOf('withdraw', baseline.name)} onClick={() => setGoing(baseline)}>
                  <Name k="withdraw" />
                </Button>
              ),
          },
        ]}
      />
      {going && (
        <Confirm
          title={t('base.withdrawAsk', { n: going.name, image: going.properties.image })}
          take={{ testudo: `testudo attest baseline withdraw --id ${going.name}`, az: '', rest: { method: 'DELETE', path: going.id } }}
          act={() => remove(t('base.withdrawTitle', { n: going.name }), going.id, going.id)}
          close={() => setGoing(undefined)}
        >
          <p>{t('base.withdrawText')}</p>
        </Confirm>
      )}
    </section>
  )
}

function Standing({ of: { withdrawnAt, withdrawnBy, superseded } }: { of: Baseline['properties'] }) {
  if (!withdrawnAt) return <State mood="good">{t('base.holds')}</State>
  return (
    <State mood="dull">
      {superseded ? t('base.superseded') : t('base.withdrawn')} ({time(withdrawnAt, 'short')}
      {!superseded && withdrawnBy ? `, ${tCode('caller', withdrawnBy)}` : ''})
    </State>
  )
}

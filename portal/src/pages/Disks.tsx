import { Button } from '@fluentui/react-components'
import { useState } from 'react'
import { here } from '../data/paths'
import { list } from '../data/rest'
import { remove } from '../data/send'
import { useQuery } from '../data/store'
import type { ScaleSet } from '../data/types'
import { name, t, tCode, time } from '../i18n/i18n'
import { Confirm } from '../ui/Confirm'
import { DataTable } from '../ui/DataTable'
import { Loading, Name } from '../ui/ui'
import { imageText } from '../ui/words'

interface Kept {
  id: string
  name: string
  tags?: { scaleSet?: string; instanceId?: string; lun?: string; keptUntil?: string; daysLeft?: string }
  properties: { diskState: string; diskSizeGB?: number; timeCreated?: string }
}

export default function Disks({ set }: { set: ScaleSet }) {
  const { storageProfile } = set.properties.virtualMachineProfile
  const { data: all } = useQuery('disks', () => list<Kept>(`${here().subscription}/providers/Microsoft.Compute/disks`), [`${here().subscription}/resourceGroups/`])
  const [going, setGoing] = useState<Kept>()
  if (!all) return <Loading />
  const own = all.filter(({ tags }) => tags?.scaleSet === set.name || tags?.scaleSet?.toLowerCase() === set.id.toLowerCase())
  return (
    <div className="content">
      <section className="section">
        <h2>{t('disks.os')}</h2>
        <dl className="essentials">
          <div>
            <dt>{t('os.reference')}</dt>
            <dd>{imageText(storageProfile.imageReference)}</dd>
          </div>
          <div>
            <dt>{t('disks.size')}</dt>
            <dd>{storageProfile.osDisk?.diskSizeGB ? `${storageProfile.osDisk.diskSizeGB} GiB` : t('disks.asImage')}</dd>
          </div>
        </dl>
      </section>
      <section className="section">
        <h2>
          <Name k="dataDisks" />
        </h2>
        <DataTable
          label={name('dataDisks')}
          rows={storageProfile.dataDisks ?? []}
          keyOf={({ lun }) => String(lun)}
          empty={t('disks.noData')}
          columns={[
            { title: 'LUN', num: true, cell: ({ lun }) => lun },
            { title: t('disks.size'), num: true, cell: ({ diskSizeGB }) => `${diskSizeGB ?? '–'} GiB` },
            { title: t('disks.onDelete'), cell: ({ deleteOption }) => (deleteOption === 'Delete' ? t('disks.deleted') : t('disks.keptFor')) },
          ]}
        />
      </section>
      <section className="section">
        <h2>{t('disks.kept')}</h2>
        <p className="small quiet">{t('disks.keptText')}</p>
        <DataTable
          label={t('disks.kept')}
          rows={own}
          keyOf={({ id }) => id}
          empty={t('disks.noKept')}
          columns={[
            { title: t('col.name'), cell: (disk) => disk.name },
            { title: t('col.status'), cell: ({ properties }) => tCode('diskState', properties.diskState) },
            { title: t('instances.instance'), cell: ({ tags }) => tags?.instanceId ?? '–' },
            { title: 'LUN', num: true, cell: ({ tags }) => tags?.lun ?? '–' },
            { title: t('disks.size'), num: true, cell: ({ properties }) => `${properties.diskSizeGB ?? '–'} GiB` },
            {
              title: t('disks.daysLeft'),
              cell: ({ tags }) => (tags?.daysLeft === undefined ? '–' : t('disks.days', { n: Number(tags.daysLeft), until: time(tags.keptUntil, 'short') })),
            },
            {
              title: <span className="hidden">{name('delete')}</span>,
              cell: (disk) =>
                disk.tags?.daysLeft !== undefined && (
                  <Button size="small" onClick={() => setGoing(disk)} aria-label={t('ext.remove', { name: disk.name })}>
                    <Name k="delete" />
                  </Button>
                ),
            },
          ]}
        />
      </section>
      {going && (
        <Confirm
          title={t('ext.removeAsk', { name: going.name })}
          take={{ testudo: `testudo disk delete -g ${going.id.split('/')[4] ?? ''} -n ${going.name}`, az: '', rest: { method: 'DELETE', path: going.id } }}
          act={() => remove(t('ext.remove', { name: going.name }), going.id, going.id)}
          close={() => setGoing(undefined)}
        >
          <p>{t('disks.deleteText')}</p>
        </Confirm>
      )}
    </div>
  )
}

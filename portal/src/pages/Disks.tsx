import { Button, Checkbox } from '@fluentui/react-components'
import { useState } from 'react'
import { groupOf, here } from '../data/paths'
import { list } from '../data/rest'
import { remove } from '../data/send'
import { useQuery } from '../data/store'
import type { ScaleSet } from '../data/types'
import { name, t, tCode, time } from '../i18n/i18n'
import { AttachDialog, DetachDialog, type KeptDisk } from '../ui/AttachDisk'
import { Confirm } from '../ui/Confirm'
import { DataTable } from '../ui/DataTable'
import { labelOf, Loading, Name } from '../ui/ui'
import { imageText } from '../ui/words'

export default function Disks({ set }: { set: ScaleSet }) {
  const { storageProfile } = set.properties.virtualMachineProfile
  const { data: all } = useQuery('disks', () => list<KeptDisk>(`${here().subscription}/providers/Microsoft.Compute/disks`), [`${here().subscription}/resourceGroups/`])
  const [others, setOthers] = useState(false)
  const [asking, setAsking] = useState<{ what: 'attach' | 'detach' | 'delete'; disk: KeptDisk }>()
  if (!all) return <Loading />
  const isOwn = ({ id, managedBy, tags }: KeptDisk) =>
    tags?.scaleSet?.toLowerCase() === set.name.toLowerCase() && groupOf(managedBy ?? id).toLowerCase() === groupOf(set.id).toLowerCase()
  const shown = all.filter((disk) => isOwn(disk) || (others && !disk.managedBy))
  const close = () => setAsking(undefined)
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
        <Checkbox label={t('disks.others')} checked={others} onChange={(_, { checked }) => setOthers(checked === true)} />
        <DataTable
          label={t('disks.kept')}
          rows={shown}
          keyOf={({ id }) => id}
          empty={t('disks.noKept')}
          columns={[
            { title: t('col.name'), cell: (disk) => <span className="wrap reason">{disk.name}</span> },
            { title: t('col.status'), cell: ({ properties }) => tCode('diskState', properties.diskState) },
            ...(others ? [{ title: t('set.kind'), cell: ({ tags }: KeptDisk) => tags?.scaleSet ?? '–' }] : []),
            { title: t('instances.instance'), cell: ({ tags }) => tags?.instanceId ?? '–' },
            { title: 'LUN', num: true, cell: ({ tags }) => tags?.lun ?? '–' },
            { title: t('disks.size'), num: true, cell: ({ properties }) => `${properties.diskSizeGB ?? '–'} GiB` },
            {
              title: t('disks.daysLeft'),
              cell: ({ tags }) => (tags?.daysLeft === undefined ? '–' : t('disks.days', { n: Number(tags.daysLeft), until: time(tags.keptUntil, 'short') })),
            },
            {
              title: <span className="hidden">{t('sec.actions')}</span>,
              cell: (disk) =>
                disk.managedBy ? (
                  <Button size="small" onClick={() => setAsking({ what: 'detach', disk })} aria-label={labelOf('detach', disk.name)}>
                    <Name k="detach" />
                  </Button>
                ) : (
                  <span className="row">
                    <Button size="small" onClick={() => setAsking({ what: 'attach', disk })} aria-label={labelOf('attach', disk.name)}>
                      <Name k="attach" />
                    </Button>
                    <Button size="small" onClick={() => setAsking({ what: 'delete', disk })} aria-label={labelOf('delete', disk.name)}>
                      <Name k="delete" />
                    </Button>
                  </span>
                ),
            },
          ]}
        />
      </section>
      {asking?.what === 'attach' && <AttachDialog set={set} disk={asking.disk} close={close} />}
      {asking?.what === 'detach' && <DetachDialog set={set} disk={asking.disk} close={close} />}
      {asking?.what === 'delete' && <DeleteDialog disk={asking.disk} close={close} />}
    </div>
  )
}

function DeleteDialog({ disk, close }: { disk: KeptDisk; close: () => void }) {
  return (
    <Confirm
      title={t('ext.removeAsk', { name: disk.name })}
      take={{ testudo: `testudo disk delete -g ${groupOf(disk.id)} -n ${disk.name}`, az: '', rest: { method: 'DELETE', path: disk.id } }}
      act={() => remove(t('ext.remove', { name: disk.name }), disk.id, disk.id)}
      close={close}
    >
      <p>{t('disks.deleteText')}</p>
    </Confirm>
  )
}

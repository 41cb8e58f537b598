// A kept disk joins one instance, or leaves it: by a PUT of the instance with the data disks that it is to have.
import { Field, Input, Select } from '@fluentui/react-components'
import { useState } from 'react'
import { groupOf, useInstances } from '../data/paths'
import { put } from '../data/send'
import type { DataDisk, Instance, ScaleSet } from '../data/types'
import { t } from '../i18n/i18n'
import { Confirm } from './Confirm'
import type { Take } from './takeaway'

export interface KeptDisk {
  id: string
  name: string
  /** The instance that has it. */
  managedBy?: string
  /** Where it is, or was last; while it is nobody's, how long it stays. */
  tags?: { scaleSet?: string; instanceId?: string; lun?: string; keptUntil?: string; daysLeft?: string }
  properties: { diskState: string; diskSizeGB?: number; timeCreated?: string }
}

const LUNS = 64
const disksOf = (instance: Instance | undefined): DataDisk[] => instance?.properties.storageProfile?.dataDisks ?? []
const bodyOf = (dataDisks: DataDisk[]) => ({ properties: { storageProfile: { dataDisks } } })

/** What `vmss disk attach` and `detach` are called with, by both programs. */
function takeOf(set: ScaleSet, verb: 'attach' | 'detach', instance: Instance, options: string, body: unknown): Take {
  const command = (program: string) =>
    `${program} vmss disk ${verb} -g ${groupOf(set.id)} --vmss-name ${set.name} \\\n    --instance-id ${instance.instanceId} ${options}`
  return { testudo: command('testudo'), az: command('az'), rest: { method: 'PUT', path: instance.id, body } }
}

export function AttachDialog({ set, disk, close }: { set: ScaleSet; disk: KeptDisk; close: () => void }) {
  const { data: instances } = useInstances(set.id)
  const [chosen, setChosen] = useState<string>()
  const [typed, setTyped] = useState<string>()
  const instance = instances?.find(({ instanceId }) => instanceId === chosen) ?? instances?.[0]
  const taken = new Set([...disksOf(instance), ...(set.properties.virtualMachineProfile.storageProfile.dataDisks ?? [])].map(({ lun }) => lun))
  const lun = typed === undefined ? Array.from({ length: LUNS }, (_, i) => i).find((i) => !taken.has(i)) : Number(typed)
  const good = lun !== undefined && typed !== '' && Number.isInteger(lun) && lun >= 0 && lun < LUNS
  const body = good ? bodyOf([...disksOf(instance), { lun, createOption: 'Attach', managedDisk: { id: disk.id } }]) : undefined
  const title = t('disks.attachTitle', { disk: disk.name })
  return (
    <Confirm
      title={t('disks.attachAsk', { disk: disk.name })}
      disabled={!instance || !body || taken.has(lun ?? 0)}
      take={instance && body ? takeOf(set, 'attach', instance, `--disk ${disk.id} --lun ${lun}`, body) : undefined}
      act={async () => {
        if (instance && body) await put(title, instance.id, instance.id, body, { etag: instance.etag })
      }}
      close={close}
    >
      <p>{t('disks.attachText')}</p>
      <Field label={t('instances.instance')}>
        <Select value={instance?.instanceId ?? ''} onChange={(_, { value }) => setChosen(value)}>
          {instances?.map(({ instanceId, name }) => (
            <option key={instanceId} value={instanceId}>
              {name}
            </option>
          ))}
        </Select>
      </Field>
      <Field label="LUN" validationMessage={!good ? t('disks.lunBad') : taken.has(lun) ? t('disks.lunTaken', { lun }) : undefined}>
        <Input type="number" min={0} max={LUNS - 1} value={typed ?? String(lun ?? '')} onChange={(_, { value }) => setTyped(value)} />
      </Field>
    </Confirm>
  )
}

export function DetachDialog({ set, disk, close }: { set: ScaleSet; disk: KeptDisk; close: () => void }) {
  const { data: instances } = useInstances(set.id)
  const instance = instances?.find(({ instanceId }) => instanceId === disk.tags?.instanceId)
  const rest = disksOf(instance).filter(({ lun }) => String(lun) !== disk.tags?.lun)
  const body = bodyOf(rest)
  return (
    <Confirm
      title={t('disks.detachAsk', { disk: disk.name })}
      disabled={!instance}
      take={instance && takeOf(set, 'detach', instance, `--lun ${disk.tags?.lun ?? ''}`, body)}
      act={async () => {
        if (instance) await put(t('disks.detachTitle', { disk: disk.name }), instance.id, instance.id, body, { etag: instance.etag })
      }}
      close={close}
    >
      <p>{t('disks.detachText', { instance: instance?.name ?? disk.tags?.instanceId ?? '' })}</p>
    </Confirm>
  )
}

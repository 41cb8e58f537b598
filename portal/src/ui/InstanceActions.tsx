import { Checkbox } from '@fluentui/react-components'
import { useState } from 'react'
import { groupOf } from '../data/paths'
import { actOnInstances, put } from '../data/send'
import type { Instance, ScaleSet } from '../data/types'
import { useWhatIf } from '../data/whatif'
import { name, t, type MessageKey, type NameKey } from '../i18n/i18n'
import { Confirm } from './Confirm'
import { WhatIfView } from './Review'
import { takeAction, type Take } from './takeaway'

export type Action = 'start' | 'restart' | 'stop' | 'deallocate' | 'reimage' | 'upgrade' | 'delete'

/** verb: of the command lines; route: of the API. */
const actions: Record<Action, { verb: string; route: string; says: MessageKey }> = {
  start: { verb: 'start', route: 'start', says: 'act.start' },
  restart: { verb: 'restart', route: 'restart', says: 'act.restart' },
  stop: { verb: 'stop', route: 'poweroff', says: 'act.stop' },
  deallocate: { verb: 'deallocate', route: 'deallocate', says: 'act.deallocate' },
  reimage: { verb: 'reimage', route: 'reimage', says: 'act.reimage' },
  upgrade: { verb: 'update-instances', route: 'manualupgrade', says: 'act.upgrade' },
  delete: { verb: 'delete-instances', route: 'delete', says: 'act.delete' },
}

interface Props {
  set: ScaleSet
  action: Action
  ids: string[]
  /** They are all that the set has. */
  whole: boolean
  close: () => void
}

const idsText = (ids: string[]) => (ids.length > 8 ? `${ids.slice(0, 8).join(', ')}, …` : ids.join(', '))
const noChange = {}

export function ActionDialog({ set, action, ids, whole, close }: Props) {
  const { verb, route, says } = actions[action]
  const sent = whole && action === 'upgrade' ? ['*'] : ids
  const title = t('act.title', { action: name(action as NameKey), set: set.name, ids: idsText(ids) })
  const about = { group: groupOf(set.id), name: set.name, id: set.id, location: set.location }
  const seen = useWhatIf(set, action === 'upgrade' ? noChange : null)
  return (
    <Confirm
      title={t('act.ask', { action: name(action as NameKey), n: ids.length })}
      take={takeAction(about, verb, route, sent)}
      act={(acknowledged) => actOnInstances(title, set, route, sent, acknowledged)}
      close={close}
    >
      <p>
        {t(says)} <span className="quiet">{idsText(ids)}</span>
      </p>
      {action === 'upgrade' && <WhatIfView seen={seen} onlyInstances={new Set(ids)} />}
    </Confirm>
  )
}

export function ProtectDialog({ set, instances, close }: { set: ScaleSet; instances: Instance[]; close: () => void }) {
  const every = (of: 'protectFromScaleIn' | 'protectFromScaleSetActions') => instances.every(({ properties }) => properties.protectionPolicy?.[of])
  const [actionsOff, setActionsOff] = useState(every('protectFromScaleSetActions'))
  const [scaleInOff, setScaleInOff] = useState(every('protectFromScaleIn') || actionsOff)
  const body = { properties: { protectionPolicy: { protectFromScaleIn: scaleInOff, protectFromScaleSetActions: actionsOff } } }
  const act = async () => {
    for (const instance of instances)
      await put(t('protect.title', { name: instance.name }), set.id, instance.id, { location: set.location, ...body })
  }
  const first = instances[0]
  if (!first) return null
  const command = (program: string) =>
    instances
      .map(
        ({ instanceId }) =>
          `${program} vmss update -g ${groupOf(set.id)} -n ${set.name} --instance-id ${instanceId} \\\n    --protect-from-scale-in ${scaleInOff} --protect-from-scale-set-actions ${actionsOff}`,
      )
      .join('\n')
  const take: Take = { testudo: command('testudo'), az: command('az'), rest: { method: 'PUT', path: first.id, body } }
  return (
    <Confirm title={name('protection')} take={take} act={act} close={close}>
      <p className="quiet">{idsText(instances.map(({ instanceId }) => instanceId))}</p>
      <Checkbox
        label={t('protect.scaleIn')}
        checked={scaleInOff || actionsOff}
        disabled={actionsOff}
        onChange={(_, { checked }) => setScaleInOff(checked === true)}
      />
      <Checkbox label={t('protect.actions')} checked={actionsOff} onChange={(_, { checked }) => setActionsOff(checked === true)} />
    </Confirm>
  )
}

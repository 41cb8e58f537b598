// One instance, in the few words that tables and tiles show.
import type { Instance } from './types'

export interface Brief {
  id: string
  name: string
  latest: boolean
  provisioning: string
  power: string
  health: string
  integrity?: string
  quarantined: boolean
  reason?: string
}

const last = (code: string | undefined) => code?.split('/')[1]

export function brief(instance: Instance): Brief {
  const view = instance.properties.instanceView
  const status = (prefix: string) => view?.statuses?.find(({ code }) => code.startsWith(prefix))
  const provisioning = status('ProvisioningState/')
  return {
    id: instance.instanceId,
    name: instance.name,
    latest: instance.properties.latestModelApplied,
    provisioning: instance.properties.provisioningState,
    power: last(status('PowerState/')?.code) ?? 'unknown',
    health: last(view?.vmHealth?.status?.code) ?? 'unknown',
    integrity: last(view?.bootIntegrity?.status?.code),
    quarantined: !!status('QuarantineState/'),
    reason: provisioning?.message ?? (view?.vmHealth?.status?.level === 'Error' ? view.vmHealth.status.message : undefined),
  }
}

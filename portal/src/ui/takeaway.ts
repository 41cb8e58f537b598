// A change, as it would be made without the portal: command line, REST, template. Pure.
import { leaves, type Body } from '../data/edit'

export interface Take {
  testudo: string
  az: string
  /** version: where it is another than that of scale sets. */
  rest: { method: string; path: string; body?: unknown; version?: string }
  /** What belongs into a template; none for what is an action. */
  template?: unknown
}

export interface About {
  group: string
  name: string
  id: string
  location: string
}

export const quote = (value: string) => (/^[\w.:/=,@%+-]+$/.test(value) ? value : `'${value.replaceAll("'", "'\\''")}'`)
const minutes = (duration: string) => /^PT(\d+)M$/.exec(duration)?.[1]

/** Members that have an option of their own; the others are given by --set. */
const options: Record<string, (value: unknown) => string> = {
  'sku.name': (value) => `--vm-sku ${String(value)}`,
  'virtualMachineProfile.securityProfile.securityType': (value) => `--security-type ${String(value)}`,
  'virtualMachineProfile.securityProfile.uefiSettings.secureBootEnabled': (value) => `--enable-secure-boot ${String(value)}`,
  'virtualMachineProfile.securityProfile.uefiSettings.vTpmEnabled': (value) => `--enable-vtpm ${String(value)}`,
  'upgradePolicy.mode': (value) => `--upgrade-policy-mode ${String(value)}`,
  'upgradePolicy.rollingUpgradePolicy.maxBatchInstancePercent': (value) => `--max-batch-instance-percent ${String(value)}`,
  'upgradePolicy.rollingUpgradePolicy.maxUnhealthyInstancePercent': (value) => `--max-unhealthy-instance-percent ${String(value)}`,
  'upgradePolicy.rollingUpgradePolicy.maxUnhealthyUpgradedInstancePercent': (value) => `--max-unhealthy-upgraded-instance-percent ${String(value)}`,
  'upgradePolicy.rollingUpgradePolicy.pauseTimeBetweenBatches': (value) => `--pause-time-between-batches ${String(value)}`,
  'upgradePolicy.rollingUpgradePolicy.prioritizeUnhealthyInstances': (value) => `--prioritize-unhealthy-instances ${String(value)}`,
  'upgradePolicy.rollingUpgradePolicy.maxSurge': (value) => `--max-surge ${String(value)}`,
  'automaticRepairsPolicy.enabled': (value) => `--enable-automatic-repairs ${String(value)}`,
  'automaticRepairsPolicy.gracePeriod': (value) => `--automatic-repairs-grace-period ${minutes(String(value)) ?? quote(String(value))}`,
  'automaticRepairsPolicy.repairAction': (value) => `--automatic-repairs-action ${String(value)}`,
}
/** Options that Azure's command line does not have. */
const ownOptions: Record<string, (value: unknown) => string> = {
  'upgradePolicy.rollingUpgradePolicy.rollbackFailedInstancesOnPolicyBreach': (value) =>
    `--rollback-failed-instances-on-policy-breach ${String(value)}`,
  'upgradePolicy.automaticOSUpgradePolicy.enableAutomaticOSUpgrade': (value) => `--enable-auto-os-upgrade ${String(value)}`,
}

const at = (about: About) => `-g ${quote(about.group)} -n ${quote(about.name)}`

function words(body: Body, known: Record<string, (value: unknown) => string>): string[] {
  const said: string[] = []
  for (const [path, value] of leaves(body)) {
    const name = (path[0] === 'properties' ? path.slice(1) : path).join('.')
    const option = known[name]
    if (option) said.push(option(value))
    else said.push(`--set ${quote(`${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`)}`)
  }
  return said
}

const lines = (command: string, parts: string[]) => [command, ...parts].join(' \\\n    ')

export function takePatch(about: About, body: Body): Take {
  const { sku, ...rest } = body
  const capacity = sku?.capacity
  const scaling = capacity !== undefined && sku?.name === undefined && Object.keys(rest).length === 0
  const command = (program: string, known: Record<string, (value: unknown) => string>) =>
    scaling ? `${program} vmss scale ${at(about)} --new-capacity ${capacity}` : lines(`${program} vmss update ${at(about)}`, words(body, known))
  return {
    testudo: command('testudo', { ...options, ...ownOptions }),
    az: command('az', options),
    rest: { method: 'PATCH', path: about.id, body },
    template: {
      type: 'Microsoft.Compute/virtualMachineScaleSets',
      apiVersion: '2025-04-01',
      name: about.name,
      location: about.location,
      ...body,
    },
  }
}

/** verbs: of the command lines and of the route, as update-instances and manualupgrade. */
export function takeAction(about: About, verb: string, route: string, instanceIds: string[], az = verb): Take {
  const ids = instanceIds.map((id) => (id === '*' ? '"*"' : id)).join(' ')
  return {
    testudo: `testudo vmss ${verb} ${at(about)} --instance-ids ${ids}`,
    az: `az vmss ${az} ${at(about)} --instance-ids ${ids}`,
    rest: { method: 'POST', path: `${about.id}/${route}`, body: { instanceIds } },
  }
}

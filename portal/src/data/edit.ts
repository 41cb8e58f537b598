// Changes of a set as bodies of a PATCH: put together, and told apart.
import type { Mode, ImageReference, RepairsPolicy, RollingPolicy, ScaleSet, SecurityProfile, Extension } from './types'

export interface Body {
  sku?: { name?: string; capacity?: number }
  tags?: Record<string, string>
  properties?: {
    virtualMachineProfile?: {
      storageProfile?: { imageReference?: ImageReference; dataDisks?: unknown[] }
      securityProfile?: SecurityProfile
      extensionProfile?: { extensions: Extension[] }
    }
    upgradePolicy?: {
      mode?: Mode
      rollingUpgradePolicy?: RollingPolicy
      automaticOSUpgradePolicy?: { enableAutomaticOSUpgrade?: boolean; useRollingUpgradePolicy?: boolean; disableAutomaticRollback?: boolean }
    }
    automaticRepairsPolicy?: RepairsPolicy
    scaleInPolicy?: { rules?: string[] }
  }
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)

/** As the API merges: objects member by member, everything else as a whole. */
export function merge<T>(base: T, over: T): T {
  if (!isObject(base) || !isObject(over)) return over === undefined ? base : over
  const result: Record<string, unknown> = { ...base }
  for (const [key, value] of Object.entries(over)) result[key] = key in base ? merge(result[key], value) : value
  return result as T
}

/** Each member at the bottom of a body: its path and its value. */
export function* leaves(body: unknown, path: string[] = []): Generator<[string[], unknown]> {
  if (!isObject(body)) yield [path, body]
  else for (const [key, value] of Object.entries(body)) yield* leaves(value, [...path, key])
}

export const sizeBody = (name: string): Body => ({ sku: { name } })
export const imageBody = (image: ImageReference): Body => ({
  properties: {
    virtualMachineProfile: {
      storageProfile: { imageReference: { publisher: image.publisher, offer: image.offer, sku: image.sku, version: image.version } },
    },
  },
})
export const autoBody = (enableAutomaticOSUpgrade: boolean): Body => ({
  properties: { upgradePolicy: { automaticOSUpgradePolicy: { enableAutomaticOSUpgrade } } },
})
export const standardBody: Body = { properties: { virtualMachineProfile: { securityProfile: { securityType: 'Standard' } } } }
export const trustedBody = (secureBootEnabled: boolean, vTpmEnabled: boolean): Body => ({
  properties: {
    virtualMachineProfile: { securityProfile: { securityType: 'TrustedLaunch', uefiSettings: { secureBootEnabled, vTpmEnabled } } },
  },
})

export const isTrusted = (set: ScaleSet): boolean =>
  set.properties.virtualMachineProfile.securityProfile?.securityType === 'TrustedLaunch'

/** Whether the set has all that the body asks for, so that nothing is left to do. */
export function holds(set: ScaleSet, body: Body): boolean {
  for (const [path, value] of leaves(body)) {
    let at: unknown = set
    for (const key of path) at = isObject(at) ? at[key] : undefined
    if (path.at(-1) === 'securityType') at ??= 'Standard'
    if (JSON.stringify(at ?? null) !== JSON.stringify(value ?? null)) return false
  }
  return true
}

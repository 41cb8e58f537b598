// How values of the API are said.
import type { ImageReference, Mode, ScaleSet, SecurityType } from '../data/types'
import { language, name, type NameKey } from '../i18n/i18n'

export function imageText(image: ImageReference | undefined): string {
  if (!image) return '–'
  const version = image.version === 'latest' && image.exactVersion ? `latest (${image.exactVersion})` : image.version
  return [image.publisher, image.offer, image.sku, version].filter(Boolean).join(':')
}

const modeKeys: Record<Mode, NameKey> = { Manual: 'manual', Automatic: 'automatic', Rolling: 'rollingMode' }
export const modeText = (mode: Mode | undefined): string => name(modeKeys[mode ?? 'Manual'])
export const ModeName = ({ mode }: { mode: Mode | undefined }) => modeText(mode)

export const securityTypeOf = (set: ScaleSet): SecurityType =>
  set.properties.virtualMachineProfile.securityProfile?.securityType ?? 'Standard'

/** In Japanese the how-to writes 標準 (Standard). */
export function securityTypeText(type: SecurityType): string {
  const key: NameKey = type === 'TrustedLaunch' ? 'trustedLaunch' : 'standard'
  return language() === 'en' ? name(key) : `${name(key)} (${name(key, 'en')})`
}
export const SecurityTypeName = ({ set }: { set: ScaleSet }) => securityTypeText(securityTypeOf(set))

import type { NameKey } from '../i18n/i18n'

/** The pages that are about no single set. of: first parts of the addresses that belong there. */
export const places: { to: string; label: NameKey; of: string[] }[] = [
  { to: '', label: 'scaleSets', of: ['', 'sets', 'create'] },
  { to: 'images', label: 'images', of: ['images'] },
  { to: 'quotas', label: 'quotas', of: ['quotas'] },
]

// The menu of a set: its groups and pages, with the how-to's names. The filter finds both languages and further words.
import { name, type NameKey } from '../i18n/i18n'

export interface Entry {
  page: string
  label: NameKey
  /** Names, in both languages, under which it is looked for besides. */
  words: NameKey[]
}

export const groups: { label?: NameKey; entries: Entry[] }[] = [
  {
    entries: [
      { page: 'overview', label: 'overview', words: ['securityType'] },
      { page: 'activity', label: 'activity', words: [] },
      { page: 'instances', label: 'instances', words: ['upgrade', 'restart', 'reimage', 'deallocate', 'protection'] },
    ],
  },
  {
    label: 'availability',
    entries: [
      { page: 'size', label: 'size', words: ['changeSize', 'availability'] },
      { page: 'scaling', label: 'scaling', words: ['availability'] },
    ],
  },
  {
    label: 'settings',
    entries: [
      { page: 'os', label: 'os', words: ['changeImage', 'images'] },
      {
        page: 'configuration',
        label: 'configuration',
        words: ['securityType', 'trustedLaunch', 'trustedLaunchTranslated', 'secureBoot', 'vtpm', 'integrityMonitoring'],
      },
      { page: 'disks', label: 'disks', words: ['dataDisks'] },
      { page: 'extensions', label: 'extensions', words: ['guestAttestation'] },
      { page: 'upgradePolicy', label: 'upgradePolicy', words: ['manual', 'automatic', 'rollingMode'] },
      { page: 'health', label: 'health', words: [] },
      { page: 'revisions', label: 'revisions', words: ['rollBack'] },
    ],
  },
  { label: 'operations', entries: [{ page: 'rolling', label: 'rolling', words: ['upgrade'] }] },
  {
    label: 'security.group',
    entries: [
      { page: 'security', label: 'security', words: ['recommendations'] },
      { page: 'bootIntegrity', label: 'bootIntegrity', words: ['guestAttestation', 'integrityMonitoring'] },
    ],
  },
  {
    label: 'monitoring',
    entries: [
      { page: 'resourceHealth', label: 'resourceHealth', words: [] },
      { page: 'bootDiagnostics', label: 'bootDiagnostics', words: [] },
    ],
  },
]

const plain = (text: string) => text.toLowerCase().normalize('NFKC').replace(/\s+/g, '')

export function finds(entry: Entry, text: string): boolean {
  const wanted = plain(text)
  return [entry.label, ...entry.words].some((key) => plain(name(key, 'en')).includes(wanted) || plain(name(key, 'ja')).includes(wanted))
}

// The language of the page, its messages, and dates and numbers as that language writes them.
import type en from '../messages/en.json'
import namesEn from '../messages/names.en.json'
import namesJa from '../messages/names.ja.json'

export type MessageKey = keyof typeof en
export type NameKey = keyof typeof namesEn
export type Language = 'en' | 'ja'
export type Values = Record<string, string | number>

const STORED = 'testudo.language'
const loaders: Record<Language, () => Promise<{ default: Record<string, string> }>> = {
  en: () => import('../messages/en.json'),
  ja: () => import('../messages/ja.json') as Promise<{ default: Record<string, string> }>,
}
const names: Record<Language, Record<string, string>> = { en: namesEn, ja: namesJa }

let current: Language = 'en'
let messages: Record<string, string> = {}

export const language = (): Language => current

/** What was chosen before, or what the browser prefers. */
export function preferred(): Language {
  const stored = localStorage.getItem(STORED)
  if (stored === 'en' || stored === 'ja') return stored
  for (const tag of navigator.languages) {
    if (tag.startsWith('ja')) return 'ja'
    if (tag.startsWith('en')) return 'en'
  }
  return 'en'
}

export async function speak(to: Language): Promise<void> {
  messages = (await loaders[to]()).default
  current = to
  document.documentElement.lang = to
}

export function remember(to: Language): void {
  localStorage.setItem(STORED, to)
}

/** Fills {name}; {n|one|many} gives its second word for 1, its third for another number. */
export function fill(text: string, values: Values = {}): string {
  return text.replace(/\{(\w+)(?:\|([^|}]*)\|([^}]*))?\}/g, (whole, name: string, one?: string, many?: string) => {
    const value = values[name]
    if (value === undefined) return whole
    if (one !== undefined) return value === 1 ? one : (many ?? '')
    return typeof value === 'number' ? number(value) : value
  })
}

export function t(key: MessageKey, values?: Values): string {
  return fill(messages[key] ?? key, values)
}

/** A message whose key is made at run time, of a code of the API: the code itself where nothing is known of it. */
export function tCode(prefix: string, code: string | undefined): string {
  if (!code) return t('none')
  return messages[`${prefix}.${code}`] ?? messages[`${prefix}.${code.toLowerCase()}`] ?? code
}

export const name = (key: NameKey, lang: Language = current): string => names[lang][key] ?? key

const locale = () => (current === 'ja' ? 'ja-JP' : globalThis.navigator?.languages.find((tag) => tag.startsWith('en')) ?? 'en')

/** Making one takes a hundred times as long as writing a number by it, so each is made once. */
const formats = new Map<string, { format: (value: never) => string }>()

function formatOf<T extends { format: (value: never) => string }>(kind: string, make: (locale: string) => T): T {
  const key = `${kind} ${locale()}`
  const known = formats.get(key) as T | undefined
  const format = known ?? make(locale())
  if (!known) formats.set(key, format)
  return format
}

export const number = (value: number): string => formatOf('number', (tag) => new Intl.NumberFormat(tag)).format(value)

export function time(iso: string | undefined, style: 'medium' | 'short' = 'medium'): string {
  if (!iso) return t('none')
  return formatOf(`time ${style}`, (tag) => new Intl.DateTimeFormat(tag, { dateStyle: 'medium', timeStyle: style })).format(new Date(iso))
}

/** Memory and images are sized in powers of two: so are these units, which Intl does not know, and both languages write alike. */
export function bytes(value: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const
  let unit = 0
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024
    unit += 1
  }
  const digits = formatOf('bytes', (tag) => new Intl.NumberFormat(tag, { maximumFractionDigits: 1 })).format(value)
  return `${digits} ${units[unit]}`
}

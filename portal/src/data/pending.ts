// Edits that are valid only together with a later one: kept in the browser, shown on every page of the set, and sent in one request with
// the step that makes them valid.
import { useSyncExternalStore } from 'react'
import { merge, type Body } from './edit'

export type EditKey = 'size' | 'image' | 'security'

export interface Pending {
  key: EditKey
  /** What it is set to, as it is shown. */
  value: string
  body: Body
}

const PREFIX = 'testudo.pending '
const none: Pending[] = []
const cache = new Map<string, Pending[]>()
const listeners = new Set<() => void>()
const keyOf = (id: string) => PREFIX + id.toLowerCase()

function read(id: string): Pending[] {
  const known = cache.get(id)
  if (known) return known
  let value = none
  try {
    value = (JSON.parse(localStorage.getItem(keyOf(id)) ?? 'null') as Pending[] | null) ?? none
  } catch {
    // Written by another version: nothing is pending.
  }
  cache.set(id, value)
  return value
}

function write(id: string, value: Pending[]): void {
  cache.set(id, value)
  if (value.length) localStorage.setItem(keyOf(id), JSON.stringify(value))
  else localStorage.removeItem(keyOf(id))
  for (const tell of listeners) tell()
}

if (typeof window !== 'undefined')
  window.addEventListener('storage', ({ key }) => {
    if (key !== null && !key.startsWith(PREFIX)) return
    cache.clear()
    for (const tell of listeners) tell()
  })

export const keep = (id: string, edit: Pending): void => write(id, [...read(id).filter(({ key }) => key !== edit.key), edit])
export const drop = (id: string, key: EditKey): void => write(id, read(id).filter((edit) => edit.key !== key))
export const dropAll = (id: string): void => write(id, none)

/** What is to be sent for an edit: all that is pending, but for what it replaces. */
export const withPending = (pending: Pending[], body: Body, key?: EditKey): Body =>
  merge(
    pending.filter((edit) => edit.key !== key).reduce<Body>((all, edit) => merge(all, edit.body), {}),
    body,
  )

export const usePending = (id: string): Pending[] =>
  useSyncExternalStore(
    (tell) => {
      listeners.add(tell)
      return () => listeners.delete(tell)
    },
    () => read(id),
  )

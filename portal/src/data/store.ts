// What the pages know of the daemon: one entry for each thing that was asked for, shared by all who show it. An entry is asked for again
// when a change of what it is about is told, and now and then where no changes are told.
import { useEffect, useSyncExternalStore } from 'react'
import { ArmError } from './rest'

/** Between two askings for the same thing, however often it changes; more for what takes long to answer. */
const REST_MS = 500
const REST_FACTOR = 4
const POLL_MS = 3000

export interface Entry<T> {
  data?: T
  error?: ArmError
  loading: boolean
}

interface Slot {
  entry: Entry<unknown>
  load: () => Promise<unknown>
  about: string[]
  listeners: Set<() => void>
  asked: number
  rest: number
  /** Asked for again as soon as the answer that is awaited is here. */
  again: boolean
  timer?: ReturnType<typeof setTimeout>
  /** Without a stream of changes it is polled. */
  moving: boolean
}

const slots = new Map<string, Slot>()
const idle: Entry<never> = { loading: true }
let streaming = false

function set(slot: Slot, entry: Entry<unknown>): void {
  slot.entry = entry
  for (const tell of slot.listeners) tell()
}

async function ask(slot: Slot): Promise<void> {
  clearTimeout(slot.timer)
  slot.timer = undefined
  if (slot.entry.loading && slot.asked) {
    slot.again = true
    return
  }
  slot.asked = performance.now()
  slot.again = false
  slot.entry = { ...slot.entry, loading: true }
  try {
    set(slot, { data: await slot.load(), loading: false })
  } catch (thrown) {
    const error = thrown instanceof ArmError ? thrown : new ArmError(0, 'Unreachable', String(thrown))
    set(slot, { data: error.status === 404 ? undefined : slot.entry.data, error, loading: false })
  }
  slot.rest = Math.max(REST_MS, REST_FACTOR * (performance.now() - slot.asked))
  if (slot.again) later(slot, slot.rest)
  else if (slot.moving && !streaming) later(slot, Math.max(POLL_MS, slot.rest))
}

function later(slot: Slot, ms: number): void {
  if (slot.timer !== undefined || slot.listeners.size === 0) return
  slot.timer = setTimeout(() => {
    slot.timer = undefined
    if (slot.listeners.size === 0) return
    if (document.hidden && !slot.again) later(slot, ms)
    else void ask(slot)
  }, ms)
}

function refresh(slot: Slot): void {
  if (slot.listeners.size === 0) {
    slot.asked = 0
    return
  }
  if (slot.entry.loading) slot.again = true
  else {
    clearTimeout(slot.timer)
    slot.timer = undefined
    const wait = slot.asked + slot.rest - performance.now()
    if (wait > 0) later(slot, wait)
    else void ask(slot)
  }
}

const within = (id: string, folder: string) => id.startsWith(folder) && (id.length === folder.length || folder.endsWith('/') || id[folder.length] === '/')
const touches = (slot: Slot, id: string) => slot.about.some((about) => within(id, about) || within(about, id))

const watchers = new Set<{ id: string; tell: () => void }>()

/** Calls `tell` whenever something at or below `id` changes, until the returned function is called. */
export function watch(id: string, tell: () => void): () => void {
  const watcher = { id: id.toLowerCase(), tell }
  watchers.add(watcher)
  return () => watchers.delete(watcher)
}

/** ids: of what changed, as the API writes them. */
export function changed(ids: Iterable<string>): void {
  const lower = [...ids].map((id) => id.toLowerCase())
  for (const slot of slots.values()) if (lower.some((id) => touches(slot, id))) refresh(slot)
  for (const { id, tell } of watchers) if (lower.some((one) => within(one, id))) tell()
}

/** Nothing that is known can be relied upon. */
export function reload(): void {
  for (const slot of slots.values()) refresh(slot)
  for (const { tell } of watchers) tell()
}

/** Whether changes are told, so that nothing need be polled. */
export function setStreaming(on: boolean): void {
  if (on === streaming) return
  streaming = on
  reload()
}

export function forgetAll(): void {
  for (const slot of slots.values()) clearTimeout(slot.timer)
  slots.clear()
}

/**
 * key: names the thing; null: nothing to ask for yet. about: ids of what it is made of (each covers what lies below it).
 * moving: it changes while it is looked at.
 */
export function useQuery<T>(key: string | null, load: () => Promise<T>, about: string[] = [], moving = true): Entry<T> & { refresh: () => void } {
  let slot = key === null ? undefined : slots.get(key)
  if (!slot && key !== null) {
    slot = { entry: { loading: false }, load, about: about.map((id) => id.toLowerCase()), listeners: new Set(), asked: 0, rest: REST_MS, again: false, moving }
    slots.set(key, slot)
  }
  if (slot) slot.load = load
  const entry = useSyncExternalStore(
    (tell) => {
      slot?.listeners.add(tell)
      return () => slot?.listeners.delete(tell)
    },
    () => slot?.entry ?? idle,
  ) as Entry<T>
  useEffect(() => {
    if (!slot) return
    if (!slot.asked || (performance.now() - slot.asked > REST_MS && !slot.entry.loading)) void ask(slot)
  }, [slot])
  return { ...entry, loading: entry.loading || (!!slot && !slot.asked && !entry.error), refresh: () => slot && refresh(slot) }
}

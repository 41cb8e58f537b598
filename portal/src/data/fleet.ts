// The page's side of fleet.worker.ts: asks again when the set changes, and never while an answer is awaited.
import { getSession } from './session'
import type { FleetAsk, FleetTold } from './fleet.worker'
import { API_VERSION } from './rest'
import { watch } from './store'

const LEAST_MS = 500
/** Of the time that an answer takes: the daemon has other things to do. */
const REST_FACTOR = 2
/** Where no changes are told. */
const POLL_MS = 3000

/** Calls `tell` with what changes until the returned function is called. */
export function followFleet(id: string, tell: (told: FleetTold) => void): () => void {
  const worker = new Worker(new URL('./fleet.worker.ts', import.meta.url), { type: 'module' })
  let asked = 0
  let waiting = false
  let again = false
  let timer: ReturnType<typeof setTimeout> | undefined
  const ask = () => {
    timer = undefined
    const session = getSession()
    if (!session) return
    asked = performance.now()
    waiting = true
    again = false
    const path = `${id}/virtualMachines?$expand=instanceView&api-version=${API_VERSION}`
    worker.postMessage({ path, token: session.token } satisfies FleetAsk)
  }
  worker.onmessage = ({ data }: MessageEvent<FleetTold>) => {
    waiting = false
    const took = performance.now() - asked
    tell(data)
    timer = setTimeout(ask, again ? Math.max(LEAST_MS, took * REST_FACTOR) : POLL_MS)
  }
  const stop = watch(id, () => {
    again = true
    if (waiting) return
    clearTimeout(timer)
    timer = setTimeout(ask, Math.max(0, asked + LEAST_MS - performance.now()))
  })
  ask()
  return () => {
    stop()
    clearTimeout(timer)
    worker.terminate()
  }
}

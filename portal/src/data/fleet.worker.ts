// Reads a fleet beside the page: a thousand instances are fetched, parsed and compared with what was known here, so that the page is told
// of nothing but the tiles that change.
import { brief } from './instance'
import type { Instance } from './types'

/** What a tile shows. */
export type Tile = 'new' | 'newIll' | 'old' | 'oldIll' | 'busy' | 'failed' | 'off'

export interface FleetAsk {
  path: string
  token: string
}

export interface FleetTold {
  /** id and state of each tile that is new or changed. */
  changed: [string, Tile][]
  gone: string[]
  counts: Record<Tile, number>
  total: number
  error?: string
}

const known = new Map<string, Tile>()
let knownOf = ''

function tileOf(instance: Instance): Tile {
  const one = brief(instance)
  if (one.provisioning === 'Failed' || one.quarantined) return 'failed'
  if (one.provisioning !== 'Succeeded' || one.power === 'starting' || one.power === 'stopping' || one.health === 'initializing') return 'busy'
  if (one.power !== 'running') return 'off'
  const ill = one.health === 'unhealthy' || one.integrity === 'deviation' || one.integrity === 'unreachable'
  return one.latest ? (ill ? 'newIll' : 'new') : ill ? 'oldIll' : 'old'
}

async function fetchAll(ask: FleetAsk): Promise<Instance[]> {
  const all: Instance[] = []
  for (let next: string | undefined = ask.path; next; ) {
    const answer: Response = await fetch(next, { headers: { Authorization: `Bearer ${ask.token}` } })
    if (!answer.ok) throw new Error(String(answer.status))
    const page = (await answer.json()) as { value: Instance[]; nextLink?: string | null }
    all.push(...page.value)
    const link: URL | undefined = page.nextLink ? new URL(page.nextLink) : undefined
    next = link && link.pathname + link.search
  }
  return all
}

function compare(instances: Instance[]): FleetTold {
  const counts: Record<Tile, number> = { new: 0, newIll: 0, old: 0, oldIll: 0, busy: 0, failed: 0, off: 0 }
  const changed: [string, Tile][] = []
  const gone = new Set(known.keys())
  for (const instance of instances) {
    const tile = tileOf(instance)
    counts[tile] += 1
    gone.delete(instance.instanceId)
    if (known.get(instance.instanceId) === tile) continue
    known.set(instance.instanceId, tile)
    changed.push([instance.instanceId, tile])
  }
  for (const id of gone) known.delete(id)
  return { changed, gone: [...gone], counts, total: instances.length }
}

self.onmessage = async ({ data }: MessageEvent<FleetAsk>) => {
  if (data.path !== knownOf) {
    known.clear()
    knownOf = data.path
  }
  try {
    self.postMessage(compare(await fetchAll(data)))
  } catch (error) {
    self.postMessage({ changed: [], gone: [], counts: {}, total: 0, error: String(error) } as unknown as FleetTold)
  }
}

// Every instance a tile. The tiles are plain elements, changed in one batch for each frame; React does not know of them.
import { useEffect, useRef, useState } from 'react'
import { followFleet } from '../data/fleet'
import type { FleetTold, Tile } from '../data/fleet.worker'
import { number, t, tCode } from '../i18n/i18n'

export type Counts = FleetTold['counts']
const legend: Tile[] = ['new', 'newIll', 'busy', 'old', 'oldIll', 'failed', 'off']
/** So many tiles are made or changed in one frame. */
const PER_FRAME = 100

export function Tiles({ id, open, told }: { id: string; open: (instance: string) => void; told: (counts: Counts, total: number) => void }) {
  const box = useRef<HTMLDivElement>(null)
  const [counts, setCounts] = useState<Counts>()
  const tell = useRef(told)
  tell.current = told
  useEffect(() => {
    const { current } = box
    if (!current) return
    current.replaceChildren()
    const picture = new Picture(current)
    const stop = followFleet(id, (news) => {
      if (news.error) return
      picture.take(news)
      setCounts(news.counts)
      tell.current(news.counts, news.total)
    })
    return () => {
      stop()
      picture.stop()
    }
  }, [id])
  const summary = counts && legend.filter((tile) => counts[tile]).map((tile) => `${number(counts[tile])} ${tCode('tile', tile)}`)
  return (
    <>
      <ul className="legend">
        {legend.map((tile) => (
          <li key={tile}>
            <span className={`tile ${tile}`} aria-hidden="true" /> {tCode('tile', tile)} <strong>{counts ? number(counts[tile]) : '–'}</strong>
          </li>
        ))}
      </ul>
      <div
        className="tiles"
        role="img"
        aria-label={`${t('roll.picture')} ${summary?.join(t('list.comma')) ?? ''}`}
        ref={box}
        onPointerOver={({ target }) => {
          const tile = target as HTMLElement
          if (tile.dataset.id !== undefined) tile.title = `${tile.dataset.id}: ${tCode('tile', tile.classList[1])}`
        }}
        onClick={(event) => {
          const chosen = (event.target as HTMLElement).dataset.id
          if (chosen !== undefined) open(chosen)
        }}
      />
    </>
  )
}

class Picture {
  private readonly tiles = new Map<string, HTMLElement>()
  private waiting: [string, Tile | null][] = []
  private frame = 0

  constructor(private readonly box: HTMLElement) {}

  take({ changed, gone }: FleetTold): void {
    for (const [id, tile] of changed) this.waiting.push([id, tile])
    for (const id of gone) this.waiting.push([id, null])
    if (!this.frame && this.waiting.length) this.frame = requestAnimationFrame(this.draw)
  }

  stop(): void {
    cancelAnimationFrame(this.frame)
  }

  private readonly draw = () => {
    const fresh = document.createDocumentFragment()
    for (const [id, tile] of this.waiting.splice(0, PER_FRAME)) {
      let element = this.tiles.get(id)
      if (tile === null) {
        element?.remove()
        this.tiles.delete(id)
        continue
      }
      if (!element) {
        element = document.createElement('i')
        element.dataset.id = id
        this.tiles.set(id, element)
        fresh.append(element)
      }
      element.className = `tile ${tile}`
    }
    this.box.append(fresh)
    this.frame = this.waiting.length ? requestAnimationFrame(this.draw) : 0
  }
}

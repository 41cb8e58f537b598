// Every instance a tile. They are drawn on a canvas, of which React knows nothing; what they show is said in its label and legend.
import { useEffect, useRef, useState } from 'react'
import { followFleet } from '../data/fleet'
import type { FleetTold, Tile } from '../data/fleet.worker'
import { Picture } from './picture'
import { number, t, tCode } from '../i18n/i18n'

export type Counts = FleetTold['counts']
const legend: Tile[] = ['new', 'newIll', 'busy', 'old', 'oldIll', 'failed', 'off']

export function Tiles({ id, open, told }: { id: string; open: (instance: string) => void; told: (counts: Counts, total: number) => void }) {
  const box = useRef<HTMLDivElement>(null)
  const canvas = useRef<HTMLCanvasElement>(null)
  const picture = useRef<Picture>(undefined)
  const [counts, setCounts] = useState<Counts>()
  const tell = useRef(told)
  tell.current = told
  useEffect(() => {
    if (!canvas.current || !box.current) return
    const drawn = new Picture(canvas.current, box.current)
    picture.current = drawn
    const stop = followFleet(id, (news) => {
      if (news.error) return
      drawn.take(news.changed, news.gone)
      setCounts(news.counts)
      tell.current(news.counts, news.total)
    })
    return () => {
      stop()
      drawn.stop()
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
      <div className="tiles" ref={box}>
        <canvas
          ref={canvas}
          role="img"
          aria-label={`${t('roll.picture')} ${summary?.join(t('list.comma')) ?? ''}`}
          onClick={({ nativeEvent: { offsetX, offsetY } }) => {
            const hit = picture.current?.at(offsetX, offsetY)
            if (hit) open(hit.id)
          }}
          onPointerMove={({ currentTarget, nativeEvent: { offsetX, offsetY } }) => {
            const hit = picture.current?.at(offsetX, offsetY)
            currentTarget.title = hit ? `${hit.id}: ${tCode('tile', hit.tile)}` : ''
          }}
        />
      </div>
    </>
  )
}

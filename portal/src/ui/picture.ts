// A fleet on a canvas: a square for each instance. A thousand squares change in well under a millisecond, and nothing is laid out anew.
import type { Tile } from '../data/fleet.worker'

const SIZE = 18
const GAP = 3
const STEP = SIZE + GAP

/** Colours are those of the page's theme: custom properties of the canvas. */
const colours: Record<Tile, string> = {
  new: '--tile-new',
  newIll: '--tile-new',
  old: '--tile-old',
  oldIll: '--tile-old',
  busy: '--tile-busy',
  failed: '--tile-failed',
  off: '--tile-off',
}

export class Picture {
  private ids: string[] = []
  private readonly tiles = new Map<string, Tile>()
  private places = new Map<string, number>()
  private dirty = new Set<string>()
  private whole = true
  private frame = 0
  private columns = 1
  private readonly resized: ResizeObserver

  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly box: HTMLElement,
  ) {
    this.resized = new ResizeObserver(() => this.ask(true))
    this.resized.observe(box)
  }

  take(changed: [string, Tile][], gone: string[]): void {
    for (const id of gone) this.tiles.delete(id)
    let fresh = gone.length > 0
    for (const [id, tile] of changed) {
      fresh ||= !this.tiles.has(id)
      this.tiles.set(id, tile)
      this.dirty.add(id)
    }
    if (fresh) {
      this.ids = [...this.tiles.keys()].sort((a, b) => Number(a) - Number(b) || a.localeCompare(b))
      this.places = new Map(this.ids.map((id, place) => [id, place]))
    }
    this.canvas.dataset.tiles = String(this.ids.length)
    this.ask(fresh)
  }

  /** Whose square is there, in pixels from the canvas's corner. */
  at(x: number, y: number): { id: string; tile: Tile } | undefined {
    if (x % STEP > SIZE || y % STEP > SIZE || x >= this.columns * STEP) return undefined
    const id = this.ids[Math.floor(y / STEP) * this.columns + Math.floor(x / STEP)]
    const tile = id === undefined ? undefined : this.tiles.get(id)
    return id !== undefined && tile ? { id, tile } : undefined
  }

  stop(): void {
    cancelAnimationFrame(this.frame)
    this.resized.disconnect()
  }

  private ask(whole: boolean): void {
    this.whole ||= whole
    this.frame ||= requestAnimationFrame(this.draw)
  }

  private readonly draw = () => {
    this.frame = 0
    const pen = this.canvas.getContext('2d')
    if (!pen) return
    if (this.whole) this.fit(pen)
    const style = getComputedStyle(this.canvas)
    for (const id of this.whole ? this.ids : this.dirty) this.square(pen, style, id)
    this.dirty = new Set()
    this.whole = false
  }

  private fit(pen: CanvasRenderingContext2D): void {
    const width = this.box.clientWidth
    const scale = window.devicePixelRatio
    this.columns = Math.max(1, Math.floor((width + GAP) / STEP))
    const height = Math.ceil(this.ids.length / this.columns) * STEP
    this.canvas.width = width * scale
    this.canvas.height = height * scale
    this.canvas.style.width = `${width}px`
    this.canvas.style.height = `${height}px`
    pen.setTransform(scale, 0, 0, scale, 0, 0)
  }

  private square(pen: CanvasRenderingContext2D, style: CSSStyleDeclaration, id: string): void {
    const place = this.places.get(id)
    const tile = this.tiles.get(id)
    if (place === undefined || !tile) return
    const x = (place % this.columns) * STEP
    const y = Math.floor(place / this.columns) * STEP
    pen.clearRect(x, y, SIZE, SIZE)
    pen.fillStyle = style.getPropertyValue(colours[tile])
    if (tile !== 'off') pen.fillRect(x, y, SIZE, SIZE)
    if (tile === 'newIll' || tile === 'oldIll') {
      pen.fillStyle = style.getPropertyValue('--tile-failed')
      pen.beginPath()
      pen.moveTo(x + SIZE, y)
      pen.lineTo(x + SIZE, y + SIZE)
      pen.lineTo(x, y + SIZE)
      pen.fill()
    }
    // Told apart by more than their colour: what is in hand has a frame, what is off is nothing but one.
    if (tile === 'busy' || tile === 'off') {
      pen.lineWidth = 2
      pen.strokeStyle = style.getPropertyValue('--tile-frame')
      pen.strokeRect(x + 1, y + 1, SIZE - 2, SIZE - 2)
    }
  }
}

// The daemon's stream of changes, one for all tabs: the tab that holds the lock reads it and tells the others.
import { forget, getSession } from './session'
import { changed, reload, setStreaming } from './store'

const RETRY_MS = 2000
const RETRY_ABSENT_MS = 60000
/** Changes that arrive together are told together. */
const GATHER_MS = 100

interface Line {
  revision: number
  type?: string
  id?: string
  change?: 'put' | 'delete'
  /** The daemon ends the stream: why. */
  end?: 'session' | 'slow' | 'stopping'
}

type Note = { ids: string[] } | { live: boolean } | { reset: true } | { hello: true }

let channel: BroadcastChannel | undefined
let stop: AbortController | undefined
let leading = false
let live = false

function hear(note: Note): void {
  if ('ids' in note) changed(note.ids)
  else if ('reset' in note) reload()
  else if ('live' in note) setStreaming(note.live)
  else if (leading) channel?.postMessage({ live } satisfies Note)
}

function tell(note: Note): void {
  channel?.postMessage(note)
  hear(note)
}

function setLive(on: boolean): void {
  live = on
  tell({ live })
}

async function* lines(body: ReadableStream<Uint8Array>): AsyncGenerator<Line> {
  const reader = body.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>).getReader()
  let rest = ''
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return
    const parts = (rest + value).split('\n')
    rest = parts.pop() ?? ''
    for (const part of parts) if (part.trim()) yield JSON.parse(part) as Line
  }
}

const pause = (ms: number, signal: AbortSignal) =>
  new Promise<void>((done) => {
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      done()
    })
  })

async function read(signal: AbortSignal): Promise<void> {
  let since: number | undefined
  let gathered = new Set<string>()
  let timer: ReturnType<typeof setTimeout> | undefined
  const flush = () => {
    timer = undefined
    tell({ ids: [...gathered] })
    gathered = new Set()
  }
  while (!signal.aborted) {
    let wait = RETRY_MS
    try {
      const answer = await fetch(`/portal/changes${since === undefined ? '' : `?since=${since}`}`, {
        headers: { Authorization: `Bearer ${getSession()?.token ?? ''}` },
        signal,
      })
      if (answer.ok && answer.body && answer.headers.get('Content-Type')?.includes('ndjson')) {
        setLive(true)
        for await (const line of lines(answer.body)) {
          since = line.revision
          if (line.end === 'session') {
            forget()
            return
          }
          if (!line.id) continue
          gathered.add(line.id)
          timer ??= setTimeout(flush, GATHER_MS)
        }
      } else if (answer.status === 410) {
        since = undefined
        wait = 0
        tell({ reset: true })
      } else if (answer.status === 401) {
        forget()
        return
      } else if (answer.status !== 429 && answer.status < 500) wait = RETRY_ABSENT_MS
    } catch {
      // The daemon is away; what changed meanwhile is told when it is back.
    }
    if (live) setLive(false)
    await pause(wait, signal)
  }
}

export function startChanges(): void {
  stopChanges()
  const control = new AbortController()
  stop = control
  channel = new BroadcastChannel('testudo.changes')
  channel.onmessage = ({ data }: MessageEvent<Note>) => hear(data)
  channel.postMessage({ hello: true } satisfies Note)
  const lead = async () => {
    leading = true
    try {
      await read(control.signal)
    } finally {
      leading = false
    }
  }
  if (navigator.locks) navigator.locks.request('testudo.changes', { signal: control.signal }, lead).catch(() => undefined)
  else void lead()
}

export function stopChanges(): void {
  stop?.abort()
  channel?.close()
  stop = channel = undefined
  live = false
  setStreaming(false)
}

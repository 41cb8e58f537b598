// Who is signed in: a token, held in this tab's session storage. A tab that opens asks its siblings for theirs, so that one sign-in is
// enough; nothing of it outlives the last tab.
const KEY = 'testudo.session'

export interface Session {
  token: string
  /** When it ends; none for the admin token. */
  expires?: string
}

type Note = { ask: true } | { have: Session } | { gone: true }

const channel = new BroadcastChannel('testudo.session')
const listeners = new Set<() => void>()
let session: Session | null = read()

function read(): Session | null {
  try {
    return JSON.parse(sessionStorage.getItem(KEY) ?? 'null') as Session | null
  } catch {
    return null
  }
}

function put(next: Session | null): void {
  session = next
  if (next) sessionStorage.setItem(KEY, JSON.stringify(next))
  else sessionStorage.removeItem(KEY)
  for (const tell of listeners) tell()
}

channel.onmessage = ({ data }: MessageEvent<Note>) => {
  if ('ask' in data && session) channel.postMessage({ have: session } satisfies Note)
  if ('have' in data && !session) put(data.have)
  if ('gone' in data && session) put(null)
}

export const getSession = (): Session | null => session

export function subscribeSession(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

/** Resolves when this tab has a session, or no sibling answered soon. */
export function askSiblings(): Promise<void> {
  if (session) return Promise.resolve()
  return new Promise((done) => {
    const stop = subscribeSession(() => {
      stop()
      done()
    })
    channel.postMessage({ ask: true } satisfies Note)
    setTimeout(() => {
      stop()
      done()
    }, 60)
  })
}

export class SignInError extends Error {
  constructor(readonly reason: 'code' | 'token' | 'unreachable') {
    super(reason)
  }
}

const reach = async (path: string, init: RequestInit): Promise<Response> => {
  try {
    return await fetch(path, init)
  } catch {
    throw new SignInError('unreachable')
  }
}

/** A code as `testudo portal` prints it. */
export async function signInByCode(code: string): Promise<void> {
  const answer = await reach('/portal/session', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ code: code.trim() }),
  })
  if (!answer.ok) throw new SignInError('code')
  const made = (await answer.json()) as Session
  put({ token: made.token, expires: made.expires })
}

export async function signInByToken(token: string): Promise<void> {
  token = token.trim()
  if (!/^[\x21-\x7e]+$/.test(token)) throw new SignInError('token')
  const answer = await reach('/subscriptions?api-version=2025-04-01', { headers: { Authorization: `Bearer ${token}` } })
  if (!answer.ok) throw new SignInError('token')
  put({ token })
}

/** The session ended by itself, or the daemon takes it no more. */
export function forget(): void {
  if (session) put(null)
}

export async function signOut(): Promise<void> {
  const ended = session
  put(null)
  channel.postMessage({ gone: true } satisfies Note)
  if (ended?.expires)
    await fetch('/portal/session', { method: 'DELETE', headers: { Authorization: `Bearer ${ended.token}` } }).catch(() => undefined)
}

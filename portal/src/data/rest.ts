// Requests to the daemon, in the dialect of docs/api.md.
import { forget, getSession } from './session'

export const API_VERSION = '2025-04-01'

export interface ArmDetail {
  code: string
  message: string
  target?: string
}

/** What the daemon refused, and why. status 0: it could not be reached. */
export class ArmError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly details: ArmDetail[] = [],
  ) {
    super(message)
  }

  /** It would lock somebody out of a volume, and is done only where that is said to be known. */
  get asksAcknowledgement(): boolean {
    return this.details.some(({ target }) => target === 'acknowledgeDataLoss')
  }

  static of(status: number, body: unknown): ArmError {
    const error = (body as { error?: ArmDetail & { details?: ArmDetail[] } } | null)?.error
    if (!error) return new ArmError(status, String(status), `HTTP ${status}`)
    return new ArmError(status, error.code, error.message, error.details?.length ? [...error.details, error] : [error])
  }
}

export interface Answer<T> {
  status: number
  body: T
  /** Path of the operation to follow, where the daemon goes on working. */
  operation?: string
}

/** path: from the root, without api-version. */
export async function request<T>(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer<T>> {
  const session = getSession()
  const address = path + (path.includes('?') ? '&' : '?') + (path.includes('api-version=') ? '' : `api-version=${API_VERSION}`)
  let answer: Response
  try {
    answer = await fetch(address, {
      method,
      headers: {
        ...(session ? { Authorization: `Bearer ${session.token}` } : {}),
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...headers,
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    })
  } catch (cause) {
    throw new ArmError(0, 'Unreachable', cause instanceof Error ? cause.message : String(cause))
  }
  const text = await answer.text()
  let parsed: unknown = null
  try {
    parsed = text ? JSON.parse(text) : null
  } catch {
    parsed = text
  }
  if (answer.status === 401) forget()
  if (!answer.ok) throw ArmError.of(answer.status, parsed)
  const operation = answer.headers.get('Azure-AsyncOperation')
  return { status: answer.status, body: parsed as T, operation: operation ? pathOf(operation) : undefined }
}

/** Addresses that the daemon gives are absolute; the page asks where it came from. */
const pathOf = (address: string): string => {
  const url = new URL(address, location.origin)
  return url.pathname + url.search
}

export const get = async <T>(path: string): Promise<T> => (await request<T>('GET', path)).body

/** A list, whole: every page of it. */
export async function list<T>(path: string): Promise<T[]> {
  const all: T[] = []
  for (let next: string | undefined = path; next; ) {
    const page: { value: T[]; nextLink?: string | null } | T[] = await get(next)
    if (Array.isArray(page)) return page
    all.push(...page.value)
    next = page.nextLink ? pathOf(page.nextLink) : undefined
  }
  return all
}

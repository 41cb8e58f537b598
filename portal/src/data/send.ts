// Requests that change something: sent, and followed as notifications.
import { follow, refused } from './operations'
import { ArmError, request } from './rest'
import type { Body } from './edit'
import type { ScaleSet } from './types'

async function send(title: string, about: string, method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<void> {
  try {
    const answer = await request(method, path, body, headers)
    follow(title, about, answer.operation)
  } catch (error) {
    if (error instanceof ArmError) refused(title, about, error.message)
    throw error
  }
}

/** Guarded by the state that was looked at: what somebody else changed meanwhile is not overwritten unseen. */
export const patchSet = (title: string, set: ScaleSet, body: Body): Promise<void> =>
  send(title, set.id, 'PATCH', set.id, body, { 'If-Match': set.etag })

/** action: a route below the set, as manualupgrade. */
export const actOnInstances = (title: string, set: ScaleSet, action: string, instanceIds: string[]): Promise<void> =>
  send(title, set.id, 'POST', `${set.id}/${action}`, { instanceIds })

export const post = (title: string, about: string, path: string, body?: unknown): Promise<void> => send(title, about, 'POST', path, body)
export const put = (title: string, about: string, path: string, body: unknown): Promise<void> => send(title, about, 'PUT', path, body)
export const remove = (title: string, about: string, path: string): Promise<void> => send(title, about, 'DELETE', path)

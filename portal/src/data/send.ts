// Requests that change something: sent, and followed as notifications.
import { follow, refused } from './operations'
import { t } from '../i18n/i18n'
import { ArmError, get, request } from './rest'
import type { Body } from './edit'
import type { ScaleSet } from './types'

/** acknowledged: somebody has said that what would be locked out is known. */
const known = (path: string, acknowledged: boolean) => (acknowledged ? `${path}?acknowledgeDataLoss=true` : path)

async function send(title: string, about: string, method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<void> {
  try {
    const answer = await request(method, path, body, headers)
    follow(title, about, answer.operation)
  } catch (error) {
    if (error instanceof ArmError) refused(title, about, error.message)
    throw error
  }
}

/** Another ETag alone may mean that instances moved on; so often it is tried again while the model is the same. */
const TRIES = 8

/** Guarded by the model that was looked at: what somebody else changed meanwhile is not overwritten unseen. */
export async function patchSet(title: string, set: ScaleSet, body: Body, acknowledged = false): Promise<void> {
  let { etag } = set
  for (let tries = 1; ; tries += 1) {
    try {
      const answer = await request('PATCH', known(set.id, acknowledged), body, { 'If-Match': etag })
      return follow(title, set.id, answer.operation)
    } catch (error) {
      if (!(error instanceof ArmError)) throw error
      if (error.status === 412 && tries < TRIES) {
        const now = await get<ScaleSet>(set.id)
        if (now.properties.revision === set.properties.revision) {
          etag = now.etag
          continue
        }
      }
      refused(title, set.id, error.message)
      throw error.status === 412 ? new Error(t('send.changedMeanwhile')) : error
    }
  }
}

/** action: a route below the set, as manualupgrade. */
export const actOnInstances = (title: string, set: ScaleSet, action: string, instanceIds: string[], acknowledged = false): Promise<void> =>
  send(title, set.id, 'POST', known(`${set.id}/${action}`, acknowledged), { instanceIds })

export const post = (title: string, about: string, path: string, body?: unknown, acknowledged = false): Promise<void> =>
  send(title, about, 'POST', known(path, acknowledged), body)
/** etag: of what was looked at; sent over something newer it is refused. */
export const put = (title: string, about: string, path: string, body: unknown, { etag }: { etag?: string } = {}): Promise<void> =>
  send(title, about, 'PUT', path, body, etag ? { 'If-Match': etag } : {})
export const remove = (title: string, about: string, path: string): Promise<void> => send(title, about, 'DELETE', path)

// What a change would do, asked for before it is sent; and, for one that is refused, which step of the how-to would make it valid.
import { useEffect, useState } from 'react'
import { imageBody, isTrusted, merge, standardBody, trustedBody, type Body } from './edit'
import type { CatalogueImage } from './paths'
import type { EditKey } from './pending'
import { ArmError, request, type ArmDetail } from './rest'
import type { ScaleSet, WhatIf } from './types'

/** While somebody is choosing, not every choice is asked for. */
const CHOOSING_MS = 150

export async function whatIf(id: string, body: Body | { rollbackTo: number }): Promise<WhatIf> {
  return (await request<WhatIf>('POST', `${id}/whatIf`, body)).body
}

export const violations = (result: WhatIf | undefined): ArmDetail[] =>
  result?.error ? (result.error.details?.length ? result.error.details : [result.error]) : []

export interface Foreseen {
  loading: boolean
  result?: WhatIf
  error?: ArmError
  /** Refused now, but not together with these steps. */
  completion?: EditKey[]
}

/** body: null for no change. etag: the state that it is about; another one asks again. */
export function useWhatIf(set: ScaleSet, body: Body | { rollbackTo: number } | null, images?: CatalogueImage[]): Foreseen {
  const key = body && JSON.stringify(body)
  const [seen, setSeen] = useState<Foreseen & { key: string | null }>({ loading: false, key: null })
  useEffect(() => {
    if (!key) return
    let over = false
    const timer = setTimeout(() => {
      void (async () => {
        const wanted = JSON.parse(key) as Body
        try {
          const result = await whatIf(set.id, wanted)
          const completion = result.status === 'Refused' && images ? await complete(set, wanted, images) : undefined
          if (!over) setSeen({ loading: false, result, completion, key })
        } catch (error) {
          if (!over) setSeen({ loading: false, error: error instanceof ArmError ? error : undefined, key })
        }
      })()
    }, CHOOSING_MS)
    return () => {
      over = true
      clearTimeout(timer)
    }
  }, [key, set.id, set.etag, images])
  if (!key) return { loading: false }
  return seen.key === key ? seen : { loading: true }
}

/** Tried with the API itself, which has the rules: the security type that it is not, and an image of the other kind. */
async function complete(set: ScaleSet, body: Body, images: CatalogueImage[]): Promise<EditKey[] | undefined> {
  const profile = body.properties?.virtualMachineProfile
  const present = set.properties.virtualMachineProfile.storageProfile.imageReference
  const near = [...images].sort((a, b) => nearness(b, present) - nearness(a, present))
  const security: Body | undefined = profile?.securityProfile ? undefined : isTrusted(set) ? standardBody : trustedBody(true, true)
  const others = profile?.storageProfile?.imageReference
    ? []
    : [near.find((image) => image.trustedLaunch), near.find((image) => image.generation === 'V1')].filter((image) => image !== undefined)
  const tries: [EditKey[], Body][] = []
  if (security) tries.push([['security'], security])
  for (const image of others) tries.push([['image'], imageBody(image)])
  if (security) for (const image of others) tries.push([['image', 'security'], merge(imageBody(image), security)])
  for (const [keys, more] of tries) {
    const { status } = await whatIf(set.id, merge(body, more))
    if (status === 'Accepted') return keys
  }
  return undefined
}

const nearness = (image: CatalogueImage, present: { publisher?: string; offer?: string; version?: string } | undefined) =>
  (image.publisher === present?.publisher ? 4 : 0) + (image.offer === present?.offer ? 2 : 0) + (image.version === present?.version ? 1 : 0)

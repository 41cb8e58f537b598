// Addresses of resources, and the queries that several pages share.
import { get, list } from './rest'
import { useQuery } from './store'
import type { BootChain, ImageVersion, Instance, Revision, ScaleSet, SetView, SizeSku, Usage } from './types'

export interface Place {
  subscription: string
  location: string
}

let place: Place | undefined

/** The one subscription and the one location that a daemon has. */
export async function findPlace(): Promise<Place> {
  if (place) return place
  const [subscription] = await list<{ id: string }>('/subscriptions')
  if (!subscription) throw new Error('no subscription')
  const [where] = await list<{ name: string }>(`${subscription.id}/locations`)
  place = { subscription: subscription.id, location: where?.name ?? 'local' }
  return place
}

export const forgetPlace = (): void => void (place = undefined)
export const here = (): Place => place ?? { subscription: '', location: '' }
const compute = () => `${here().subscription}/providers/Microsoft.Compute`
export const groupId = (group: string) => `${here().subscription}/resourceGroups/${group}`
export const setId = (group: string, name: string) => `${groupId(group)}/providers/Microsoft.Compute/virtualMachineScaleSets/${name}`
export const locationPath = () => `${compute()}/locations/${here().location}`
export const groupOf = (id: string): string => id.split('/')[4] ?? ''

const sorted = <T>(by: (item: T) => string) => (items: T[]) => items.sort((a, b) => by(a).localeCompare(by(b), 'en', { numeric: true }))

export const useSets = () =>
  useQuery('sets', () => list<ScaleSet>(`${compute()}/virtualMachineScaleSets`).then(sorted((set) => set.name)), [
    `${here().subscription}/resourceGroups/`,
  ])
export const useSet = (id: string) => useQuery(`set ${id}`, () => get<ScaleSet>(id), [id])
export const useSetView = (id: string) => useQuery(`view ${id}`, () => get<SetView>(`${id}/instanceView`), [id])
export const useInstances = (id: string) =>
  useQuery(
    `instances ${id}`,
    () => list<Instance>(`${id}/virtualMachines?$expand=instanceView`).then(sorted((instance) => instance.instanceId)),
    [id],
  )
export const useRevisions = (id: string) => useQuery(`revisions ${id}`, () => list<Revision>(`${id}/revisions`), [id])
export const useGroups = () => useQuery('groups', () => list<{ name: string; id: string }>(`${here().subscription}/resourceGroups`))
export const useSizes = () =>
  useQuery('sizes', async () => (await list<SizeSku>(`${compute()}/skus`)).filter((sku) => sku.resourceType === 'virtualMachines'), [], false)
export const useUsages = () => useQuery('usages', () => list<Usage>(`${locationPath()}/usages`), [`${here().subscription}/resourceGroups/`])
export const useImages = () => useQuery('images', images)

export interface CatalogueImage {
  publisher: string
  offer: string
  sku: string
  version: string
  path: string
  generation: 'V1' | 'V2'
  securityType: string
  trustedLaunch: boolean
  bootChain: BootChain
  architecture: string
  sizeInBytes: number
  guestAgent: boolean
}

const TRUSTED = ['TrustedLaunch', 'TrustedLaunchSupported', 'TrustedLaunchAndConfidentialVmSupported']

/** The whole catalogue. Its levels are asked for one by one, as Azure's clients do; the API has no list of all. */
async function images(): Promise<CatalogueImage[]> {
  const root = `${locationPath()}/publishers`
  const below = async (path: string) => (await list<{ name: string }>(path)).map((entry) => entry.name)
  const all = await Promise.all(
    (await below(root)).map(async (publisher) => {
      const offers = `${root}/${publisher}/artifacttypes/vmimage/offers`
      return Promise.all(
        (await below(offers)).map(async (offer) => {
          const skus = `${offers}/${offer}/skus`
          return Promise.all(
            (await below(skus)).map(async (sku) => {
              const versions = `${skus}/${sku}/versions`
              return Promise.all(
                (await below(versions)).map(async (version): Promise<CatalogueImage> => {
                  const { properties } = await get<ImageVersion>(`${versions}/${version}`)
                  const securityType = properties.features?.find((feature) => feature.name === 'SecurityType')?.value ?? 'Standard'
                  return {
                    publisher,
                    offer,
                    sku,
                    version,
                    path: `${versions}/${version}`,
                    generation: properties.hyperVGeneration,
                    securityType,
                    trustedLaunch: properties.hyperVGeneration === 'V2' && TRUSTED.includes(securityType),
                    bootChain: properties.bootChain ?? 'Unknown',
                    architecture: properties.architecture,
                    sizeInBytes: properties.osDiskImage.sizeInBytes,
                    guestAgent: properties.guestAgent ?? false,
                  }
                }),
              )
            }),
          )
        }),
      )
    }),
  )
  return sorted((image: CatalogueImage) => `${image.publisher}:${image.offer}:${image.sku}:${image.version}`)(all.flat(3))
}

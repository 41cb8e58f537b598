// Versions of images by their order, and `latest`, as docs/images.md has it. Pure.
import type { CatalogueImage } from './paths'

/** An image as it can be chosen. stands: its version is `latest`, which is this one now. */
export interface ChosenImage extends CatalogueImage {
  stands?: string
}

/** Versions with a suffix are never the latest. */
const numbers = (version: string) => (/^\d+\.\d+\.\d+$/.test(version) ? version.split('.').map(Number) : undefined)

function newer(a: number[], b: number[]): boolean {
  const at = a.findIndex((part, i) => part !== b[i])
  return at >= 0 && (a[at] ?? 0) > (b[at] ?? 0)
}

/** The catalogue, with `latest` before the versions of each image that has one. */
export function withLatest(images: CatalogueImage[]): ChosenImage[] {
  const newest = new Map<string, CatalogueImage>()
  const keyOf = ({ publisher, offer, sku }: CatalogueImage) => [publisher, offer, sku].join(':')
  for (const image of images) {
    const own = numbers(image.version)
    const best = newest.get(keyOf(image))
    if (own && (!best || newer(own, numbers(best.version) ?? []))) newest.set(keyOf(image), image)
  }
  const seen = new Set<string>()
  return images.flatMap((image): ChosenImage[] => {
    const best = newest.get(keyOf(image))
    if (!best || seen.has(keyOf(image))) return [image]
    seen.add(keyOf(image))
    return [{ ...best, version: 'latest', stands: best.version }, image]
  })
}

/** It claims Trusted launch, and Secure Boot would refuse what it boots by. */
export const withoutSecureBoot = ({ trustedLaunch, bootChain }: CatalogueImage) => trustedLaunch && bootChain === 'Unsigned'

/** Trusted launch with Secure Boot as far as is known, none, and last what is sure to be refused. */
const rank = (image: CatalogueImage) => (withoutSecureBoot(image) ? 3 : !image.trustedLaunch ? 2 : image.bootChain === 'Signed' ? 0 : 1)

/** The catalogue as a new set is offered it: what can do most first, of each image `latest` and then the newest. */
export function offered(images: CatalogueImage[]): ChosenImage[] {
  const all = withLatest(images)
  const nameOf = ({ publisher, offer, sku }: CatalogueImage) => [publisher, offer, sku].join(':')
  const byVersion = (a: ChosenImage, b: ChosenImage) => {
    if (a.stands || b.stands) return a.stands ? -1 : 1
    const [own, other] = [numbers(a.version), numbers(b.version)]
    if (!own || !other) return own ? -1 : other ? 1 : b.version.localeCompare(a.version, 'en', { numeric: true })
    return newer(own, other) ? -1 : 1
  }
  return all.sort((a, b) => {
    const [first, second] = [nameOf(a), nameOf(b)]
    return rank(a) - rank(b) || (first === second ? byVersion(a, b) : first < second ? -1 : 1)
  })
}

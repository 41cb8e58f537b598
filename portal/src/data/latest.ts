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

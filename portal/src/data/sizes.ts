// What the catalogue of sizes says of one, in the words of the pages.
import type { SizeSku, Usage } from './types'

export interface Size {
  name: string
  family: string
  vCpus: number
  memoryGb: number
  generations: string
  trustedLaunch: boolean
  dataDisks: number
  architecture: string
}

const FAMILY = /^standard|Family$/gi

export function sizeOf(sku: SizeSku): Size {
  const has = new Map(sku.capabilities.map(({ name, value }) => [name, value]))
  const generations = has.get('HyperVGenerations') ?? 'V1'
  return {
    name: sku.name,
    family: sku.family,
    vCpus: Number(has.get('vCPUs')),
    memoryGb: Number(has.get('MemoryGB')),
    generations,
    trustedLaunch: has.get('TrustedLaunchDisabled') !== 'True' && generations.includes('V2'),
    dataDisks: Number(has.get('MaxDataDiskCount')),
    architecture: has.get('CpuArchitectureType') ?? 'x64',
  }
}

/** Standard_B1ms: B; Standard_DS2_v2: D. The letter by which people look for a size. */
export const seriesOf = (size: Size): string => /^(?:Standard|Basic)_([A-Z]+?)\d/i.exec(size.name)?.[1]?.replace(/S$/, '').toUpperCase() || '?'

export const familyText = (family: string): string => family.replace(FAMILY, '')

/** Cores that are left of a family, and of the region. */
export function quotaLeft(usages: Usage[] | undefined, family: string): number | undefined {
  const left = (name: string) => {
    const usage = usages?.find((one) => one.name.value.toLowerCase() === name.toLowerCase())
    return usage && usage.limit - usage.currentValue
  }
  const [own, region] = [left(family), left('cores')]
  if (own === undefined || region === undefined) return own ?? region
  return Math.min(own, region)
}

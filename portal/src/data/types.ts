// The shapes that the pages read: what docs/api.md gives, as far as it is shown.
export type Mode = 'Manual' | 'Automatic' | 'Rolling'
export type SecurityType = 'Standard' | 'TrustedLaunch'

export interface ImageReference {
  publisher?: string
  offer?: string
  sku?: string
  version?: string
  exactVersion?: string
}

export interface SecurityProfile {
  securityType?: SecurityType
  uefiSettings?: { secureBootEnabled?: boolean; vTpmEnabled?: boolean } | null
}

export interface DataDisk {
  lun: number
  diskSizeGB?: number
  createOption?: string
  deleteOption?: string
  managedDisk?: { id?: string }
}

export interface StorageProfile {
  imageReference?: ImageReference
  osDisk?: { createOption?: string; osType?: string; diskSizeGB?: number; deleteOption?: string }
  dataDisks?: DataDisk[]
}

export interface Extension {
  name: string
  properties: {
    publisher: string
    type: string
    typeHandlerVersion?: string
    settings?: Record<string, unknown>
    provisioningState?: string
  }
}

export interface RollingPolicy {
  maxBatchInstancePercent?: number
  maxUnhealthyInstancePercent?: number
  maxUnhealthyUpgradedInstancePercent?: number
  pauseTimeBetweenBatches?: string
  prioritizeUnhealthyInstances?: boolean
  maxSurge?: boolean
  rollbackFailedInstancesOnPolicyBreach?: boolean
}

export interface RepairsPolicy {
  enabled?: boolean
  gracePeriod?: string
  repairAction?: string
}

export interface ScaleSet {
  name: string
  id: string
  etag: string
  location: string
  tags?: Record<string, string>
  sku: { name: string; capacity: number; tier?: string }
  properties: {
    virtualMachineProfile: {
      storageProfile: StorageProfile
      securityProfile?: SecurityProfile
      extensionProfile?: { extensions?: Extension[] }
    }
    orchestrationMode: 'Uniform' | 'Flexible'
    upgradePolicy?: {
      mode?: Mode
      rollingUpgradePolicy?: RollingPolicy
      automaticOSUpgradePolicy?: { enableAutomaticOSUpgrade?: boolean; useRollingUpgradePolicy?: boolean; disableAutomaticRollback?: boolean }
    }
    automaticRepairsPolicy?: RepairsPolicy
    scaleInPolicy?: { rules?: string[]; forceDeletion?: boolean; prioritizeUnhealthyVMs?: boolean }
    provisioningState: string
    timeCreated?: string
    revision: number
  }
}

export interface Status {
  code: string
  level?: string
  displayStatus?: string
  message?: string
  time?: string
}

export interface InstanceView {
  vmAgent?: { statuses?: Status[] }
  vmHealth?: { status?: Status }
  bootIntegrity?: { status?: Status }
  statuses?: Status[]
  disks?: { name: string; statuses?: Status[] }[]
}

export interface Instance {
  name: string
  id: string
  instanceId: string
  etag: string
  sku?: { name: string }
  properties: {
    latestModelApplied: boolean
    revision: number
    vmId: string
    hardwareProfile?: { vmSize?: string }
    storageProfile?: StorageProfile
    securityProfile?: SecurityProfile
    protectionPolicy?: { protectFromScaleIn?: boolean; protectFromScaleSetActions?: boolean }
    provisioningState: string
    timeCreated?: string
    instanceView?: InstanceView
  }
}

export interface SetView {
  virtualMachine?: { statusesSummary: { code: string; count: number }[] }
  statuses?: Status[]
  latestModel?: { instanceCount: number; totalCount: number }
  orchestrationServices?: { serviceName: string; serviceState: string }[]
  extensions?: { name: string; statusesSummary: { code: string; count: number }[] }[]
}

export interface SizeSku {
  resourceType: string
  name: string
  tier?: string
  family: string
  capabilities: { name: string; value: string }[]
  restrictions?: unknown[]
}

export interface Usage {
  currentValue: number
  limit: number
  name: { value: string; localizedValue: string }
}

/** Are the programs that an image boots by signed? As the daemon read it in the image. */
export type BootChain = 'Signed' | 'Unsigned' | 'Unknown'

export interface ImageVersion {
  name: string
  id: string
  location: string
  properties: {
    hyperVGeneration: 'V1' | 'V2'
    architecture: string
    osDiskImage: { operatingSystem: string; sizeInBytes: number }
    features?: { name: string; value: string }[]
    guestAgent?: boolean
    bootChain?: BootChain
    sha256?: string
  }
}

export type Change = 'nothing' | 'inPlace' | 'restart' | 'redeploy' | 'reimage' | 'create' | 'delete'

/** What was found inside an instance that would not go along with an upgrade. */
export interface Assessment {
  status?: 'Assessed' | 'NotAssessed'
  reason?: string
  assessedAt?: string
  refused?: { kind: string; name?: string; reason: string }[]
  lockedOut?: { kind: string; name?: string; reason: string }[]
  notSeen?: { kind: string; reason: string }[]
}

export interface WhatIf {
  status: 'Accepted' | 'Refused'
  summary: Record<Change, number>
  instances: { instanceId: string; change: Change; parts: string[]; lost: string[]; assessment?: Assessment }[]
  warnings: string[]
  when: string
  error?: { code: string; message: string; target?: string; details?: { code: string; message: string; target?: string }[] }
}

export interface Revision {
  name: string
  sku: { name: string; capacity: number }
  properties: {
    revision: number
    current: boolean
    timeCreated: string
    instanceCount: number
    imageReference?: ImageReference
    securityProfile?: SecurityProfile
    extensions?: string[]
  }
}

export interface ActivityEvent {
  eventDataId: string
  eventTimestamp: string
  level: string
  operationName: { value: string; localizedValue?: string }
  status: { value: string }
  resourceId: string
  caller: string
  correlationId: string
  description?: string
  properties?: Record<string, string>
}

export interface Operation {
  name: string
  status: 'InProgress' | 'Succeeded' | 'Failed' | 'Canceled'
  startTime?: string
  endTime?: string
  percentComplete?: number
  error?: { code: string; message: string; details?: { code: string; message: string; target?: string }[] }
}

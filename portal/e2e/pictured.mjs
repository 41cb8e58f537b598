// The sets that pictures are taken of, and what is chosen on a page before. On a daemon whose instances 2 boot another GRUB with
// their second start.
import { until } from './behaviour.mjs'
import { actBelow, ATTESTED, below, followed, imageOf, judged, makeSet, onInstances, patchSet, removeSet, settled, TRUSTED } from './fleet.mjs'

const SIZE = 'Standard_B1ms'
const trusted = { ...imageOf('gen2'), securityProfile: TRUSTED }

/** A rolling upgrade that rests after its first batch. */
async function makeWeb() {
  await makeSet('web', { mode: 'Rolling', capacity: 40, size: SIZE, profile: trusted, policy: { maxBatchInstancePercent: 20, pauseTimeBetweenBatches: 'PT1H' } })
  await onInstances('web', 'poweroff', ['38', '39'])
  await settled('web')
  await patchSet('web', { properties: { virtualMachineProfile: imageOf('gen2', '1.1.0') } })
  await until('the first batch is done', async () => {
    const { progress } = (await below('web', 'rollingUpgrades/latest')).properties
    return progress.successfulInstanceCount === 8 && progress.inProgressInstanceCount === 0
  })
}

/** Approved, attested, and one instance in quarantine with another one in its place. */
async function makeVault() {
  await makeSet('vault', { mode: 'Automatic', capacity: 3, size: SIZE, profile: { ...trusted, extensionProfile: ATTESTED } })
  for (const id of ['0', '1']) await judged('vault', id, 'NotJudged')
  await actBelow('vault', 'virtualMachines/0/approveBaseline')
  await actBelow('vault', 'virtualMachines/1/attest')
  await onInstances('vault', 'restart', ['2'])
  for (const [id, state] of [['0', 'Healthy'], ['1', 'Healthy'], ['2', 'Deviation'], ['3', 'Healthy']]) await judged('vault', id, state)
  await settled('vault')
}

/** With a data disk that was kept of an instance that is gone. */
async function makeDb() {
  await makeSet('db', { capacity: 3, dataDisks: [{ lun: 0, createOption: 'Empty', diskSizeGB: 32 }] })
  await patchSet('db', { sku: { capacity: 2 } })
  await followed('db')
}

export async function makeAll() {
  await makeWeb()
  await makeVault()
  await makeDb()
  await makeSet('shop', { size: SIZE, capacity: 3 })
  await makeSet('batch', { size: SIZE, capacity: 3, profile: imageOf('gen2') })
}

export async function removeAll() {
  for (const set of ['web', 'vault', 'db', 'shop', 'batch']) await removeSet(set)
}

const choose = (name) => (page) => page.getByRole('radio', { name, exact: true }).check()

/** Which set shows each page of a set; act: what is done there first. */
export const pictures = {
  overview: { set: 'web' },
  activity: { set: 'web' },
  instances: { set: 'web' },
  size: { set: 'shop', act: choose('Standard_B2s') },
  scaling: { set: 'shop' },
  'os/change': { set: 'shop', act: choose('Testudo:mini:gen2:1.0.0') },
  configuration: {
    set: 'batch',
    act: async (page) => {
      await page.getByRole('combobox').selectOption('TrustedLaunch')
      await page.getByRole('checkbox').first().check()
    },
  },
  disks: { set: 'db' },
  extensions: { set: 'vault' },
  upgradePolicy: { set: 'web' },
  health: { set: 'vault' },
  revisions: { set: 'web' },
  rolling: { set: 'web', act: (page) => page.locator('.tiles canvas[data-tiles="40"]').waitFor() },
  security: { set: 'vault' },
  bootIntegrity: { set: 'vault' },
  'bootIntegrity/0': { set: 'vault', at: 'bootIntegrity/2' },
  resourceHealth: { set: 'vault' },
  bootDiagnostics: { set: 'vault' },
}

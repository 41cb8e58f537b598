// How smooth a rolling upgrade of 1,000 instances is to watch: long tasks of the page and its memory. Not a part of run.mjs: what it
// measures is this machine's. node e2e/smooth.mjs [SECONDS]; the daemon's simulated.conf.json had better have a boot_ms.
import { signedIn, start, stop } from './browser.mjs'
import { followed, group, makeSet, patchSet, removeSet } from './fleet.mjs'

const SECONDS = Number(process.argv[2] ?? 60)
const SET = 'smooth'
const LONG_MS = 50
const bodies = ['gen2', 'gen1'].map((sku) => ({
  properties: {
    virtualMachineProfile: {
      storageProfile: { imageReference: { publisher: 'Testudo', offer: 'mini', sku, version: '1.0.0' } },
      securityProfile: { securityType: sku === 'gen2' ? 'TrustedLaunch' : 'Standard' },
    },
  },
}))

await makeSet(SET, { mode: 'Rolling', capacity: 1000 })
await patchSet(SET, { sku: { name: 'Standard_B1ms' } })
await followed(SET)
await start()
try {
  const page = await signedIn('en')
  await page.evaluate((hash) => {
    location.hash = hash
  }, `#/sets/${group}/${SET}/rolling`)
  await page.waitForFunction(() => document.querySelector('.tiles canvas')?.dataset.tiles === '1000')
  await page.evaluate(() => {
    window.long = []
    window.changes = 0
    new PerformanceObserver((list) => window.long.push(...list.getEntries().map(({ duration }) => duration))).observe({ type: 'longtask' })
    const { fillRect } = CanvasRenderingContext2D.prototype
    CanvasRenderingContext2D.prototype.fillRect = function (...where) {
      window.changes += 1
      return fillRect.apply(this, where)
    }
  })
  const devtools = await page.context().newCDPSession(page)
  const heap = async () => {
    await devtools.send('HeapProfiler.collectGarbage')
    return (await devtools.send('Runtime.getHeapUsage')).usedSize / 1048576
  }
  const before = await heap()
  const end = Date.now() + SECONDS * 1000
  for (let round = 0; Date.now() < end; round += 1) {
    await patchSet(SET, bodies[round % 2])
    await followed(SET)
  }
  const { long, changes } = await page.evaluate(() => ({ long: window.long, changes: window.changes }))
  const over = long.filter((ms) => ms > LONG_MS).sort((a, b) => b - a)
  console.log(`${changes} changes of tiles in ${SECONDS} s; tasks over ${LONG_MS} ms: ${over.length}, longest ${Math.round(over[0] ?? 0)} ms`)
  console.log(`memory: ${before.toFixed(1)} MiB before, ${(await heap()).toFixed(1)} MiB after`)
} finally {
  await stop()
  await removeSet(SET)
}

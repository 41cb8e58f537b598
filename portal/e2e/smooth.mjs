// How smooth a rolling upgrade of 1,000 instances is to watch: long tasks of the page, and its memory. bench/portal calls it; no part
// of run.mjs, since what it measures is this machine's. node e2e/smooth.mjs SECONDS prints one line of JSON.
import { firstPage, open, signIn, start, startTrace, stop, stopTrace } from './browser.mjs'
import { followChanges, followed, group, makeSet, patchSet, removeSet } from './fleet.mjs'
import { tasksOf } from './trace.mjs'

const SECONDS = Number(process.argv[2] ?? 60)
const SET = 'smooth'
const INSTANCES = 1000
const LONG_MS = 50
const MIB = 1048576
/** A trace grows by some megabytes a second: the last part of the time is enough to say what long tasks are made of. */
const TRACED_S = 30

const trusted = (sku) => sku === 'gen2'
const bodies = ['gen2', 'gen1'].map((sku) => ({
  properties: {
    virtualMachineProfile: {
      storageProfile: { imageReference: { publisher: 'Testudo', offer: 'mini', sku, version: '1.0.0' } },
      securityProfile: { securityType: trusted(sku) ? 'TrustedLaunch' : 'Standard' },
    },
  },
}))

async function watch(page) {
  await page.evaluate((hash) => {
    location.hash = hash
  }, `#/sets/${group}/${SET}/rolling`)
  await page.waitForFunction((tiles) => document.querySelector('.tiles canvas')?.dataset.tiles === tiles, String(INSTANCES))
  await page.evaluate(() => {
    window.long = []
    window.squares = 0
    new PerformanceObserver((list) => window.long.push(...list.getEntries().map(({ duration }) => duration))).observe({ type: 'longtask' })
    const { clearRect } = CanvasRenderingContext2D.prototype
    CanvasRenderingContext2D.prototype.clearRect = function (...where) {
      window.squares += 1
      return clearRect.apply(this, where)
    }
  })
}

/** One rolling upgrade after the other, to the one image and back. */
async function roll(until) {
  for (let round = 0; Date.now() < until; round += 1) {
    await patchSet(SET, bodies[round % 2])
    await Promise.race([followed(SET).catch(() => undefined), new Promise((done) => setTimeout(done, until - Date.now()))])
  }
}

/** The middle one of so many. */
async function firstPages(times) {
  const pages = []
  for (let n = 0; n < times; n += 1) pages.push(await firstPage('en'))
  return pages.sort((a, b) => a.ms - b.ms)[Math.floor(times / 2)]
}

await start()
const first = await firstPages(5)
await makeSet(SET, { mode: 'Rolling', capacity: INSTANCES, size: 'Standard_B1ms', patience: 120000 })
try {
  const page = await open('en')
  await signIn(page, 'en')
  await watch(page)
  const devtools = await page.context().newCDPSession(page)
  const heap = async () => {
    await devtools.send('HeapProfiler.collectGarbage')
    return (await devtools.send('Runtime.getHeapUsage')).usedSize / MIB
  }
  let events = 0
  const unfollow = followChanges(() => (events += 1))
  const before = await heap()
  await page.evaluate(() => void (window.long = []))
  const began = Date.now()
  const end = began + SECONDS * 1000
  const traced = new Promise((done) => setTimeout(done, Math.max(0, SECONDS - TRACED_S) * 1000)).then(() => startTrace(page))
  await roll(end)
  await traced
  const { longest_cpu_ms, slow } = tasksOf(await stopTrace(), LONG_MS)
  const seconds = (Date.now() - began) / 1000
  unfollow()
  const { long, squares } = await page.evaluate(() => ({ long: window.long, squares: window.squares }))
  const over = long.filter((ms) => ms > LONG_MS)
  console.log(
    JSON.stringify({
      seconds,
      events_per_second: events / seconds,
      squares_per_second: squares / seconds,
      long_tasks: over.length,
      longest_ms: Math.max(0, ...over),
      longest_cpu_ms,
      before_mib: before,
      after_mib: await heap(),
      slow,
      first_ms: first.ms,
      first_kib: first.kib,
    }),
  )
} finally {
  await stop()
  await removeSet(SET)
}

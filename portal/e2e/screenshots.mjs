// A picture of each page, in both languages, on a desktop and on a phone: node e2e/screenshots.mjs FOLDER. Environment: see fleet.mjs.
// tools/screenshots calls it. What would be different the next time is put right: times are of one morning, ids are counted.
import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { setPages } from './axe.mjs'
import { until } from './behaviour.mjs'
import { open, signIn, start, stop } from './browser.mjs'
import { group } from './fleet.mjs'
import { makeAll, pictures, removeAll } from './pictured.mjs'

const MORNING = Date.parse('2026-01-15T09:00:00Z')
const MINUTE = 60000
const NOW = MORNING + 5 * MINUTE
const QUALITY = 72
/** Longer than what is chosen waits before it is asked about. */
const QUIET_MS = 400
const ID = /\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g
const TIME = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g

const folder = process.argv[2]
if (!folder) throw new Error('usage: node e2e/screenshots.mjs FOLDER')
assert.deepEqual(Object.keys(pictures).sort(), [...setPages].sort(), 'each page of a set has its picture')
mkdirSync(folder, { recursive: true })

/** To the minute, from the morning on: what happens within one minute is the same whenever it happens. Ids by their order. */
function settled(text, began, subscription) {
  const ids = new Map([[subscription, subscription]])
  return text
    .replace(TIME, (time) => new Date(MORNING + Math.floor((Date.parse(time) - began) / MINUTE) * MINUTE).toISOString().replace('.000', ''))
    .replace(ID, (id) => {
      if (!ids.has(id)) ids.set(id, `00000000-0000-4000-8000-${String(ids.size).padStart(12, '0')}`)
      return ids.get(id)
    })
}

/** What is read is settled on its way; `quiet` resolves when nothing was read for a while. */
async function settle(page, began) {
  let reading = 0
  let last = Date.now()
  await page.clock.setFixedTime(NOW)
  await page.context().route(/\/(subscriptions|links)\//, async (route) => {
    // Addresses that it gives are signed.
    if (route.request().url().includes('/retrieveBootDiagnosticsData')) return route.continue()
    reading += 1
    const answer = await route.fetch()
    await route.fulfill({ response: answer, body: settled(await answer.text(), began, process.env.TESTUDO_SUBSCRIPTION) })
    reading -= 1
    last = Date.now()
  })
  page.quiet = () => until('nothing is read', () => reading === 0 && Date.now() - last > QUIET_MS)
}

async function shoot(page, name) {
  await page.quiet()
  await page.locator('.fui-Spinner').first().waitFor({ state: 'detached' })
  await page.mouse.move(0, 0)
  await page.evaluate(async () => {
    document.activeElement?.blur()
    // What has lost the focus is drawn without it.
    for (let frame = 0; frame < 3; frame += 1) await new Promise(requestAnimationFrame)
  })
  const devtools = await page.context().newCDPSession(page)
  const { data } = await devtools.send('Page.captureScreenshot', { format: 'webp', quality: QUALITY })
  await devtools.detach()
  writeFileSync(`${folder}/${name}.webp`, Buffer.from(data, 'base64'))
}

async function pagesOf(page, suffix) {
  const at = async (hash) => {
    await page.evaluate((to) => {
      location.hash = to
    }, `#/${hash}`)
    await page.locator('main h1').waitFor()
  }
  for (const place of ['', 'create', 'images', 'quotas']) {
    await at(place)
    await shoot(page, `${place || 'list'}.${suffix}`)
  }
  for (const [place, { set, act, at: instead }] of Object.entries(pictures)) {
    await at(`sets/${group}/${set}/${instead ?? place}`)
    await act?.(page)
    await shoot(page, `${place.replaceAll('/', '-')}.${suffix}`)
  }
}

const began = Date.now()
await makeAll()
await start()
try {
  for (const lang of ['en', 'ja'])
    for (const [device, width, height] of [['desktop', 1440, 900], ['phone', 360, 740]]) {
      const page = await open(lang, { width, height, still: true })
      await settle(page, began)
      await page.getByRole('textbox').waitFor()
      await shoot(page, `sign-in.${lang}.${device}`)
      await signIn(page, lang)
      await pagesOf(page, `${lang}.${device}`)
      await page.context().close()
    }
} finally {
  await stop()
  await removeAll()
}

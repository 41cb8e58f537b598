// A picture of each page, in both languages, on a desktop and on a phone: node e2e/screenshots.mjs FOLDER. Environment: see fleet.mjs.
import { mkdirSync } from 'node:fs'
import { setPages } from './axe.mjs'
import { open, signIn, start, stop } from './browser.mjs'
import { group, makeSet, removeSet } from './fleet.mjs'

const folder = process.argv[2]
if (!folder) throw new Error('usage: node e2e/screenshots.mjs FOLDER')
mkdirSync(folder, { recursive: true })
const SET = 'web'
await makeSet(SET, { capacity: 3 })
await start()
try {
  for (const lang of ['en', 'ja'])
    for (const [device, width, height] of [['desktop', 1280, 800], ['phone', 360, 740]]) {
      const page = await open(lang, { width, height })
      const shoot = (what) => page.screenshot({ path: `${folder}/${what.replaceAll('/', '-')}.${lang}.${device}.png` })
      await page.getByRole('textbox').waitFor()
      await shoot('sign-in')
      await signIn(page, lang)
      for (const place of ['', 'create', 'images', 'quotas', ...setPages.map((one) => `sets/${group}/${SET}/${one}`)]) {
        await page.evaluate((hash) => {
          location.hash = hash
        }, `#/${place}`)
        await page.locator('main h1').waitFor()
        await page.waitForLoadState('networkidle')
        await page.locator('.fui-Spinner').first().waitFor({ state: 'detached' })
        await shoot(place.replace(`sets/${group}/${SET}/`, '') || 'list')
      }
      await page.context().close()
    }
} finally {
  await stop()
  await removeSet(SET)
}

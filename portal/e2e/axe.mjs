// axe-core on each page, in both languages, light and dark, wide and on a phone.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { behaviour } from './behaviour.mjs'
import { open, signIn } from './browser.mjs'
import { group } from './fleet.mjs'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** What axe-core finds on the page as it is now; by the debugger, since the page's policy takes no script but its own. Left out are the
 * empty elements by which Fluent's components notice that the focus enters or leaves the page, and which pass it on at once. */
export async function violations(page) {
  await page.evaluate(axe)
  const found = await page.evaluate(() => window.axe.run({ exclude: ['[data-tabster-dummy]'] }, { resultTypes: ['violations'] }))
  return found.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(' ')).slice(0, 3).join(' | ')}`)
}

export const setPages = [
  'overview', 'activity', 'instances', 'size', 'scaling', 'os/change', 'configuration', 'disks', 'extensions', 'upgradePolicy', 'health',
  'revisions', 'rolling', 'security', 'bootIntegrity', 'bootIntegrity/0', 'resourceHealth', 'bootDiagnostics',
]

export async function lookAtEachPage(set) {
  for (const [lang, theme, width] of [['ja', 'light', 1280], ['en', 'dark', 1280], ['en', 'light', 360], ['ja', 'dark', 360]]) {
    const page = await open(lang, { theme, width, height: width < 500 ? 740 : 900 })
    const look = (title) =>
      behaviour(`axe-core finds nothing: ${title}, ${lang}, ${theme}, ${width} px`, async () => assert.deepEqual(await violations(page), []), page)
    await page.getByRole('button', { name: lang === 'ja' ? 'サインイン' : 'Sign in', exact: true }).waitFor()
    await look('sign-in')
    await signIn(page, lang)
    await look('list')
    for (const place of ['create', 'images', 'quotas', ...setPages.map((one) => `sets/${group}/${set}/${one}`)]) {
      await page.evaluate((hash) => {
        location.hash = hash
      }, `#/${place}`)
      await page.locator('main h1').waitFor()
      await page.locator('.fui-Spinner').first().waitFor({ state: 'detached' })
      await look(place.split('/').slice(place.startsWith('sets/') ? 3 : 0).join('/'))
      if (width < 500)
        await behaviour(`it fits: ${place}, ${lang}`, async () => assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)), page)
    }
    await behaviour(`no page complained, ${lang}, ${theme}, ${width} px`, () => assert.deepEqual(page.complaints, []))
    await page.context().close()
  }
}

// The portal in a browser, against a running daemon on the simulated driver. Environment: see fleet.mjs and browser.mjs.
// Arguments: which parts; all without.
import { lookAtEachPage } from './axe.mjs'
import { behaviour, failed } from './behaviour.mjs'
import { attachKeptDisk, chooseLatest, judgeBoots, offerImages } from './beside.mjs'
import { start, stop } from './browser.mjs'
import { insideOf, makeSet, removeSet } from './fleet.mjs'
import { keyboard, mouse } from './hands.mjs'
import { followHowTo } from './howto.mjs'
import { seeRefusals } from './refused.mjs'

const parts = {
  async manual() {
    for (const lang of ['ja', 'en']) await followHowTo(lang, 'Manual')
  },
  async vms() {
    await followHowTo('en', 'Manual', mouse, insideOf)
  },
  async keyboard() {
    await followHowTo('ja', 'Manual', keyboard)
  },
  async rolling() {
    for (const lang of ['ja', 'en']) await followHowTo(lang, 'Rolling')
  },
  async refused() {
    for (const lang of ['ja', 'en']) await seeRefusals(lang)
  },
  async beside() {
    await attachKeptDisk('ja')
    await chooseLatest('en')
    for (const lang of ['ja', 'en']) await offerImages(lang)
    await judgeBoots('ja')
  },
  async axe() {
    await makeSet('axe')
    await lookAtEachPage('axe')
    await removeSet('axe')
  },
}

await start()
try {
  for (const name of process.argv.length > 2 ? process.argv.slice(2) : Object.keys(parts)) {
    try {
      await parts[name]()
    } catch (error) {
      await behaviour(`${name}, to its end`, () => Promise.reject(error))
    }
  }
} finally {
  await stop()
}
process.exitCode = failed() ? 1 : 0

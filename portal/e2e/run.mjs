// The portal in a browser, against a running daemon on the simulated driver. Environment: see fleet.mjs and browser.mjs.
import { failed } from './behaviour.mjs'
import { start, stop } from './browser.mjs'
import { followHowTo } from './howto.mjs'

await start()
try {
  for (const mode of (process.env.MODES ?? 'Manual,Rolling').split(',')) for (const lang of ['ja', 'en']) await followHowTo(lang, mode)
} finally {
  await stop()
}
process.exitCode = failed() ? 1 : 0

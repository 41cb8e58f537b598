// One line for each behaviour, as tests/e2e/lib/suite.py reads them.
let failures = 0

export const failed = () => failures

export async function behaviour(name, act, page) {
  try {
    await act()
    console.log(`ok - ${name}`)
    return true
  } catch (error) {
    failures += 1
    console.log(`not ok - ${name}`)
    console.log(error.stack ?? String(error))
    if (page && process.env.PORTAL_SHOTS)
      await page.screenshot({ path: `${process.env.PORTAL_SHOTS}/failed-${failures}.png`, fullPage: true }).catch(() => undefined)
    return false
  }
}

/** How much longer than the simulated driver takes what is waited for. */
const SLOWNESS = Number(process.env.PORTAL_SLOWNESS ?? 1)

/** Resolves with what `look` gives as soon as that is true; rejects after `ms`, or longer where all is slow. */
export async function until(what, look, msOfFast = 20000) {
  const ms = msOfFast * SLOWNESS
  const end = Date.now() + ms
  for (;;) {
    const seen = await look()
    if (seen) return seen
    if (Date.now() > end) throw new Error(`not within ${ms} ms: ${what}`)
    await new Promise((done) => setTimeout(done, 100))
  }
}

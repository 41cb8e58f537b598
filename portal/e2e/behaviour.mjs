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

/** Resolves with what `look` gives as soon as that is true; rejects after `ms`. */
export async function until(what, look, ms = 20000) {
  const end = Date.now() + ms
  for (;;) {
    const seen = await look()
    if (seen) return seen
    if (Date.now() > end) throw new Error(`not within ${ms} ms: ${what}`)
    await new Promise((done) => setTimeout(done, 100))
  }
}

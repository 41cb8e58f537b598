// A browser in a language, signed in as a person would.
import { chromium } from 'playwright-core'
import { portal, token } from './fleet.mjs'

/** Waiting for what the page shows. */
const PATIENCE_MS = Number(process.env.PORTAL_PATIENCE_MS ?? 15000)

/** Without the profiler, whose start alone is a long task. */
const TRACED = ['devtools.timeline', 'disabled-by-default-devtools.timeline', 'v8', 'v8.execute']

let browser

export async function start() {
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] })
}
export const stop = () => browser?.close()
/** What Chromium does from now on; stopTrace gives it as text. */
export const startTrace = (page) => browser.startTracing(page, { categories: TRACED })
export const stopTrace = async () => (await browser.stopTracing()).toString()

/** still: nothing moves, as those ask for whom moving things are too much. */
export async function open(lang, { width = 1280, height = 900, theme = 'light', still = false } = {}) {
  const context = await browser.newContext({
    viewport: { width, height },
    locale: lang === 'ja' ? 'ja-JP' : 'en-US',
    timezoneId: 'UTC',
    colorScheme: theme,
    reducedMotion: still ? 'reduce' : 'no-preference',
    ignoreHTTPSErrors: true,
  })
  context.setDefaultTimeout(PATIENCE_MS)
  const page = await context.newPage()
  page.complaints = []
  page.on('pageerror', (error) => page.complaints.push(error.message))
  page.on('console', (message) => {
    // A 404 is how the API says that there was no rolling upgrade yet.
    if (message.type() === 'error' && !/status of 4\d\d/.test(message.text())) page.complaints.push(message.text())
  })
  await page.goto(portal)
  return page
}

const words = {
  en: { other: 'Use the admin token instead', token: 'Admin token', signIn: 'Sign in', sets: 'Virtual machine scale sets' },
  ja: { other: '代わりに管理者トークンを使う', token: '管理者トークン', signIn: 'サインイン', sets: '仮想マシン スケール セット' },
}

export async function signIn(page, lang) {
  const say = words[lang]
  await page.getByText(say.other).click()
  await page.getByLabel(say.token).fill(token)
  await page.getByRole('button', { name: say.signIn, exact: true }).click()
  await page.getByRole('heading', { level: 1, name: say.sets }).waitFor()
}

export async function signedIn(lang, options) {
  const page = await open(lang, options)
  await signIn(page, lang)
  return page
}

/** From nothing to the first field that can be used: milliseconds, and KiB as they came over the wire. */
export async function firstPage(lang) {
  const context = await browser.newContext({ locale: lang === 'ja' ? 'ja-JP' : 'en-US', ignoreHTTPSErrors: true })
  const page = await context.newPage()
  const devtools = await context.newCDPSession(page)
  let bytes = 0
  await devtools.send('Network.enable')
  devtools.on('Network.loadingFinished', ({ encodedDataLength }) => (bytes += encodedDataLength))
  const began = performance.now()
  await page.goto(portal, { waitUntil: 'commit' })
  await page.getByText(words[lang].other).click()
  await page.getByLabel(words[lang].token).fill('usable')
  const ms = performance.now() - began
  await page.waitForLoadState('networkidle')
  await context.close()
  return { ms, kib: bytes / 1024 }
}

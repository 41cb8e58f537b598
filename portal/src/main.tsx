// The beginning: small, so that language, session and the app itself are fetched side by side.
import { askSiblings, forget, getSession, signInByCode } from './data/session'
import { preferred, speak } from './i18n/i18n'

/** A code in the address is used once and does not stay there. */
async function takeCode(): Promise<void> {
  const code = /^#code=(.+)$/.exec(location.hash)?.[1]
  if (code) {
    history.replaceState(null, '', location.pathname + location.search)
    forget()
    await signInByCode(decodeURIComponent(code)).catch(() => undefined)
  }
  if (!getSession()) await askSiblings()
}

async function start(): Promise<void> {
  const [app] = await Promise.all([import('./shell/App'), speak(preferred()), takeCode()])
  app.show(document.getElementById('root') as HTMLElement)
}

void start()

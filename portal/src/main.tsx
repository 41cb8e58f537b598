import { createRoot } from 'react-dom/client'
import { askSiblings, forget, getSession, signInByCode } from './data/session'
import { preferred, speak } from './i18n/i18n'
import { App } from './shell/App'

/** A code in the address is used once and does not stay there. */
async function takeCode(): Promise<void> {
  const code = /^#code=(.+)$/.exec(location.hash)?.[1]
  if (!code) return
  history.replaceState(null, '', location.pathname + location.search)
  forget()
  await signInByCode(decodeURIComponent(code)).catch(() => undefined)
}

async function start(): Promise<void> {
  await Promise.all([speak(preferred()), takeCode()])
  if (!getSession()) await askSiblings()
  createRoot(document.getElementById('root') as HTMLElement).render(<App />)
}

void start()

// The page that is shown is named behind the #, so that the daemon serves one file for all of them.
import { useSyncExternalStore } from 'react'

const parse = () => location.hash.replace(/^#\/?/, '')

export function useRoute(): string[] {
  const path = useSyncExternalStore(
    (tell) => {
      window.addEventListener('hashchange', tell)
      return () => window.removeEventListener('hashchange', tell)
    },
    parse,
  )
  return path.split('/').filter(Boolean).map(decodeURIComponent)
}

export const href = (...parts: string[]): string => `#/${parts.map(encodeURIComponent).join('/')}`
export const setHref = (group: string, set: string, page = 'overview', ...more: string[]): string => href('sets', group, set, page, ...more)

export function go(to: string): void {
  location.hash = to
}

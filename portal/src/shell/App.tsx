import { FluentProvider, webDarkTheme, webLightTheme, type Theme } from '@fluentui/react-components'
import { lazy, Suspense, useCallback, useEffect, useState, useSyncExternalStore } from 'react'
import { createRoot } from 'react-dom/client'
import { startChanges, stopChanges } from '../data/changes'
import { findPlace, forgetPlace } from '../data/paths'
import { getSession, subscribeSession } from '../data/session'
import { forgetAll } from '../data/store'
import { language, name, remember, speak, t, type Language } from '../i18n/i18n'
import { Loading, Problem } from '../ui/ui'
import { useRoute } from './router'
import { SignIn } from './SignIn'
import { TopBar } from './TopBar'

const SetsPage = lazy(() => import('../pages/Sets'))
const SetShell = lazy(() => import('./SetShell'))
const CreateSet = lazy(() => import('../pages/CreateSet'))
const Images = lazy(() => import('../pages/Images'))
const Quotas = lazy(() => import('../pages/Quotas'))

const fonts = "'Segoe UI', 'Yu Gothic UI', Meiryo, 'Hiragino Sans', 'Noto Sans JP', 'Noto Sans CJK JP', system-ui, sans-serif"
const themes: Record<'light' | 'dark', Theme> = {
  light: { ...webLightTheme, fontFamilyBase: fonts },
  dark: { ...webDarkTheme, fontFamilyBase: fonts },
}
const THEME = 'testudo.theme'
const system = () => (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light')

function useTheme(): ['light' | 'dark', () => void] {
  const [theme, setTheme] = useState<'light' | 'dark'>(() => {
    const stored = localStorage.getItem(THEME)
    return stored === 'light' || stored === 'dark' ? stored : system()
  })
  return [
    theme,
    () => {
      const next = theme === 'light' ? 'dark' : 'light'
      localStorage.setItem(THEME, next)
      setTheme(next)
    },
  ]
}

export function show(where: HTMLElement): void {
  createRoot(where).render(<App />)
}

function App() {
  const session = useSyncExternalStore(subscribeSession, getSession)
  const [theme, toggleTheme] = useTheme()
  const [lang, setLang] = useState<Language>(language())
  const changeLanguage = useCallback(async (to: Language) => {
    remember(to)
    await speak(to)
    setLang(to)
  }, [])
  return (
    <FluentProvider theme={themes[theme]} className={`app ${theme}`} key={lang}>
      <a className="skip" href="#main" onClick={skip}>
        {t('app.skip')}
      </a>
      <TopBar signedIn={!!session} theme={theme} toggleTheme={toggleTheme} changeLanguage={changeLanguage} />
      {session ? <SignedIn key={session.token} /> : <SignIn />}
    </FluentProvider>
  )
}

function skip(event: React.MouseEvent): void {
  event.preventDefault()
  document.querySelector<HTMLElement>('main')?.focus()
}

function SignedIn() {
  const [ready, setReady] = useState(false)
  const [error, setError] = useState<Error>()
  useEffect(() => {
    findPlace().then(
      () => setReady(true),
      (thrown: Error) => setError(thrown),
    )
    startChanges()
    return () => {
      stopChanges()
      forgetAll()
      forgetPlace()
    }
  }, [])
  if (error) return <Problem error={error} />
  if (!ready) return <Loading />
  return (
    <Suspense fallback={<Loading />}>
      <Pages />
    </Suspense>
  )
}

function Pages() {
  const route = useRoute()
  const [kind] = route
  useEffect(() => {
    if (kind !== 'sets') document.title = `${kind === 'images' ? name('images') : kind === 'quotas' ? name('quotas') : name('scaleSets')} – Testudo`
  }, [kind])
  if (route.length === 0 || (route[0] === 'sets' && route.length === 1)) return <SetsPage />
  if (route[0] === 'create') return <CreateSet />
  if (route[0] === 'images') return <Images />
  if (route[0] === 'quotas') return <Quotas />
  const [, group, setName, page = 'overview', ...rest] = route
  if (route[0] === 'sets' && group && setName)
    return <SetShell key={`${group}/${setName}`} group={group} setName={setName} page={page} rest={rest} />
  return (
    <main id="main" tabIndex={-1} className="content">
      {t('app.notFound')}
    </main>
  )
}

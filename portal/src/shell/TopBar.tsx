import { Button } from '@fluentui/react-components'
import { LocalLanguage20Regular, Shield20Filled, WeatherMoon20Regular, WeatherSunny20Regular } from '@fluentui/react-icons'
import { lazy, Suspense } from 'react'
import { language, name, t, type Language } from '../i18n/i18n'
import { places } from './places'
import { href, useRoute } from './router'

// Not needed for signing in.
const Tools = lazy(() => import('./Tools'))

interface Props {
  signedIn: boolean
  theme: 'light' | 'dark'
  toggleTheme: () => void
  changeLanguage: (to: Language) => Promise<void>
}

export function TopBar({ signedIn, theme, toggleTheme, changeLanguage }: Props) {
  const [kind = ''] = useRoute()
  const other: Language = language() === 'en' ? 'ja' : 'en'
  const otherName = other === 'ja' ? '日本語' : 'English'
  const themeText = theme === 'light' ? t('app.dark') : t('app.light')
  return (
    <header className="topbar">
      <a className="brand" href="#/">
        <Shield20Filled />
        {t('app.name')}
      </a>
      {signedIn && (
        <nav aria-label={t('app.main')}>
          {places.map(({ to, label, of }) => (
            <a key={to} href={href(...(to ? [to] : []))} aria-current={of.includes(kind) ? 'page' : undefined}>
              {name(label)}
            </a>
          ))}
        </nav>
      )}
      <span className="end" />
      <Button appearance="transparent" icon={<LocalLanguage20Regular />} lang={other} onClick={() => void changeLanguage(other)}>
        {otherName}
      </Button>
      <Button
        appearance="transparent"
        icon={theme === 'light' ? <WeatherMoon20Regular /> : <WeatherSunny20Regular />}
        aria-label={themeText}
        title={themeText}
        onClick={toggleTheme}
      />
      {signedIn && (
        <Suspense>
          <Tools />
        </Suspense>
      )}
    </header>
  )
}

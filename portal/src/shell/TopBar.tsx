import { Button, Menu, MenuItem, MenuItemRadio, MenuList, MenuPopover, MenuTrigger } from '@fluentui/react-components'
import { LocalLanguage20Regular, Navigation20Regular, Shield20Filled, SignOut20Regular, WeatherMoon20Regular, WeatherSunny20Regular } from '@fluentui/react-icons'
import { signOut } from '../data/session'
import { language, name, t, type Language, type NameKey } from '../i18n/i18n'
import { Notifications } from './Notifications'
import { go, href, useRoute } from './router'

interface Props {
  signedIn: boolean
  theme: 'light' | 'dark'
  toggleTheme: () => void
  changeLanguage: (to: Language) => Promise<void>
}

const places: [string, NameKey][] = [
  ['', 'scaleSets'],
  ['images', 'images'],
  ['quotas', 'quotas'],
]

export function TopBar({ signedIn, theme, toggleTheme, changeLanguage }: Props) {
  const [kind] = useRoute()
  return (
    <header className="topbar">
      <a className="brand" href="#/">
        <Shield20Filled />
        {t('app.name')}
      </a>
      {signedIn && (
        <nav aria-label={t('app.main')}>
          {places.map(([to, label]) => (
            <a key={to} href={href(...(to ? [to] : []))} aria-current={(kind ?? '') === to || (to === '' && (kind === 'sets' || kind === 'create')) ? 'page' : undefined}>
              {name(label)}
            </a>
          ))}
        </nav>
      )}
      <span className="end" />
      {signedIn && <Notifications />}
      {signedIn && (
        <span className="narrow-only">
          <Menu>
            <MenuTrigger disableButtonEnhancement>
              <Button appearance="transparent" icon={<Navigation20Regular />} aria-label={t('app.main')} title={t('app.main')} />
            </MenuTrigger>
            <MenuPopover>
              <MenuList>
                {places.map(([to, label]) => (
                  <MenuItem key={to} onClick={() => go(href(...(to ? [to] : [])))}>
                    {name(label)}
                  </MenuItem>
                ))}
              </MenuList>
            </MenuPopover>
          </Menu>
        </span>
      )}
      <Menu checkedValues={{ lang: [language()] }} onCheckedValueChange={(_, { checkedItems }) => void changeLanguage(checkedItems[0] as Language)}>
        <MenuTrigger disableButtonEnhancement>
          <Button appearance="transparent" icon={<LocalLanguage20Regular />} aria-label={t('app.language')} title={t('app.language')} />
        </MenuTrigger>
        <MenuPopover>
          <MenuList>
            <MenuItemRadio name="lang" value="en" lang="en">
              English
            </MenuItemRadio>
            <MenuItemRadio name="lang" value="ja" lang="ja">
              日本語
            </MenuItemRadio>
          </MenuList>
        </MenuPopover>
      </Menu>
      <Button
        appearance="transparent"
        icon={theme === 'light' ? <WeatherMoon20Regular /> : <WeatherSunny20Regular />}
        aria-label={theme === 'light' ? t('app.dark') : t('app.light')}
        title={theme === 'light' ? t('app.dark') : t('app.light')}
        onClick={toggleTheme}
      />
      {signedIn && (
        <Button
          appearance="transparent"
          icon={<SignOut20Regular />}
          aria-label={t('app.signOut')}
          title={t('app.signOut')}
          onClick={() => void signOut()}
        />
      )}
    </header>
  )
}

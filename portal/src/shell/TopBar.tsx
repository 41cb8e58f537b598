import { Button, Menu, MenuItemRadio, MenuList, MenuPopover, MenuTrigger } from '@fluentui/react-components'
import { LocalLanguage20Regular, Shield20Filled, SignOut20Regular, WeatherMoon20Regular, WeatherSunny20Regular } from '@fluentui/react-icons'
import { signOut } from '../data/session'
import { language, t, type Language } from '../i18n/i18n'

interface Props {
  signedIn: boolean
  theme: 'light' | 'dark'
  toggleTheme: () => void
  changeLanguage: (to: Language) => Promise<void>
}

export function TopBar({ signedIn, theme, toggleTheme, changeLanguage }: Props) {
  return (
    <header className="topbar">
      <a className="brand" href="#/">
        <Shield20Filled />
        {t('app.name')}
      </a>
      <span className="end" />
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

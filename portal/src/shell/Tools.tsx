// What the top bar has for those who are signed in.
import { Button, Menu, MenuItem, MenuList, MenuPopover, MenuTrigger } from '@fluentui/react-components'
import { Navigation20Regular, SignOut20Regular } from '@fluentui/react-icons'
import { signOut } from '../data/session'
import { name, t } from '../i18n/i18n'
import { Notifications } from './Notifications'
import { places } from './places'
import { go, href } from './router'

export default function Tools() {
  return (
    <>
      <Notifications />
      <span className="narrow-only">
        <Menu>
          <MenuTrigger disableButtonEnhancement>
            <Button appearance="transparent" icon={<Navigation20Regular />} aria-label={t('app.main')} title={t('app.main')} />
          </MenuTrigger>
          <MenuPopover>
            <MenuList>
              {places.map(({ to, label }) => (
                <MenuItem key={to} onClick={() => go(href(...(to ? [to] : [])))}>
                  {name(label)}
                </MenuItem>
              ))}
            </MenuList>
          </MenuPopover>
        </Menu>
      </span>
      <Button
        appearance="transparent"
        icon={<SignOut20Regular />}
        aria-label={t('app.signOut')}
        title={t('app.signOut')}
        onClick={() => void signOut()}
      />
    </>
  )
}

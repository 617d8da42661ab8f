import { Menu } from '@base-ui/react/menu'
import { type ReactNode, useState } from 'react'
import { MenuPopup } from '../kit/menu_popup.tsx'
import { pageData } from '../page_data.ts'
import { text } from '../text.ts'
import { chooseTheme, readTheme, type Theme, themes } from './theme.ts'

export function AccountMenu({ name, onHelp }: { readonly name: string; readonly onHelp: () => void }): ReactNode {
  const [theme, setTheme] = useState(readTheme)
  const choose = (value: Theme): void => {
    chooseTheme(value)
    setTheme(value)
  }
  return (
    <Menu.Root>
      <Menu.Trigger className="button bare account">
        <span aria-hidden="true">{initialsOf(name)}</span>
        <span className="hidden">{text.frame.account(name)}</span>
      </Menu.Trigger>
      <MenuPopup align="end">
        <Menu.RadioGroup value={theme} onValueChange={choose}>
          {themes.map((each) => (
            <Menu.RadioItem key={each} value={each} className="menu-item" closeOnClick={false}>
              <Menu.RadioItemIndicator keepMounted className="menu-tick" />
              {text.frame.themes[each]}
            </Menu.RadioItem>
          ))}
        </Menu.RadioGroup>
        <Menu.Separator className="menu-line" />
        <Menu.Item className="menu-item" onClick={onHelp}>
          {text.frame.help}
        </Menu.Item>
        <Menu.LinkItem className="menu-item" href={`${pageData.base}/account`}>
          {text.frame.yourAccount}
        </Menu.LinkItem>
        <Menu.LinkItem className="menu-item" href={`${pageData.base}/logout`}>
          {text.frame.signOut}
        </Menu.LinkItem>
      </MenuPopup>
    </Menu.Root>
  )
}

function initialsOf(name: string): string {
  const words = name.split(/\s+/).filter((word) => word !== '')
  return words
    .slice(0, 2)
    .map((word) => [...word][0]?.toUpperCase() ?? '')
    .join('')
}

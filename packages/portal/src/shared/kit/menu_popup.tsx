import { Menu } from '@base-ui/react/menu'
import type { ReactNode } from 'react'

interface MenuPopupProps {
  readonly align: 'start' | 'end'
  readonly children: ReactNode
}

/** Looked for when a menu opens: a screen that is loaded late is drawn together with the main part, before that can be found. */
const main = {
  get current(): HTMLElement | null {
    return document.getElementById('main')
  },
}

/** The list of a menu. It lies within the main part of the page, so that nothing is outside of its landmarks. */
export function MenuPopup({ align, children }: MenuPopupProps): ReactNode {
  return (
    <Menu.Portal container={main}>
      <Menu.Positioner align={align} sideOffset={4} className="positioner">
        <Menu.Popup className="menu-popup">{children}</Menu.Popup>
      </Menu.Positioner>
    </Menu.Portal>
  )
}

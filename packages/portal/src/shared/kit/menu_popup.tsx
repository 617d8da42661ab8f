import { Menu } from '@base-ui/react/menu'
import type { ReactNode } from 'react'

interface MenuPopupProps {
  readonly align: 'start' | 'end'
  readonly children: ReactNode
}

/** The list of a menu. It lies within the main part of the page, so that nothing is outside of its landmarks. */
export function MenuPopup({ align, children }: MenuPopupProps): ReactNode {
  return (
    <Menu.Portal container={document.getElementById('main')}>
      <Menu.Positioner align={align} sideOffset={4} className="positioner">
        <Menu.Popup className="menu-popup">{children}</Menu.Popup>
      </Menu.Positioner>
    </Menu.Portal>
  )
}

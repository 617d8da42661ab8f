/** The acts about a row. One that is not offered now stands there too, and does nothing. */
import { Menu } from '@base-ui/react/menu'
import type { ReactNode } from 'react'
import { MoreIcon } from './icon.tsx'
import { MenuPopup } from './menu_popup.tsx'

interface RowMenuProps {
  /** Names the row, for those who do not see where the menu stands. */
  readonly label: string
  readonly items: readonly (readonly [word: string, does: () => void, isOffered: boolean])[]
}

export function RowMenu({ label, items }: RowMenuProps): ReactNode {
  return (
    <Menu.Root>
      <Menu.Trigger className="button bare" aria-label={label}>
        <MoreIcon />
      </Menu.Trigger>
      <MenuPopup align="end">
        {items.map(([word, does, isOffered]) => (
          <Menu.Item key={word} className="menu-item" disabled={!isOffered} onClick={does}>
            {word}
          </Menu.Item>
        ))}
      </MenuPopup>
    </Menu.Root>
  )
}

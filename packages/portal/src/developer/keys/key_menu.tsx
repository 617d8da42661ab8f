import { Menu } from '@base-ui/react/menu'
import { useNavigate } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { ListedKey } from '../../shared/api/queries.ts'
import { copyText } from '../../shared/copy.ts'
import { MoreIcon } from '../../shared/kit/icon.tsx'
import { MenuPopup } from '../../shared/kit/menu_popup.tsx'
import { toasts } from '../../shared/kit/toasts.tsx'
import { text } from '../../shared/text.ts'
import { useSwitch } from '../key/use_switch.ts'

/** The actions of a row. Those that are not undone happen on the key's own page. */
export function KeyMenu({ of: key, isStale }: { readonly of: ListedKey; readonly isStale: boolean }): ReactNode {
  const navigate = useNavigate()
  const { disable, enable } = useSwitch(key)
  const open = (panel?: 'roll' | 'revoke') => () =>
    void navigate({ to: '/keys/$id', params: { id: key.id }, search: panel === undefined ? {} : { panel } })
  const copy = async (): Promise<void> => {
    toasts.add({ title: (await copyText(key.id)) ? text.copy.copied : text.copy.failed })
  }
  const isLive = key.status === 'active' || key.status === 'disabled'
  const items: readonly (readonly [word: string, does: () => void, isOn: boolean])[] = [
    [text.keys.open, open(), true],
    [text.keys.copyId, copy, true],
    [text.act.roll, open('roll'), key.status === 'active' && !isStale],
    key.status === 'disabled'
      ? [text.act.enable, enable, !isStale]
      : [text.act.disable, disable, key.status === 'active' && !isStale],
    [text.act.revoke, open('revoke'), isLive && !isStale],
  ]
  return (
    <Menu.Root>
      <Menu.Trigger className="button bare" aria-label={text.keys.actionsFor(key.name)}>
        <MoreIcon />
      </Menu.Trigger>
      <MenuPopup align="end">
        {items.map(([word, does, isOn]) => (
          <Menu.Item key={word} className="menu-item" disabled={!isOn} onClick={does}>
            {word}
          </Menu.Item>
        ))}
      </MenuPopup>
    </Menu.Root>
  )
}

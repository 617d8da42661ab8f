import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { type Client, type ListedKey, meQuery } from '../../shared/api/queries.ts'
import { copyText, wordOf } from '../../shared/copy.ts'
import { RowMenu } from '../../shared/kit/row_menu.tsx'
import { toasts } from '../../shared/kit/toasts.tsx'
import { text } from '../../shared/text.ts'
import { mayOf } from '../key/may_of.ts'
import { useKeySwitch } from '../key/use_key_switch.ts'

/** The actions of a row. Those that are not undone happen on the key's own page. */
interface KeyMenuProps {
  readonly of: ListedKey
  readonly client: Client | undefined
  readonly isStale: boolean
}

export function KeyMenu({ of: key, client, isStale }: KeyMenuProps): ReactNode {
  const navigate = useNavigate()
  const { disable, enable } = useKeySwitch(key)
  const open = (panel?: 'roll' | 'revoke') => () =>
    void navigate({ to: '/keys/$id', params: { id: key.id }, search: panel === undefined ? {} : { panel } })
  const copy = async (): Promise<void> => {
    const shown = document.querySelector<HTMLElement>(`[data-id="${key.id}"]`)
    toasts.add({ title: wordOf(await copyText(key.id, shown)) })
  }
  const { data: me } = useQuery(meQuery)
  const may = mayOf(key, me, client)
  const items: readonly (readonly [word: string, does: () => void, isThere: boolean])[] = [
    [text.keys.open, open(), true],
    [text.keys.copyId, copy, true],
    [text.act.roll, open('roll'), may.roll && !isStale],
    key.status === 'disabled'
      ? [text.act.enable, enable, may.enable && !isStale]
      : [text.act.disable, disable, may.disable && !isStale],
    [text.act.revoke, open('revoke'), may.revoke && !isStale],
  ]
  return <RowMenu label={text.keys.actionsFor(key.name)} items={items} />
}

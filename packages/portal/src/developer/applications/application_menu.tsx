import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { type Client, meQuery } from '../../shared/api/queries.ts'
import { copyText, wordOf } from '../../shared/copy.ts'
import { RowMenu } from '../../shared/kit/row_menu.tsx'
import { toasts } from '../../shared/kit/toasts.tsx'
import { applicationsText as words } from '../../shared/text/applications.ts'
import { text } from '../../shared/text.ts'
import { mayChange } from './may_change.ts'
import { useApplicationSwitch } from './use_application_switch.ts'

interface ApplicationMenuProps {
  readonly of: Client
  readonly isStale: boolean
}

/** The actions of a row. Those that are not undone happen on the application's own page. */
export function ApplicationMenu({ of: client, isStale }: ApplicationMenuProps): ReactNode {
  const { clientId, name, status } = client
  const navigate = useNavigate()
  const { disable, enable } = useApplicationSwitch(client)
  const { data: me } = useQuery(meQuery)
  const isOffered = mayChange(client, me) && !isStale
  const open = (panel?: 'edit' | 'delete') => () =>
    void navigate({
      to: '/applications/$clientId',
      params: { clientId },
      search: panel === undefined ? {} : { panel },
    })
  const copy = async (): Promise<void> => {
    const shown = document.querySelector<HTMLElement>(`[data-id="${clientId}"]`)
    toasts.add({ title: wordOf(await copyText(clientId, shown)) })
  }
  const items: readonly (readonly [word: string, does: () => void, isThere: boolean])[] = [
    [text.keys.open, open(), true],
    [text.keys.copyId, copy, true],
    [words.edit, open('edit'), isOffered],
    status === 'disabled' ? [text.act.enable, enable, isOffered] : [text.act.disable, disable, isOffered],
    [words.delete, open('delete'), isOffered],
  ]
  return <RowMenu label={words.actionsFor(name)} items={items} />
}

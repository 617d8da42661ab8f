/** Final, and many: how much they are used stands before it, and the count is typed. */
import { useQuery } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { keyReads, type ListedKey, lastDayByKeyQuery } from '../../../shared/api/queries.ts'
import { Reason } from '../../../shared/kit/fields/reason.tsx'
import { FinalDialog, type Given } from '../../../shared/kit/final_dialog.tsx'
import { bulk } from '../../../shared/text/bulk.ts'
import { text } from '../../../shared/text.ts'
import { ago } from '../../../shared/time.ts'

const words = bulk.dialog
const namedMax = 8

interface RevokeManyProps {
  readonly of: readonly ListedKey[]
  readonly isOpen: boolean
  readonly isStale: boolean
  readonly onClose: () => void
  readonly onSubmit: (given: Given) => Promise<void>
}

export function RevokeMany({ of: keys, isOpen, isStale, onClose, onSubmit }: RevokeManyProps): ReactNode {
  const [typed, setTyped] = useState('')
  const close = (): void => {
    setTyped('')
    onClose()
  }
  return (
    <FinalDialog
      of={isOpen ? 'selected keys' : undefined}
      title={words.title(keys.length)}
      detail={words.detail}
      words={words}
      reads={keyReads}
      isStale={isStale}
      isBlocked={typed.trim() !== String(keys.length)}
      onClose={close}
      onSubmit={onSubmit}
    >
      {isOpen && <LastDayOf keys={keys} />}
      <ul className="named">
        {keys.slice(0, namedMax).map(({ id, name }) => (
          <li key={id}>
            <b>{name}</b> <code className="quiet">{id}</code>
          </li>
        ))}
        {keys.length > namedMax && <li className="quiet">{words.more(keys.length - namedMax)}</li>}
      </ul>
      <Reason />
      <div className="labelled">
        <label htmlFor="how-many">{words.type(keys.length)}</label>
        <input
          id="how-many"
          className="input"
          inputMode="numeric"
          autoComplete="off"
          value={typed}
          onChange={({ target }) => setTyped(target.value)}
        />
      </div>
    </FinalDialog>
  )
}

function LastDayOf({ keys }: { readonly keys: readonly ListedKey[] }): ReactNode {
  const { data, error } = useQuery(lastDayByKeyQuery)
  if (data === undefined || error !== null)
    return <p role="status">{error === null ? text.lastDay.asking : text.lastDay.unknown}</p>
  const ids = new Set(keys.map(({ id }) => id))
  const calls = data.data.filter(({ keyId = '' }) => ids.has(keyId)).reduce((sum, { count }) => sum + count, 0)
  const last = keys
    .filter(({ lastUsedAt }) => lastUsedAt !== null)
    .toSorted((one, other) => String(other.lastUsedAt).localeCompare(String(one.lastUsedAt)))[0]
  return (
    <p role="status">
      {calls === 0 ? words.unused : words.used(calls)}{' '}
      {last?.lastUsedAt != null && words.last(last.name, ago(last.lastUsedAt))}
    </p>
  )
}

import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { type Client, type ListedKey, usageByKeyQuery } from '../../shared/api/queries.ts'
import { text } from '../../shared/text.ts'
import { KeyRow, type Use } from './key_row.tsx'
import { OldRow } from './old_row.tsx'
import { pairsOf } from './pairs.ts'
import { daysByKey } from './use_by_day.ts'

interface KeyTableProps {
  readonly keys: readonly ListedKey[]
  readonly clients: readonly Client[]
  /** The client whose keys alone are shown. */
  readonly filteredBy: string | undefined
  readonly isStale: boolean
}

/** On small screens each body is a card. The two keys of a roll are one. */
export function KeyTable({ keys, clients, filteredBy, isStale }: KeyTableProps): ReactNode {
  const { columns } = text.keys
  const holders = new Map(clients.map((client) => [client.clientId, client]))
  const usage = useQuery(usageByKeyQuery(filteredBy))
  const days = usage.error === null ? daysByKey(usage.data?.data) : undefined
  // A key that is not in a whole answer has no call.
  const monthOf = (id: string): Use =>
    days?.get(id) ?? (days !== undefined ? 'none' : usage.isPending ? 'asking' : 'unknown')
  return (
    <div className="card wrap">
      <table className="keys">
        <caption className="hidden">{text.keys.caption}</caption>
        <thead>
          <tr>
            {[columns.name, columns.status, columns.may, columns.used, columns.usage, columns.ends].map((column) => (
              <th key={column} scope="col">
                {column}
              </th>
            ))}
            <td>
              <span className="hidden">{text.keys.actions}</span>
            </td>
          </tr>
        </thead>
        {pairsOf(keys).map(({ key, old }) => (
          <tbody key={key.id}>
            <KeyRow of={key} old={old} client={holders.get(key.clientId)} use={monthOf(key.id)} isStale={isStale} />
            {old !== undefined && <OldRow of={old} />}
          </tbody>
        ))}
      </table>
    </div>
  )
}

import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { type Client, type ListedKey, usageByKeyQuery } from '../../shared/api/queries.ts'
import { CardTable } from '../../shared/kit/card_table.tsx'
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
    <CardTable
      className="keys"
      caption={text.keys.caption}
      columns={[columns.name, columns.status, columns.may, columns.used, columns.usage, columns.ends]}
      actions={text.keys.actions}
    >
      {pairsOf(keys).map(({ key, old }) => (
        <tbody key={key.id}>
          <KeyRow of={key} old={old} client={holders.get(key.clientId)} use={monthOf(key.id)} isStale={isStale} />
          {old !== undefined && <OldRow of={old} />}
        </tbody>
      ))}
    </CardTable>
  )
}

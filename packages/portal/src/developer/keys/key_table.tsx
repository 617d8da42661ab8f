import { useQuery } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { type Client, type ListedKey, usageByKeyQuery } from '../../shared/api/queries.ts'
import { CardTable, type OrderedColumn } from '../../shared/kit/card_table.tsx'
import { text } from '../../shared/text.ts'
import { KeyRow, type Use } from './key_row.tsx'
import { OldRow } from './old_row.tsx'
import { pairsOf } from './pairs.ts'
import { PickAll, type Picks } from './pick.tsx'
import { daysByKey } from './use_by_day.ts'

const route = getRouteApi('/keys')

interface KeyTableProps {
  readonly keys: readonly ListedKey[]
  readonly clients: readonly Client[]
  /** The client whose keys alone are shown. */
  readonly filteredBy: string | undefined
  readonly isStale: boolean
  readonly picks: Picks
}

/** The orders that a press on the head of a column gives: the first, then the other way round. */
const orders = {
  name: ['name', '-name'],
  used: ['-lastUsedAt', 'lastUsedAt'],
  ends: ['expiresAt', '-expiresAt'],
} as const

/** On small screens each body is a card. The two keys of a roll are one. */
export function KeyTable({ keys, clients, filteredBy, isStale, picks }: KeyTableProps): ReactNode {
  const { columns } = text.keys
  const holders = new Map(clients.map((client) => [client.clientId, client]))
  const usage = useQuery(usageByKeyQuery(filteredBy))
  const days = usage.error === null ? daysByKey(usage.data?.data) : undefined
  // A key that is not in a whole answer has no call.
  const monthOf = (id: string): Use =>
    days?.get(id) ?? (days !== undefined ? 'none' : usage.isPending ? 'asking' : 'unknown')
  const ordered = useOrder()
  return (
    <CardTable
      className="keys"
      caption={text.keys.caption}
      columns={[ordered('name'), columns.status, columns.may, ordered('used'), columns.usage, ordered('ends')]}
      pick={picks.offered.size === 0 ? undefined : <PickAll {...picks} />}
      actions={text.keys.actions}
    >
      {pairsOf(keys).map(({ key, old }) => (
        <tbody key={key.id}>
          <KeyRow
            of={key}
            old={old}
            client={holders.get(key.clientId)}
            use={monthOf(key.id)}
            isStale={isStale}
            picks={picks}
          />
          {old !== undefined && <OldRow of={old} picks={picks} />}
        </tbody>
      ))}
    </CardTable>
  )
}

/** Gives a column by which the list is ordered in the address. */
function useOrder(): (column: keyof typeof orders) => OrderedColumn {
  const { sort } = route.useSearch()
  const navigate = useNavigate({ from: '/keys' })
  return (column) => {
    const [first, other] = orders[column]
    const isOwn = sort === first || sort === other
    const next = sort === first ? other : first
    return {
      name: text.keys.columns[column],
      order: isOwn ? (sort.startsWith('-') ? 'descending' : 'ascending') : undefined,
      onOrder: () =>
        void navigate({ search: ({ after: _, ...rest }) => ({ ...rest, sort: next }), resetScroll: false }),
    }
  }
}

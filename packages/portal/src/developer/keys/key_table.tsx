import type { ReactNode } from 'react'
import type { Client, ListedKey } from '../../shared/api/queries.ts'
import { text } from '../../shared/text.ts'
import { KeyRow } from './key_row.tsx'
import { OldRow } from './old_row.tsx'
import { pairsOf } from './pairs.ts'

interface KeyTableProps {
  readonly keys: readonly ListedKey[]
  readonly clients: readonly Client[]
  readonly days: ReadonlyMap<string, readonly number[]> | undefined
  readonly isStale: boolean
}

/** On small screens each body is a card. The two keys of a roll are one. */
export function KeyTable({ keys, clients, days, isStale }: KeyTableProps): ReactNode {
  const { columns } = text.keys
  const names = new Map(clients.map(({ clientId, name }) => [clientId, name]))
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
            <KeyRow of={key} old={old} client={names.get(key.clientId)} days={days?.get(key.id)} isStale={isStale} />
            {old !== undefined && <OldRow of={old} />}
          </tbody>
        ))}
      </table>
    </div>
  )
}

/** A table whose rows are cards on small screens. What can be done about each stands in the last column. */
import type { ReactNode } from 'react'
import { Icon } from './icon.tsx'

/** A column by which the list can be ordered. */
export interface OrderedColumn {
  readonly name: string
  /** `undefined`: the list is ordered by another. */
  readonly order: 'ascending' | 'descending' | undefined
  readonly onOrder: () => void
}

interface CardTableProps {
  readonly className: string
  readonly caption: string
  readonly columns: readonly (string | OrderedColumn)[]
  /** The head of a column that stands first, with a tick for each row. Default: no such column. */
  readonly pick?: ReactNode
  /** The name of the last column, for those who do not see that it has buttons. */
  readonly actions: string
  /** A `tbody` for each card. */
  readonly children: ReactNode
}

export function CardTable({ className, caption, columns, pick, actions, children }: CardTableProps): ReactNode {
  return (
    <div className="card wrap">
      <table className={className}>
        <caption className="hidden">{caption}</caption>
        <thead>
          <tr>
            {pick !== undefined && <td className="pick">{pick}</td>}
            {columns.map((column) =>
              typeof column === 'string' ? (
                <th key={column} scope="col">
                  {column}
                </th>
              ) : (
                <th key={column.name} scope="col" aria-sort={column.order}>
                  <button type="button" onClick={column.onOrder}>
                    {column.name} {column.order !== undefined && <Icon name="chevron" />}
                  </button>
                </th>
              ),
            )}
            <td>
              <span className="hidden">{actions}</span>
            </td>
          </tr>
        </thead>
        {children}
      </table>
    </div>
  )
}

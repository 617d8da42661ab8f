/** A table whose rows are cards on small screens. What can be done about each stands in the last column. */
import type { ReactNode } from 'react'

interface CardTableProps {
  readonly className: string
  readonly caption: string
  readonly columns: readonly string[]
  /** The name of the last column, for those who do not see that it has buttons. */
  readonly actions: string
  /** A `tbody` for each card. */
  readonly children: ReactNode
}

export function CardTable({ className, caption, columns, actions, children }: CardTableProps): ReactNode {
  return (
    <div className="card wrap">
      <table className={className}>
        <caption className="hidden">{caption}</caption>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column} scope="col">
                {column}
              </th>
            ))}
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

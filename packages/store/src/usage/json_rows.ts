import { type RawBuilder, sql } from 'kysely'
import { type Database, isStorableText } from '../database.ts'
import { UnstorableTextError } from '../errors.ts'

/**
 * Rows as one parameter, for statements about thousands of them: building a statement with a parameter for each value takes
 * longer than running it. Gives a table expression with the columns that `columns` names. Each row has its values in the
 * order of the columns.
 */
export function jsonRows(
  dialect: Database['dialect'],
  columns: Readonly<Record<string, 'text' | 'bigint'>>,
  rows: readonly (readonly (string | number)[])[],
): RawBuilder<unknown> {
  // The dialects check every parameter. Inside this JSON text they would not see the values.
  if (!rows.every((row) => row.every(isStorableText))) throw new UnstorableTextError()
  const json = JSON.stringify(rows)
  const selected = Object.entries(columns).map(([name, type], index) => {
    const value = sql`value ->> ${sql.lit(index)}`
    return type === 'text' ? sql`${value} as ${sql.ref(name)}` : sql`cast(${value} as bigint) as ${sql.ref(name)}`
  })
  const each = dialect === 'sqlite' ? sql`json_each(${json})` : sql`json_array_elements(${json}::json)`
  return sql`(select ${sql.join(selected)} from ${each})`
}

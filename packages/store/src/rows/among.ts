import { type RawBuilder, sql } from 'kysely'
import type { Session } from '../session.ts'

/** The column has one of the values, however many there are: a list of parameters has an end. */
export function isAmong(
  { dialect }: Pick<Session, 'dialect'>,
  column: string,
  values: readonly string[],
): RawBuilder<boolean> {
  return dialect === 'postgres'
    ? sql<boolean>`${sql.ref(column)} = any(${values}::text[])`
    : sql<boolean>`${sql.ref(column)} in (select value from json_each(${JSON.stringify(values)}))`
}

/** The column has one of the values that the query gives. PostgreSQL looks each of an array up in the index. */
export function isSelected(
  { dialect }: Pick<Session, 'dialect'>,
  column: string,
  query: RawBuilder<unknown>,
): RawBuilder<boolean> {
  const name = sql.ref(column)
  return dialect === 'postgres' ? sql`${name} = any(array(${query}))` : sql`${name} in (${query})`
}

/** A query that gives these values. */
export function selectValues({ dialect }: Pick<Session, 'dialect'>, values: readonly string[]): RawBuilder<unknown> {
  return dialect === 'postgres'
    ? sql`select unnest(${values}::text[])`
    : sql`select value from json_each(${JSON.stringify(values)})`
}

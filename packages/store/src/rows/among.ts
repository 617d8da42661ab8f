import { type RawBuilder, sql } from 'kysely'
import type { Session } from '../session.ts'

/**
 * The column has one of the values, however many there are: a list of parameters has an end. One value is compared as such, so
 * that an index gives its rows in order.
 */
export function isAmong(
  { dialect }: Pick<Session, 'dialect'>,
  column: string,
  values: readonly string[],
): RawBuilder<boolean> {
  const [only] = values
  if (only !== undefined && values.length === 1) return sql<boolean>`${sql.ref(column)} = ${only}`
  return dialect === 'postgres'
    ? sql<boolean>`${sql.ref(column)} = any(${values}::text[])`
    : sql<boolean>`${sql.ref(column)} in (select value from json_each(${JSON.stringify(values)}))`
}

/**
 * The column, by which SQLite does not look for an index: rows of a few teams are found by their team and then sorted, where it
 * would else walk through all rows of the tenant in their order. PostgreSQL goes by its statistics.
 */
export function unindexed<T>({ dialect }: Pick<Session, 'dialect'>, column: string): RawBuilder<T> {
  return dialect === 'sqlite' ? sql<T>`+${sql.ref(column)}` : sql<T>`${sql.ref(column)}`
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

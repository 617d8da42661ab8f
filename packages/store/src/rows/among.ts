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

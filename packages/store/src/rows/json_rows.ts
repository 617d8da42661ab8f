import { CompiledQuery, type RawBuilder, sql } from 'kysely'
import { type Database, isStorableText } from '../database.ts'
import { UnstorableTextError } from '../errors.ts'
import type { Schema } from '../schema.ts'
import type { Session } from '../session.ts'

/** The columns of a table, with their types on PostgreSQL. */
export type JsonColumns<Row> = { readonly [Name in keyof Row & string]: 'text' | 'bigint' }

/**
 * Rows as one parameter, for statements about many of them: building a statement with a parameter for each value takes
 * longer than running it, and this text, which is always the same, the database reads and plans once. Gives a table
 * expression with the columns that `columns` names. Each row has its values in the order of the columns.
 */
export function jsonRows(
  dialect: Database['dialect'],
  columns: Readonly<Record<string, 'text' | 'bigint'>>,
  rows: readonly (readonly (string | number | null)[])[],
): RawBuilder<unknown> {
  return rowsFrom(dialect, columns, jsonOf(rows))
}

/** The dialects check every parameter. Inside this JSON text they would not see the values. */
function jsonOf(rows: readonly (readonly (string | number | null)[])[]): string {
  if (!rows.every((row) => row.every(isStorableText))) throw new UnstorableTextError()
  return JSON.stringify(rows)
}

function rowsFrom(
  dialect: Database['dialect'],
  columns: Readonly<Record<string, 'text' | 'bigint'>>,
  json: string,
): RawBuilder<unknown> {
  const selected = Object.entries(columns).map(([name, type], index) => {
    const value = sql`value ->> ${sql.lit(index)}`
    return type === 'text' ? sql`${value} as ${sql.ref(name)}` : sql`cast(${value} as bigint) as ${sql.ref(name)}`
  })
  return sql`(select ${sql.join(selected)} from ${each[dialect](json)})`
}

/**
 * PostgreSQL would read the text of a `json` row anew for each of its columns; a `jsonb` row it reads once. The condition
 * always holds. It is there for the planner, which expects a hundred rows of any list and would rather read a whole
 * small table than look each row up, and would go on so when the table has grown.
 */
const each: Readonly<Record<Database['dialect'], (json: string) => RawBuilder<unknown>>> = {
  sqlite: (json) => sql`json_each(${json})`,
  postgres: (json) => sql`jsonb_array_elements(${json}::jsonb) where jsonb_typeof(value) = 'array'`,
}

/**
 * A statement about rows, from their table expression. Its text is built once for each database: that takes longer than
 * all else. The function gives how many rows the statement has touched.
 */
export function rowsStatement<Row extends object>(
  columns: JsonColumns<Row>,
  build: (rows: RawBuilder<unknown>) => RawBuilder<unknown>,
): (session: Pick<Session, 'db' | 'dialect'>, rows: readonly Row[]) => Promise<number> {
  const texts: Partial<Record<Database['dialect'], string>> = {}
  return async ({ db, dialect }, rows) => {
    if (rows.length === 0) return 0
    const json = jsonOf(valuesOf(columns, rows))
    texts[dialect] ??= build(rowsFrom(dialect, columns, json)).compile(db).sql
    const { numAffectedRows } = await db.executeQuery(CompiledQuery.raw(texts[dialect], [json]))
    return Number(numAffectedRows ?? 0)
  }
}

/** Inserts rows by one statement. `conflict` is the end of it; default: a row that is there already is an error. */
export function insertOfRows<Row extends object>(
  table: keyof Schema,
  columns: JsonColumns<Row>,
  conflict: RawBuilder<unknown> = sql``,
) {
  const names = sql.join(namesOf(columns).map((name) => sql.ref(name)))
  // Without `where true`, SQLite parses `on conflict` as the condition of a join.
  return rowsStatement(
    columns,
    (rows) => sql`insert into ${sql.table(table)} (${names}) select * from ${rows} as r where true ${conflict}`,
  )
}

/** The values of each row in the order of the columns. */
export function valuesOf<Row extends object>(
  columns: JsonColumns<Row>,
  rows: readonly Row[],
): readonly (readonly (string | number | null)[])[] {
  const names = namesOf(columns)
  return rows.map((row) => names.map((name) => row[name] as string | number | null))
}

function namesOf<Row extends object>(columns: JsonColumns<Row>): readonly (keyof Row & string)[] {
  return Object.keys(columns) as (keyof Row & string)[]
}

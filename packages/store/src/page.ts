import type { RawBuilder } from 'kysely'
import { sql } from 'kysely'
import type { Row } from './columns.ts'
import { PoisonedRowError, UnknownCursorError } from './errors.ts'
import { unindexed } from './rows/among.ts'
import type { Schema } from './schema.ts'
import type { Session } from './session.ts'

/** One page of a list, ordered by creation and then by id. */
export interface Page {
  readonly limit: number
  /** Id of the last item of the page before. `UnknownCursorError` when it is not there. Default: the first page. */
  readonly after?: string
}

/** The place in a list behind one item. */
export interface Cursor {
  readonly createdAt: number
  readonly id: string
}

type Listed = { [T in keyof Schema]: Schema[T] extends { readonly created_at: unknown } ? T : never }[keyof Schema]

interface List<T> {
  readonly table: Listed
  /** The values that each of its rows has, by column. */
  readonly of: { readonly [column: string]: string }
  /** The name of the id's column. Default `id`. */
  readonly idColumn?: string
  fetch(after: Cursor | undefined, limit: number): Promise<readonly Row[]>
  decode(row: Row): T
}

/**
 * Reads one page by (created_at, id). Poisoned rows are reported and left out. Later rows take their place, since a short
 * page would read as the end of the list.
 */
export async function readPage<T>(session: Session, page: Page, list: List<T>): Promise<readonly T[]> {
  const items: T[] = []
  const { idColumn = 'id' } = list
  let after = page.after === undefined ? undefined : await findCursor(session, page.after, list, idColumn)
  while (items.length < page.limit) {
    const wanted = page.limit - items.length
    const rows = await list.fetch(after, wanted)
    items.push(...decodeSound(session, rows, list.decode))
    const last = rows.at(-1)
    if (last === undefined || rows.length < wanted) break
    after = { createdAt: last.created_at as number, id: last[idColumn] as string }
  }
  return items
}

async function findCursor<T>(session: Session, id: string, { table, of }: List<T>, idColumn: string): Promise<Cursor> {
  // Kysely's types know one table at a time.
  let query = session.db.selectFrom(table as 'teams').select('created_at')
  for (const [column, value] of Object.entries({ ...of, [idColumn]: id }))
    query = query.where(sql.ref<string>(column), '=', value)
  const row = await query.executeTakeFirst()
  if (row === undefined) throw new UnknownCursorError()
  return { createdAt: row.created_at, id }
}

/** Decodes rows. A row that does not decode is reported and left out. */
export function decodeSound<T>(session: Session, rows: readonly Row[], decode: (row: Row) => T): T[] {
  return rows.flatMap((row) => {
    try {
      return [decode(row)]
    } catch (error) {
      if (!(error instanceof PoisonedRowError)) throw error
      session.onPoisonedRow(error)
      return []
    }
  })
}

/** Compares row values, so that one range of the index serves the page. */
export function isAfter(cursor: Cursor, idColumn = 'id'): RawBuilder<boolean> {
  return sql<boolean>`(created_at, ${sql.ref(idColumn)}) > (${cursor.createdAt}, ${cursor.id})`
}

/** The order of a page, by an index that has it. */
export function indexedOrder(idColumn = 'id') {
  const isBehind = (cursor: Cursor) => isAfter(cursor, idColumn)
  return { createdAt: sql.ref<number>('created_at'), id: sql.ref<string>(idColumn), isBehind }
}

/** The order of a page whose rows are found by something else than their order; see `unindexed`. */
export function sortedOrder(session: Session, idColumn = 'id') {
  const createdAt = unindexed<number>(session, 'created_at')
  const id = unindexed<string>(session, idColumn)
  const isBehind = (cursor: Cursor) => sql<boolean>`(${createdAt}, ${id}) > (${cursor.createdAt}, ${cursor.id})`
  return { createdAt, id, isBehind }
}

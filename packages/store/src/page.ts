import type { RawBuilder } from 'kysely'
import { sql } from 'kysely'
import type { Row } from './columns.ts'
import { PoisonedRowError, UnknownCursorError } from './errors.ts'
import { unindexed } from './rows/among.ts'
import type { Schema } from './schema.ts'
import type { Session } from './session.ts'

/** By what a list may be ordered. */
export type SortName = 'name' | 'createdAt' | 'expiresAt' | 'lastUsedAt'

export interface Sort {
  readonly by: SortName
  readonly isDescending: boolean
}

/** One page of a list, ordered by creation unless `sort` says otherwise, and then by id. */
export interface Page {
  readonly limit: number
  /** Id of the last item of the page before. `UnknownCursorError` when it is not there. Default: the first page. */
  readonly after?: string
  /** `RangeError` where the list has no such order. */
  readonly sort?: Sort
  /** Only items that have this text in one of the searched columns, in upper or lower case. */
  readonly q?: string
}

/** The place in a list behind one item. */
export interface Cursor {
  readonly createdAt: number
  readonly id: string
}

type Listed = { [T in keyof Schema]: Schema[T] extends { readonly created_at: unknown } ? T : never }[keyof Schema]

/** The part of Kysely's queries that a page needs. */
interface Listing {
  where(expression: RawBuilder<boolean>): Listing
  orderBy(expression: RawBuilder<unknown>, direction: Direction): Listing
  limit(count: number): Listing
  execute(): Promise<readonly Row[]>
}

type Direction = 'asc' | 'desc'

interface List<T> {
  readonly table: Listed
  /** The values that each of its rows has, by column. */
  readonly of: { readonly [column: string]: string }
  /** The name of the id's column. Default `id`. */
  readonly idColumn?: string
  /** The rows of the list, in no order. */
  readonly query: Listing
  /** Its rows are found by something else than their order; see `unindexed`. */
  readonly isNarrow?: boolean
  /** Values that it may be ordered by beside creation. A null has no place: give another value for it. */
  readonly sorts?: { readonly [By in SortName]?: RawBuilder<unknown> }
  /** The columns that `q` is looked for in. */
  readonly searched?: readonly string[]
  /** Gives each row what other tables have of it. Default: nothing. */
  complete?(rows: readonly Row[]): Promise<readonly Row[]>
  decode(row: Row): T
}

/** By name, whatever its letters' case. */
export const nameOrder = sql<string>`lower(name)`
/** By the end of its life; what has none stands last. */
export const endOrder = sql<number>`coalesce(expires_at, ${sql.lit(Number.MAX_SAFE_INTEGER)})`

interface Order {
  readonly value: RawBuilder<unknown>
  readonly id: RawBuilder<string>
  readonly direction: Direction
}

/**
 * Reads one page. Poisoned rows are reported and left out. Later rows take their place, since a short page would read as the
 * end of the list.
 */
export async function readPage<T>(session: Session, page: Page, list: List<T>): Promise<readonly T[]> {
  const items: T[] = []
  const { idColumn = 'id', searched = [], decode } = list
  const order = orderOf(session, page, list)
  const matching = page.q === undefined ? list.query : list.query.where(hasText(searched, page.q))
  let after = page.after
  while (items.length < page.limit) {
    const wanted = page.limit - items.length
    let query = matching
    if (after !== undefined) query = query.where(isBehind(order, await placeOf(session, after, list, order)))
    const rows = await query
      .orderBy(order.value, order.direction)
      .orderBy(order.id, order.direction)
      .limit(wanted)
      .execute()
    items.push(...decodeSound(session, (await list.complete?.(rows)) ?? rows, decode))
    const last = rows.at(-1)
    if (last === undefined || rows.length < wanted) break
    after = String(last[idColumn])
  }
  return items
}

function orderOf<T>(session: Session, { sort }: Page, { idColumn = 'id', isNarrow, sorts = {} }: List<T>): Order {
  const column = <C>(name: string) => (isNarrow ? unindexed<C>(session, name) : sql<C>`${sql.ref(name)}`)
  const { by, isDescending }: Sort = sort ?? { by: 'createdAt', isDescending: false }
  const value = by === 'createdAt' ? column<number>('created_at') : sorts[by]
  if (value === undefined) throw new RangeError(`this list has no order by ${by}`)
  return { value, id: column<string>(idColumn), direction: isDescending ? 'desc' : 'asc' }
}

/** The value that the item is ordered by. */
async function placeOf<T>(session: Session, id: string, list: List<T>, { value }: Order) {
  const { table, of, idColumn = 'id' } = list
  // Kysely's types know one table at a time.
  let query = session.db.selectFrom(table as 'teams').select(value.as('place'))
  for (const [column, text] of Object.entries({ ...of, [idColumn]: id }))
    query = query.where(sql.ref<string>(column), '=', text)
  const row = await query.executeTakeFirst()
  if (row === undefined) throw new UnknownCursorError()
  return { place: row.place, id }
}

/** Compares row values, so that one range of the index serves the page. */
function isBehind({ value, id, direction }: Order, after: { readonly place: unknown; readonly id: string }) {
  const isBeyond = direction === 'desc' ? sql`<` : sql`>`
  return sql<boolean>`(${value}, ${id}) ${isBeyond} (${after.place}, ${after.id})`
}

/** Both spellings are looked for, since SQLite's `lower` knows the letters of ASCII alone. */
function hasText(columns: readonly string[], text: string): RawBuilder<boolean> {
  const like = (value: string) => `%${value.replaceAll(/[\\%_]/g, (sign) => `\\${sign}`)}%`
  const parts = columns.map((name) => {
    const column = sql.ref<string>(name)
    return sql`lower(${column}) like ${like(text.toLowerCase())} escape '\\' or ${column} like ${like(text)} escape '\\'`
  })
  return sql<boolean>`(${sql.join(parts, sql` or `)})`
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

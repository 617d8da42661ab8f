import { setImmediate as nextTurn } from 'node:timers/promises'
import type { AliasedRawBuilder, RawBuilder } from 'kysely'
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
  /**
   * The last item of the page before. An id alone is looked up, and `UnknownCursorError` where it is not there; with a place the
   * page goes on behind that, wherever the item is by now. Default: the first page.
   */
  readonly after?: string | Behind
  /** `RangeError` where the list has no such order. */
  readonly sort?: Sort
  /** Only items that have this text in one of the searched columns; A to Z in upper or lower case. */
  readonly q?: string
}

/** Where a page ended: the value that its last item was ordered by when it was read, and the item's id. */
export interface Behind {
  readonly id: string
  readonly place: Place
}

/** A value by which a list is ordered. */
export type Place = string | number

/** The place in a list behind one item. */
export interface Cursor {
  readonly createdAt: number
  readonly id: string
}

type Listed = { [T in keyof Schema]: Schema[T] extends { readonly created_at: unknown } ? T : never }[keyof Schema]

/** The part of Kysely's queries that a page needs. */
interface Listing {
  where(expression: RawBuilder<boolean>): Listing
  select(expression: AliasedRawBuilder<Place, 'place'>): Listing
  orderBy(expression: RawBuilder<unknown>, direction: Direction): Listing
  limit(count: number): Listing
  execute(): Promise<readonly Row[]>
}

type Direction = 'asc' | 'desc'

interface List<T extends object> {
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
  readonly sorts?: { readonly [By in SortName]?: RawBuilder<Place> }
  /** The columns that `q` is looked for in. */
  readonly searched?: readonly string[]
  /** Gives each row what other tables have of it. Default: nothing. */
  complete?(rows: readonly Row[]): Promise<readonly Row[]>
  decode(row: Row): T
}

/** By name, whatever the case of A to Z. */
export const nameOrder = sql<string>`lower(name)`
/** By the end of its life; what has none is later than all. */
export const endOrder = sql<number>`coalesce(expires_at, ${sql.lit(Number.MAX_SAFE_INTEGER)})`

interface Order {
  readonly value: RawBuilder<Place>
  readonly id: RawBuilder<string>
  readonly direction: Direction
}

const places = new WeakMap<object, Place>()

/** The value that an item of `readPage` was ordered by when it was read. It may have changed since. */
export function placeOf(item: object): Place | undefined {
  return places.get(item)
}

/**
 * Reads one page. Poisoned rows are reported and left out. Later rows take their place, since a short page would read as the
 * end of the list.
 */
export async function readPage<T extends object>(session: Session, page: Page, list: List<T>): Promise<readonly T[]> {
  const items: T[] = []
  const { idColumn = 'id', searched = [] } = list
  const order = orderOf(session, page, list)
  const selected = list.query.select(order.value.as('place'))
  const matching = page.q === undefined ? selected : selected.where(hasText(searched, page.q))
  const remember = (row: Row): T => {
    const item = list.decode(row)
    places.set(item, row.place as Place)
    return item
  }
  let after = typeof page.after === 'string' ? await findPlace(session, page.after, list, order) : page.after
  while (items.length < page.limit) {
    const wanted = page.limit - items.length
    const query = after === undefined ? matching : matching.where(isBehind(order, after))
    const rows = await (looksAtMany(session, page, list) ? readInTurns : readAtOnce)({
      session,
      list,
      query,
      order,
      wanted,
    })
    items.push(...decodeSound(session, (await list.complete?.(rows)) ?? rows, remember))
    const last = rows.at(-1)
    if (last === undefined || rows.length < wanted) break
    after = { id: String(last[idColumn]), place: last.place as Place }
  }
  return items
}

function orderOf<T extends object>(session: Session, { sort }: Page, list: List<T>): Order {
  const { idColumn = 'id', isNarrow, sorts = {} } = list
  const column = <C>(name: string) => (isNarrow ? unindexed<C>(session, name) : sql<C>`${sql.ref(name)}`)
  const { by, isDescending }: Sort = sort ?? { by: 'createdAt', isDescending: false }
  const value = by === 'createdAt' ? column<number>('created_at') : sorts[by]
  if (value === undefined) throw new RangeError(`this list has no order by ${by}`)
  return { value, id: column<string>(idColumn), direction: isDescending ? 'desc' : 'asc' }
}

async function findPlace<T extends object>(
  session: Session,
  id: string,
  list: List<T>,
  { value }: Order,
): Promise<Behind> {
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
function isBehind({ value, id, direction }: Order, after: Behind): RawBuilder<boolean> {
  const isBeyond = direction === 'desc' ? sql`<` : sql`>`
  return sql<boolean>`(${value}, ${id}) ${isBeyond} (${after.place}, ${after.id})`
}

/** `lower` knows A to Z alone, on SQLite and in the collation of our columns on PostgreSQL, so no more is folded here. */
function hasText(columns: readonly string[], text: string): RawBuilder<boolean> {
  const folded = text.replace(/[A-Z]/g, (letter) => letter.toLowerCase())
  const pattern = `%${folded.replaceAll(/[\\%_]/g, (sign) => `\\${sign}`)}%`
  const parts = columns.map((name) => sql`lower(${sql.ref<string>(name)}) like ${pattern} escape '\\'`)
  return sql<boolean>`(${sql.join(parts, sql` or `)})`
}

interface Reading<T extends object> {
  readonly session: Session
  readonly list: List<T>
  readonly query: Listing
  readonly order: Order
  readonly wanted: number
}

function readAtOnce<T extends object>({ query, order, wanted }: Reading<T>): Promise<readonly Row[]> {
  return query.orderBy(order.value, order.direction).orderBy(order.id, order.direction).limit(wanted).execute()
}

/** Whether no index leads to the rows of the page, so that all of a list may be looked at, in the thread that verifies. */
function looksAtMany<T extends object>({ dialect }: Session, { q, sort }: Page, { isNarrow }: List<T>): boolean {
  return (
    dialect === 'sqlite' && isNarrow !== true && (q !== undefined || (sort !== undefined && sort.by !== 'createdAt'))
  )
}

/** Rows that are looked at in one turn of that thread: some milliseconds. */
const rowsInTurn = 1_000

/** Looks at the list by parts, in the order of creation, and keeps the best of each. Others have the thread between them. */
async function readInTurns<T extends object>(reading: Reading<T>): Promise<readonly Row[]> {
  const { session, list, query, order, wanted } = reading
  const { table, of, idColumn = 'id' } = list
  const isBefore = comparison(order, idColumn)
  let best: readonly Row[] = []
  for (let begin: Cursor | undefined; ; ) {
    const key = sql`(created_at, ${sql.ref(idColumn)})`
    const isLater = begin === undefined ? undefined : sql<boolean>`${key} > (${begin.createdAt}, ${begin.id})`
    let all = session.db
      .selectFrom(table as 'teams')
      .select(['created_at', sql.ref<string>(idColumn).as('part_id')])
      .orderBy('created_at')
      .orderBy(sql.ref(idColumn))
      .offset(rowsInTurn - 1)
      .limit(1)
    for (const [column, text] of Object.entries(of)) all = all.where(sql.ref<string>(column), '=', text)
    const end = await (isLater === undefined ? all : all.where(isLater)).executeTakeFirst()
    let part = isLater === undefined ? query : query.where(isLater)
    if (end !== undefined) part = part.where(sql<boolean>`${key} <= (${end.created_at}, ${end.part_id})`)
    const rows = await readAtOnce({ ...reading, query: part })
    best = [...best, ...rows].sort(isBefore).slice(0, wanted)
    if (end === undefined) return best
    begin = { createdAt: end.created_at, id: end.part_id }
    await nextTurn()
  }
}

/** As SQLite compares: numbers by value, texts by their bytes. */
function comparison({ direction }: Order, idColumn: string): (one: Row, other: Row) => number {
  const sign = direction === 'desc' ? -1 : 1
  const compare = (one: unknown, other: unknown): number =>
    typeof one === 'number' && typeof other === 'number'
      ? one - other
      : Buffer.compare(Buffer.from(String(one)), Buffer.from(String(other)))
  return (one, other) => sign * (compare(one.place, other.place) || compare(one[idColumn], other[idColumn]))
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

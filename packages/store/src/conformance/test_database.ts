import { hash, randomBytes } from 'node:crypto'
import type { Seconds } from '@countersign/core'
import type { Store } from '../store.ts'
import type { StoreOptions } from '../store_options.ts'

/** The database of one test. Several stores can be open on it at once, like those of several processes. */
export interface TestDatabase {
  open(options?: Partial<StoreOptions>): Promise<Store>
  /** The URL for `openStore` in another process. */
  readonly url: string
  /** Runs SQL behind the store's back, like a bug, an older program or an intruder. */
  execute(sql: string): Promise<void>
  query(sql: string): Promise<readonly { readonly [column: string]: unknown }[]>
  drop(): Promise<void>
}

export type CreateDatabase = () => Promise<TestDatabase>

export const auditKey = hash('sha256', 'a key for the audit links of tests', 'buffer')

/** 2027-01-15T08:00:00Z */
export const startAt: Seconds = 1_800_000_000

export const storeOptions: StoreOptions = { auditKey, now: () => startAt, randomBytes: (count) => randomBytes(count) }

/** Runs `test` with one store on a database of its own. */
export async function withStore(
  create: CreateDatabase,
  test: (store: Store, database: TestDatabase) => Promise<void>,
  options: Partial<StoreOptions> = {},
): Promise<void> {
  const database = await create()
  try {
    const store = await database.open(options)
    try {
      await test(store, database)
    } finally {
      await store.close()
    }
  } finally {
    await database.drop()
  }
}

/** Moves the drop time like the process that holds the clean-up lease, but at once. */
export async function moveDropTime(store: Store, seconds: Seconds): Promise<void> {
  const { moves } = await store.dropTime.read()
  if (!(await store.dropTime.move(moves, { timeMs: seconds * 1000, boot: undefined })))
    throw new Error('it was not moved')
}

/** A small generator with a seed (mulberry32), so that a failing run can be run again. */
export function randomFrom(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below) | 0
  }
}

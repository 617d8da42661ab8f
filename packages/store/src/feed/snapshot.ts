/**
 * A snapshot is one read transaction. A torn one is a mutant that the simulator must find (docs/protocol/feed.md §3,
 * §9).
 */
import { setImmediate } from 'node:timers/promises'
import { type Place, revokedStates, type Seconds } from '@countersign/core'
import type { Kysely } from 'kysely'
import { sql } from 'kysely'
import type { Database } from '../database.ts'
import { PoisonedRowError } from '../errors.ts'
import { decodeStatusEntry, type StatusEntry } from '../records/status_entry.ts'
import type { Schema } from '../schema.ts'
import type { StoreOptions } from '../store_options.ts'
import { isObjectType } from '../stored_json.ts'
import { readDropSeconds } from './drop_time.ts'
import { decodePlace, type InstallationHead } from './log.ts'

const pageRows = 1000

/** The place, and every status entry that has not ended by the drop time. */
export interface Snapshot {
  readonly place: Place
  readonly dropTime: Seconds
  readonly entries: readonly StatusEntry[]
}

/** The installation's head and every tenant's, at one moment. */
export interface Places extends InstallationHead {
  readonly places: ReadonlyMap<string, Place>
}

/** The snapshot of all tenants. */
export interface InstallationSnapshot extends Places {
  readonly dropTime: Seconds
  readonly entries: readonly StatusEntry[]
}

/** Each is one read transaction. */
export interface SnapshotReads {
  snapshot(tenant: string): Promise<Snapshot>
  /** Reads the heads alone. */
  places(): Promise<Places>
  /** Reads all tenants, for a server's own book. */
  snapshotAll(): Promise<InstallationSnapshot>
}

type OnPoisonedRow = StoreOptions['onPoisonedRow']

export function readSnapshots(database: Database, onPoisonedRow: OnPoisonedRow): SnapshotReads {
  return {
    snapshot: (tenant) =>
      database.readTransaction(async (db) => {
        const row = await db
          .selectFrom('installation')
          .leftJoin('counters', (join) => join.on('counters.tenant', '=', tenant))
          .select(['installation.epoch', 'counters.sequence', 'counters.chain'])
          .executeTakeFirstOrThrow()
        const dropTime = await readDropSeconds(db)
        return { place: decodePlace(row), dropTime, entries: await liveEntries(db, tenant, dropTime, onPoisonedRow) }
      }),
    places: () => database.readTransaction(readPlaces),
    snapshotAll: () =>
      database.readTransaction(async (db) => {
        const { epoch, position, chain, places } = await readPlaces(db)
        const dropTime = await readDropSeconds(db)
        const entries: StatusEntry[] = []
        for (const tenant of places.keys()) {
          for (const entry of await liveEntries(db, tenant, dropTime, onPoisonedRow)) entries.push(entry)
        }
        return { epoch, position, chain, dropTime, places, entries }
      }),
  }
}

async function readPlaces(db: Kysely<Schema>): Promise<Places> {
  const { epoch, position, chain } = await db
    .selectFrom('installation')
    .leftJoin('feed', 'feed.position', 'installation.position')
    .select(['installation.epoch', 'installation.position', 'feed.chain'])
    .executeTakeFirstOrThrow()
  const heads = await db.selectFrom('counters').select(['tenant', 'sequence', 'chain']).execute()
  const places = new Map<string, Place>(heads.map((row) => [row.tenant, decodePlace({ ...row, epoch })]))
  return { epoch, position, chain: chain ?? undefined, places }
}

/** Reads pages with a turn of the event loop between them: a million entries must not stop verifications meanwhile. */
async function liveEntries(
  db: Kysely<Schema>,
  tenant: string,
  dropTime: Seconds,
  onPoisonedRow: OnPoisonedRow,
): Promise<readonly StatusEntry[]> {
  const entries: StatusEntry[] = []
  let last: { readonly type: string; readonly id: string } | undefined
  do {
    let query = db.selectFrom('status_entries').selectAll().where('tenant', '=', tenant)
    if (last !== undefined) query = query.where(sql<boolean>`(type, id) > (${last.type}, ${last.id})`)
    const rows = await query.orderBy('type').orderBy('id').limit(pageRows).execute()
    for (const row of rows) if (row.drop_at > dropTime) entries.push(...decodeOrRevoke(row, onPoisonedRow))
    last = rows.length < pageRows ? undefined : rows.at(-1)
    if (last !== undefined) await setImmediate()
  } while (last !== undefined)
  return entries
}

/** Leaving an unreadable entry out could give access back, so its object counts as revoked instead. */
function decodeOrRevoke(row: Schema['status_entries'], onPoisonedRow: OnPoisonedRow): readonly StatusEntry[] {
  try {
    return [decodeStatusEntry(row)]
  } catch (error) {
    if (!(error instanceof PoisonedRowError)) throw error
    onPoisonedRow?.(error)
    if (!isObjectType(row.type)) return []
    return [decodeStatusEntry({ ...row, version: 1, state: JSON.stringify(revokedStates[row.type]) })]
  }
}

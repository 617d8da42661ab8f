/** A snapshot is one read transaction: a torn one is a mutant the simulator must find (feed.md §3, §9). */
import { setImmediate } from 'node:timers/promises'
import type { Place, Seconds } from '@countersign/core'
import type { Kysely } from 'kysely'
import { sql } from 'kysely'
import type { Database } from '../database.ts'
import { PoisonedRowError } from '../errors.ts'
import { decodeStatusEntry } from '../records/status_entry.ts'
import type { StatusEntry } from '../records.ts'
import type { Schema } from '../schema.ts'
import type { Store, StoreOptions } from '../store.ts'
import { isObjectType } from '../stored_json.ts'
import { readDropSeconds } from './drop_time.ts'
import { decodePlace } from './log.ts'

const pageRows = 1000

type OnPoisonedRow = StoreOptions['onPoisonedRow']

export function readSnapshots(
  database: Database,
  onPoisonedRow: OnPoisonedRow,
): Pick<Store['feed'], 'snapshot' | 'snapshotAll' | 'places'> {
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

async function readPlaces(db: Kysely<Schema>) {
  const { epoch, position, chain } = await db
    .selectFrom('installation')
    .leftJoin('feed', 'feed.position', 'installation.position')
    .select(['installation.epoch', 'installation.position', 'feed.chain'])
    .executeTakeFirstOrThrow()
  const heads = await db.selectFrom('counters').select(['tenant', 'sequence', 'chain']).execute()
  const places = new Map<string, Place>(heads.map((row) => [row.tenant, decodePlace({ ...row, epoch })]))
  return { epoch, position, chain: chain ?? undefined, places }
}

/** In pages, with a turn of the event loop between them: a million entries must not stop what is verified meanwhile. */
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

/** An unreadable entry cannot be left out: that would give back what it took. Its object alone counts as revoked. */
function decodeOrRevoke(row: Schema['status_entries'], onPoisonedRow: OnPoisonedRow): readonly StatusEntry[] {
  try {
    return [decodeStatusEntry(row)]
  } catch (error) {
    if (!(error instanceof PoisonedRowError)) throw error
    onPoisonedRow?.(error)
    if (!isObjectType(row.type)) return []
    return [decodeStatusEntry({ ...row, version: 1, state: revokedState })]
  }
}

/** With every member that the state of some type must have. `revoked` beats every version. */
const revokedState = JSON.stringify({
  status: 'revoked',
  slug: '',
  audience: '',
  maxStalenessSeconds: 1,
  createdSequence: 0,
  access: {},
  cutOff: 0,
  scope: '',
  alg: '',
  purpose: 'access_token',
})

import type { Kysely } from 'kysely'
import type { Database } from '../database.ts'
import type { Schema } from '../schema.ts'
import type { Store, StoreOptions } from '../store.ts'

/** Far above what the other history can have reached meanwhile, and far below 2^53 (feed.md §1). */
const gap = 1_000_000_000

/**
 * A history of its own from here on: nobody's place in the former one is in this log. The audit chain goes on, since what
 * happened before did happen.
 */
export function startEpoch(
  database: Database,
  options: Pick<StoreOptions, 'randomBytes'>,
  above: Parameters<Store['startEpoch']>[0],
): Promise<string> {
  const epoch = Buffer.from(options.randomBytes(16)).toString('base64url')
  return database.transact(async (db) => {
    await database.lockSchema(db)
    const { position } = await db.selectFrom('installation').select('position').executeTakeFirstOrThrow()
    const next = Math.max(position, above.position) + gap
    await leaveHistory(db, { epoch, position: next }, above.sequences)
    return epoch
  })
}

/**
 * PostgreSQL says which history it writes. A promoted standby, a restored copy: another one, and so a new epoch, whoever
 * of the processes finds it first. What was acknowledged is in it where the standby was synchronous.
 */
export async function followHistory(
  database: Database,
  options: Pick<StoreOptions, 'randomBytes'>,
  history: string | undefined,
): Promise<void> {
  if (history === undefined) return
  await database.transact(async (db) => {
    await database.lockSchema(db)
    const known = await db.selectFrom('installation').selectAll().executeTakeFirstOrThrow()
    if (known.history === history) return
    if (known.history !== null) {
      const epoch = Buffer.from(options.randomBytes(16)).toString('base64url')
      await leaveHistory(db, { epoch, position: known.position + gap }, new Map())
    }
    await db.updateTable('installation').set({ history }).where('id', '=', 1).execute()
  })
}

async function leaveHistory(
  db: Kysely<Schema>,
  installation: { readonly epoch: string; readonly position: number },
  above: ReadonlyMap<string, number>,
): Promise<void> {
  await db.updateTable('installation').set(installation).where('id', '=', 1).execute()
  for (const { tenant, sequence } of await heads(db)) {
    const raised = Math.max(sequence, above.get(tenant) ?? 0) + gap
    await db.updateTable('counters').set({ sequence: raised }).where('tenant', '=', tenant).execute()
  }
  // Entries of the former history have numbers that this one does not continue; places named verifiers of the former.
  await db.deleteFrom('feed').execute()
  await db.deleteFrom('verifier_positions').execute()
}

function heads(db: Kysely<Schema>) {
  return db.selectFrom('counters').select(['tenant', 'sequence']).execute()
}

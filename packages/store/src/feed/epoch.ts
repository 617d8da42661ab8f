/**
 * Where a history ends and another begins (docs/protocol/feed.md). The numbers of the log are one numbering for ever: an
 * epoch begins above every number that is known of any, so no two share numbers. The former log is hidden by the new
 * beginning and cleaned up with the rest.
 */
import type { ClientState, Subject } from '@countersign/core'
import { type Kysely, sql } from 'kysely'
import type { Database } from '../database.ts'
import { decodeStatusEntry } from '../records/status_entry.ts'
import type { Schema } from '../schema.ts'
import type { Session } from '../session.ts'
import type { Append, EpochBegun, HistoryClaim, StoreOptions } from '../store.ts'
import { dropSeconds } from './drop_time.ts'

/** Far above what the other history can have reached meanwhile, and far below 2^53. */
const gap = 1_000_000_000

type Options = Pick<StoreOptions, 'randomBytes' | 'now'>

/**
 * For a restored copy, before anything else uses it. The audit chain goes on, since what happened before did happen.
 * `above`: the highest number known of any history.
 */
export function startEpoch(database: Database, options: Options, above: number): Promise<string> {
  return database.transact(async (db) => {
    await database.lockSchema(db)
    return (await begin(db, options, above)).epoch
  })
}

/**
 * PostgreSQL says which history it writes. A promoted standby, a restored copy: another one, and so a new epoch, whoever
 * of the processes finds it first. What was acknowledged is in it where the standby was synchronous.
 */
export async function followHistory(database: Database, options: Options, history: string | undefined): Promise<void> {
  if (history === undefined) return
  await database.transact(async (db) => {
    await database.lockSchema(db)
    const known = await db.selectFrom('installation').selectAll().executeTakeFirstOrThrow()
    if (known.history === history) return
    if (known.history !== null) await begin(db, options, 0)
    await db.updateTable('installation').set({ history }).where('id', '=', 1).execute()
  })
}

/**
 * The database went back within its epoch: proven again here, on rows that this transaction has locked, or somebody could
 * have begun an epoch, or committed what was missing, since it was looked at. Every recorded cut-off is raised to the new
 * beginning, for its number may have been given twice. `undefined` when nothing is lost.
 *
 * Locks in the order of every other transaction: a tenant's own, its counters, the installation.
 */
export async function leaveHistory(
  session: Session,
  options: Options,
  claims: readonly HistoryClaim[],
  append: (changes: readonly Append[]) => Promise<unknown>,
): Promise<EpochBegun | undefined> {
  const { db } = session
  const tenants = await db.selectFrom('clients').select('tenant').distinct().where('cut_off', '>', 0).execute()
  for (const tenant of tenants.map((row) => row.tenant).sort()) await session.enter(tenant)
  await lockCounters(db)
  const lost = await findLost(db, claims)
  if (lost === undefined) return undefined
  const above = Math.max(...claims.map(({ sequence }) => sequence))
  const { epoch, beginning } = await begin(db, options, above)
  const raised = await raiseCutOffs(session, beginning)
  const audit = {
    actor: { kind: 'system' },
    action: 'feed.rollback',
    objectType: 'feed',
    requestId: 'rollback',
  } as const
  await append([
    { tenant: lost.tenant, audit: { ...audit, objectId: epoch, after: { lostSequence: lost.sequence, beginning } } },
    ...raised.map(({ tenant, id, subject }) => ({
      tenant,
      audit: { ...audit, objectType: 'client', objectId: id, after: { cutOff: beginning } },
      subjects: () => [subject],
    })),
  ])
  return { epoch, beginning, lost, raised: raised.map(({ tenant, id }) => ({ tenant, clientId: id })) }
}

async function lockCounters(db: Kysely<Schema>): Promise<void> {
  const heads = await db.selectFrom('counters').select('tenant').orderBy('tenant').execute()
  for (const { tenant } of heads) {
    await db
      .updateTable('counters')
      .set((eb) => ({ sequence: eb.ref('sequence') }))
      .where('tenant', '=', tenant)
      .execute()
  }
  await db
    .updateTable('installation')
    .set((eb) => ({ position: eb.ref('position') }))
    .where('id', '=', 1)
    .execute()
}

/** The first claim that proves it: a number above the head, or another chain at a number that the log still has. */
async function findLost(db: Kysely<Schema>, claims: readonly HistoryClaim[]): Promise<HistoryClaim | undefined> {
  const { epoch, position } = await db.selectFrom('installation').selectAll().executeTakeFirstOrThrow()
  for (const claim of claims) {
    const isOfPosition = claim.of === 'position'
    const head = isOfPosition ? { sequence: position, chain: undefined } : await headOf(db, claim.tenant)
    if (claim.sequence > head.sequence) return claim
    if (claim.epoch !== epoch || claim.chain === undefined) continue
    const column = isOfPosition ? 'position' : 'sequence'
    let query = db.selectFrom('feed').select('chain').where(column, '=', claim.sequence)
    if (!isOfPosition) query = query.where('tenant', '=', claim.tenant)
    const found = await query.executeTakeFirst()
    const chain = found?.chain ?? (claim.sequence === head.sequence ? head.chain : undefined)
    if (chain !== undefined && chain !== claim.chain) return claim
  }
  return undefined
}

/** A tenant that is not there any more is one that had nothing. */
async function headOf(db: Kysely<Schema>, tenant: string): Promise<{ sequence: number; chain: string | undefined }> {
  const row = await db
    .selectFrom('counters')
    .select(['sequence', 'chain'])
    .where('tenant', '=', tenant)
    .executeTakeFirst()
  return row ?? { sequence: 0, chain: undefined }
}

/** Above every number of this database and of `above`, and above what any former epoch began with: the time, in microseconds. */
async function begin(
  db: Kysely<Schema>,
  options: Options,
  above: number,
): Promise<{ readonly epoch: string; readonly beginning: number }> {
  const epoch = Buffer.from(options.randomBytes(16)).toString('base64url')
  const { highest } = await db
    .selectFrom('counters')
    .select((eb) => eb.fn.max('sequence').as('highest'))
    .executeTakeFirstOrThrow()
  const { position } = await db.selectFrom('installation').select('position').executeTakeFirstOrThrow()
  const known = Math.max(above, highest ?? 0, position)
  const beginning = Math.max(known + gap, Math.floor(options.now() * 1_000_000))
  await db.updateTable('installation').set({ epoch, position: beginning, beginning }).where('id', '=', 1).execute()
  await db.updateTable('counters').set({ sequence: beginning }).execute()
  // Places name verifiers of the former history.
  await db.deleteFrom('verifier_positions').execute()
  return { epoch, beginning }
}

interface Raised {
  readonly tenant: string
  readonly id: string
  readonly subject: Subject
}

/** Of clients whose cut-off verifiers still remember: what it covers has ended for the others. */
async function raiseCutOffs({ db }: Session, beginning: number): Promise<readonly Raised[]> {
  const rows = await db
    .selectFrom('clients')
    .innerJoin('status_entries', (join) =>
      join
        .onRef('status_entries.tenant', '=', 'clients.tenant')
        .onRef('status_entries.id', '=', 'clients.id')
        .on('status_entries.type', '=', 'client'),
    )
    .selectAll('status_entries')
    .select('clients.version as row_version')
    .where('clients.cut_off', '>', 0)
    .where('status_entries.is_revoked', '=', 0)
    .where('status_entries.drop_at', '>', dropSeconds)
    .orderBy('status_entries.tenant')
    .orderBy('status_entries.id')
    .execute()
  const raised: Raised[] = []
  for (const row of rows) {
    const { tenant, id, state, dropAt } = decodeStatusEntry(row)
    const version = Math.max(row.row_version, row.version) + 1
    await sql`update clients set cut_off = ${beginning}, version = ${version}
      where tenant = ${tenant} and id = ${id}`.execute(db)
    const raisedState = { ...(state as ClientState), cutOff: beginning }
    raised.push({ tenant, id, subject: { type: 'client', id, version, state: raisedState, dropAt } })
  }
  return raised
}

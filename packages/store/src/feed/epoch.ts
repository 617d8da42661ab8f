/**
 * An epoch ends one history of the log and begins another (docs/protocol/feed.md §7.1). It begins above every number
 * known of any epoch, so that no two epochs share numbers. The new beginning hides the former log, which is cleaned up
 * with the rest.
 */
import type { ClientState, CutOffType, FeedObject } from '@countersign/core'
import { type Kysely, sql } from 'kysely'
import type { Database } from '../database.ts'
import { decodeStatusEntry } from '../records/status_entry.ts'
import type { Schema } from '../schema.ts'
import type { Session } from '../session.ts'
import type { StoreOptions } from '../store_options.ts'
import type { Append } from './append.ts'
import { dropSeconds } from './drop_time.ts'

/** A place known to have been in this installation's log: by a seal, a MAC, a signature, or by a server's own book. */
export interface HistoryClaim {
  readonly tenant: string
  /** `position`: `sequence` is one of the installation, which only servers know. Default `sequence`: it is the tenant's. */
  readonly of?: 'position'
  readonly sequence: number
  /** Without epoch and chain, only a number above the head proves anything. */
  readonly epoch?: string
  readonly chain?: string
}

/** An epoch that a lost part of the log made necessary. */
export interface EpochBegun {
  readonly epoch: string
  readonly beginning: number
  /** The claim that proved that the database went back. */
  readonly lost: HistoryClaim
  /** Clients, subjects and accounts whose older tokens end, since the number of their cut-off may have been given twice. */
  readonly raised: readonly { readonly tenant: string; readonly type: CutOffType; readonly id: string }[]
}

/** Far above the numbers that the other history can have reached meanwhile, and far below 2^53. */
const gap = 1_000_000_000

type Options = Pick<StoreOptions, 'randomBytes' | 'now'>

/** See `Store.startEpoch`. The audit chain goes on, since its events did happen. */
export function startEpoch(database: Database, options: Options, above: number): Promise<string> {
  return database.transact(async (db) => {
    await database.lockSchema(db)
    return (await begin(db, options, above)).epoch
  })
}

/**
 * Begins a new epoch when PostgreSQL writes another history than before: a standby was promoted, or a copy restored. The
 * first process that finds it does so. Acknowledged changes are in it when the standby was synchronous.
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
 * See `Store.leaveHistory`. The loss is proven again on rows that this transaction has locked: since the first look, another
 * process could have begun an epoch or committed the missing entries. Every recorded cut-off is raised to the new beginning,
 * since its number may have been given twice. `undefined` when nothing is lost.
 *
 * Locks are taken in the order of every other transaction: a tenant's own, its counters, the installation.
 */
export async function leaveHistory(
  session: Session,
  options: Options,
  claims: readonly HistoryClaim[],
  append: (changes: readonly Append[]) => Promise<unknown>,
): Promise<EpochBegun | undefined> {
  const { db } = session
  const byClient = await db.selectFrom('clients').select('tenant').distinct().where('cut_off', '>', 0).execute()
  const bySubject = await db
    .selectFrom('status_entries')
    .select('tenant')
    .distinct()
    .where('type', 'in', ['subject', 'account'])
    .execute()
  const tenants = new Set([...byClient, ...bySubject].map((row) => row.tenant))
  for (const tenant of [...tenants].sort()) await session.enter(tenant)
  await lockCounters(db)
  const lost = await findLost(db, claims)
  if (lost === undefined) return undefined
  const above = Math.max(...claims.map(({ sequence }) => sequence))
  const { epoch, beginning } = await begin(db, options, above)
  const raised = [...(await raiseCutOffs(session, beginning)), ...(await raiseParties(session, beginning))]
  const audit = {
    actor: { kind: 'system' },
    action: 'feed.rollback',
    objectType: 'feed',
    requestId: 'rollback',
  } as const
  await append([
    { tenant: lost.tenant, audit: { ...audit, objectId: epoch, after: { lostSequence: lost.sequence, beginning } } },
    ...raised.map(({ tenant, object }) => ({
      tenant,
      audit: { ...audit, objectType: object.type, objectId: object.id, after: { cutOff: beginning } },
      objects: () => [object],
    })),
  ])
  return { epoch, beginning, lost, raised: raised.map(({ tenant, object: { type, id } }) => ({ tenant, type, id })) }
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

/** The first claim that proves a loss: a number above the head, or another chain at a number that the log still has. */
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

/** A tenant without counters counts as one that had nothing. */
async function headOf(db: Kysely<Schema>, tenant: string): Promise<{ sequence: number; chain: string | undefined }> {
  const row = await db
    .selectFrom('counters')
    .select(['sequence', 'chain'])
    .where('tenant', '=', tenant)
    .executeTakeFirst()
  return row ?? { sequence: 0, chain: undefined }
}

/** Begins above every number of this database, above `above`, and above every former beginning: the time in microseconds. */
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
  // The positions are those of verifiers in the former history.
  await db.deleteFrom('verifier_positions').execute()
  return { epoch, beginning }
}

interface Raised {
  readonly tenant: string
  readonly object: Extract<FeedObject, { readonly type: CutOffType }>
}

/** Raises the cut-offs that verifiers still remember. Tokens that older cut-offs cover have ended. */
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
    raised.push({ tenant, object: { type: 'client', id, version, state: raisedState, dropAt } })
  }
  return raised
}

/** The cut-off of a subject or account stands in no row but the entry itself. */
async function raiseParties({ db }: Session, beginning: number): Promise<readonly Raised[]> {
  const rows = await db
    .selectFrom('status_entries')
    .selectAll()
    .where('type', 'in', ['subject', 'account'])
    .where('is_revoked', '=', 0)
    .where('drop_at', '>', dropSeconds)
    .orderBy('tenant')
    .orderBy('id')
    .execute()
  return rows.map((row) => {
    const { tenant, ...entry } = decodeStatusEntry(row)
    if (entry.type !== 'subject' && entry.type !== 'account') throw new TypeError('no party')
    const { id, version, state, dropAt } = entry
    const raised = { id, version: version + 1, dropAt, state: { ...state, cutOff: beginning } }
    return { tenant, object: { type: entry.type, ...raised } }
  })
}

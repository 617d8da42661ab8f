/**
 * The last statements of a transaction (docs/protocol/feed.md §1). All transactions take locks in one order, so that no
 * two of them wait for each other: first the counters of their tenants, sorted; last the installation's position, for
 * one insert and the commit. The rows are the locks, so a rollback leaves no gap and commit order is sequence order.
 */
import { hash } from 'node:crypto'
import type { FeedEntry, FeedObject, Seconds } from '@countersign/core'
import { chainInput, emptyChain, limits } from '@countersign/core'
import { sql } from 'kysely'
import { allDone } from '../all_done.ts'
import { isCount, isVersion } from '../check.ts'
import { type AuditDraft, type AuditEvent, insertAuditEvents } from '../records/audit_event.ts'
import { saveStatusEntries } from '../records/status_entry.ts'
import { insertOfRows, type JsonColumns, jsonRows, valuesOf } from '../rows/json_rows.ts'
import type { Schema } from '../schema.ts'
import type { Session } from '../session.ts'
import { isState } from '../stored_json.ts'
import { auditLink, auditMac } from './audit_link.ts'
import { dropSeconds, liftDropAt } from './drop_time.ts'

/** An entry with the installation's position, which servers follow. */
export type InstallationEntry = FeedEntry & { readonly tenant: string; readonly position: number }

/** The entries and the audit event of one change. The store appends them as the last statements before commit. */
export interface Append {
  readonly tenant: string
  readonly audit: AuditDraft
  /** The new states, one entry each, numbered from `sequence` on. Empty when no grant is made from what changed. */
  readonly objects?: (sequence: number) => readonly FeedObject[]
  /**
   * The client or family that the `token` objects count for, at `statusEntries.count`. Default: the client of each token
   * that is stored.
   */
  readonly countedFor?: string
  /** Last row changes that need the number of the first entry: a cut-off, an API's creation. They need an object. */
  readonly rows?: (sequence: number) => Promise<void>
}

interface Head {
  sequence: number
  chain: string
  auditSequence: number
  auditLink: string
  readonly dropTime: Seconds
  /** The installation's epoch and history, read with the lock. */
  readonly epoch: string
  readonly history: string | null
}

/** A tenant's counters as a transaction has locked them. */
export type LockedHead = Readonly<Pick<Head, 'sequence' | 'chain' | 'epoch' | 'history'>>

type TenantEntry = FeedEntry & { readonly tenant: string; readonly countedFor?: string | undefined }

/** All that one transaction appends. Its changes may come one after the other; `finish` writes the last of it. */
export class Appender {
  readonly #session: Session
  readonly #auditKey: Uint8Array
  readonly #assertFollows: (tenant: string, head: LockedHead) => void
  #heads = new Map<string, Head>()
  /** Locked before the first change. */
  readonly #locked = new Map<string, Readonly<Head>>()
  /** Numbered, and not written yet. */
  #events: AuditEvent[] = []
  #states: TenantEntry[] = []
  #entries: TenantEntry[] = []

  constructor(
    session: Session,
    auditKey: Uint8Array,
    assertFollows: (tenant: string, head: LockedHead) => void = () => {},
  ) {
    this.#session = session
    this.#auditKey = auditKey
    this.#assertFollows = assertFollows
  }

  /** How many entries there are. Those of a change begin here before it, and end here after it. */
  get count(): number {
    return this.#entries.length
  }

  /** Locks the counters of a tenant before anything is to be appended, so that this needs no message of its own then. */
  async lockAhead(tenant: string): Promise<void> {
    const head = await lockHead(this.#session, tenant)
    if (head !== undefined) this.#locked.set(tenant, head)
  }

  /** Numbers the changes, and writes their last rows. */
  async add(changes: readonly Append[]): Promise<void> {
    await this.#lockHeads(changes)
    const firsts: number[] = []
    for (const change of changes) {
      const head = this.#heads.get(change.tenant)!
      firsts.push(head.sequence + 1)
      const event = nextEvent(head, change, this.#session.now(), this.#auditKey)
      const entries = nextEntries(head, change, event)
      this.#events.push(event)
      this.#states.push(...entries)
      this.#entries.push(...entries)
    }
    for (const [index, change] of changes.entries()) await change.rows?.(firsts[index]!)
  }

  /** Keeps what was added until now. The function given takes everything back that was added since. */
  mark(): () => void {
    const kept = [...this.#heads].map(([tenant, head]) => [tenant, { ...head }] as const)
    const lists = [this.#events, this.#states, this.#entries] as const
    const lengths = lists.map(({ length }) => length)
    return () => {
      this.#heads = new Map(kept)
      // A list that was written since is another one, and what it held is undone with the rest.
      for (const [index, list] of lists.entries()) list.length = lengths[index]!
      ;[this.#events, this.#states, this.#entries] = lists
    }
  }

  async flush(): Promise<void> {
    const [events, states] = [this.#events, this.#states]
    this.#events = []
    this.#states = []
    // Sent together where the database takes statements in a row: neither reads what the other writes.
    await allDone(insertAuditEvents(this.#session, events), saveStatusEntries(this.#session, states))
  }

  /** The last statements before the commit. */
  async finish(): Promise<readonly InstallationEntry[]> {
    await allDone(this.#session.flush(), saveHeads(this.#session, this.#heads, this.#auditKey))
    return this.#entries.length === 0 ? [] : insertEntries(this.#session, this.#entries)
  }

  async #lockHeads(changes: readonly Append[]): Promise<void> {
    for (const tenant of [...new Set(changes.map((change) => change.tenant))].sort()) {
      if (this.#heads.has(tenant)) continue
      await this.#session.enter(tenant)
      const locked = this.#locked.get(tenant) ?? (await lockHead(this.#session, tenant))
      const head = { ...(locked ?? (await createHead(this.#session, tenant))) }
      this.#assertFollows(tenant, head)
      this.#heads.set(tenant, head)
    }
  }
}

/** SQLite has one writer, and nothing to lock. */
async function lockHead({ db, dialect }: Session, tenant: string): Promise<Head | undefined> {
  const query = db
    .selectFrom('counters')
    .select(['sequence', 'chain', 'audit_sequence', 'audit_link', dropSeconds.as('drop_time')])
    .select([epoch.as('epoch'), history.as('history')])
    .where('tenant', '=', tenant)
  const row = await (dialect === 'postgres' ? query.forUpdate() : query).executeTakeFirst()
  if (row === undefined) return undefined
  return {
    sequence: row.sequence,
    chain: row.chain,
    auditSequence: row.audit_sequence,
    auditLink: row.audit_link,
    dropTime: row.drop_time,
    epoch: row.epoch,
    history: row.history,
  }
}

const epoch = sql<string>`(select epoch from installation)`
const history = sql<string | null>`(select history from installation)`
/** A tenant that is new in an epoch begins like all others, so that no number of a former epoch is given again. */
const beginning = sql<number>`(select beginning from installation)`

/** A second process waits for the first one's insert, and then finds its row. */
async function createHead(session: Session, tenant: string): Promise<Head> {
  await session.db
    .insertInto('counters')
    .values({ tenant, sequence: beginning, chain: emptyChain, audit_sequence: 0, audit_link: '' })
    .onConflict((conflict) => conflict.column('tenant').doNothing())
    .execute()
  return (await lockHead(session, tenant))!
}

function nextEvent(head: Head, change: Append, at: number, auditKey: Uint8Array): AuditEvent {
  head.auditSequence += 1
  const event = { ...change.audit, tenant: change.tenant, sequence: head.auditSequence, at }
  head.auditLink = auditLink(auditKey, head.auditLink, event)
  return { ...event, link: head.auditLink }
}

function nextEntries(head: Head, change: Append, event: AuditEvent): TenantEntry[] {
  const objects = change.objects?.(head.sequence + 1) ?? []
  if (objects.length === 0 && change.rows !== undefined) throw new Error('rows are given, but no entry numbers them')
  return objects.map((object) => {
    assertObject(object)
    const { type, id, version, state } = object
    const dropAt = liftDropAt(object.dropAt, head.dropTime, event.at)
    head.sequence += 1
    const unchained = { type, id, version, state, dropAt, sequence: head.sequence, at: event.at, audit: event.link }
    head.chain = hash('sha256', chainInput(head.chain, unchained as Omit<FeedEntry, 'chain'>), 'base64url')
    return { ...unchained, chain: head.chain, tenant: change.tenant, countedFor: change.countedFor } as TenantEntry
  })
}

/** UTF-8, for a character of JavaScript. */
const bytesOfCharacterMax = 3

/** Checked before the commit: afterwards every verifier would refuse an entry that it cannot read. */
function assertObject(object: FeedObject): void {
  const { type, id, version, state, dropAt } = object
  const idBytes = Buffer.byteLength(id)
  const idBytesMax = type === 'subject' ? limits.subjectCharactersMax * bytesOfCharacterMax : limits.identityBytesMax
  if (idBytes === 0 || idBytes > idBytesMax) throw new Error(`the id of a ${type} has ${idBytes} bytes`)
  if (!isVersion(version)) throw new Error(`the version of a ${type} is not a whole number from 1`)
  if (!isCount(dropAt)) throw new Error(`dropAt of a ${type} is not a whole number of seconds`)
  if (!isState[type]?.(state)) throw new Error(`the state of a ${type} has the wrong shape`)
}

async function saveHeads(session: Session, heads: ReadonlyMap<string, Head>, auditKey: Uint8Array): Promise<void> {
  for (const [tenant, head] of heads) {
    await session.db
      .updateTable('counters')
      .set({
        sequence: head.sequence,
        chain: head.chain,
        audit_sequence: head.auditSequence,
        audit_link: head.auditLink,
        audit_mac: auditMac(auditKey, tenant, head.auditSequence, head.auditLink),
      })
      .where('tenant', '=', tenant)
      .execute()
  }
}

const columns: JsonColumns<Schema['feed']> = {
  tenant: 'text',
  sequence: 'bigint',
  position: 'bigint',
  type: 'text',
  id: 'text',
  version: 'bigint',
  state: 'text',
  drop_at: 'bigint',
  at: 'bigint',
  audit: 'text',
  chain: 'text',
}
const insertRows = insertOfRows('feed', columns)

async function insertEntries(session: Session, entries: readonly TenantEntry[]): Promise<readonly InstallationEntry[]> {
  const rows = entries.map((entry, index) => ({
    tenant: entry.tenant,
    sequence: entry.sequence,
    position: index + 1,
    type: entry.type,
    id: entry.id,
    version: entry.version,
    state: JSON.stringify(entry.state),
    drop_at: entry.dropAt,
    at: entry.at,
    audit: entry.audit,
    chain: entry.chain,
  }))
  const before = await takePositions(session, rows)
  return entries.map(
    ({ countedFor: _, ...entry }, index) => ({ ...entry, position: before + index + 1 }) as InstallationEntry,
  )
}

/** Writes the rows, whose positions are counted from 1. Gives the position before them all. */
async function takePositions(session: Session, rows: readonly Schema['feed'][]): Promise<number> {
  const { db, dialect } = session
  const names = Object.keys(columns)
  if (dialect === 'postgres') {
    // One message, since all other tenants wait for the position until the commit.
    const taking = sql<{ readonly before: number }>`
      with taken as (
        update installation set position = position + ${rows.length}::bigint where id = 1
        returning position - ${rows.length}::bigint as before
      ), said as (
        insert into feed (${sql.join(names.map((name) => sql.ref(name)))})
        select ${sql.join(names.map((name) => (name === 'position' ? sql`before + position` : sql.ref(name))))}
        from ${jsonRows(dialect, columns, valuesOf(columns, rows))} as r, taken
      )
      select before from taken`.execute(db)
    await allDone(taking, session.announce())
    return (await taking).rows[0]!.before
  }
  const { position } = await db
    .updateTable('installation')
    .set((eb) => ({ position: eb('position', '+', rows.length) }))
    .where('id', '=', 1)
    .returning('position')
    .executeTakeFirstOrThrow()
  const before = position - rows.length
  const numbered = rows.map((row) => ({ ...row, position: before + row.position }))
  await insertRows(session, numbered)
  return before
}

import { createHmac } from 'node:crypto'
import { timingSafeEqual } from '@countersign/core'
import type { Kysely } from 'kysely'
import type { Database } from '../database.ts'
import { PoisonedRowError } from '../errors.ts'
import { type AuditEvent, decodeAuditEvent } from '../records/audit_event.ts'
import type { Schema } from '../schema.ts'

const pageRows = 500

/**
 * Base64url HMAC-SHA256 over the previous link and the event, with the members of objects sorted. An attacker who can write
 * the database but does not hold the key cannot make a chain that verifies.
 */
export function auditLink(key: Uint8Array, previous: string, event: Omit<AuditEvent, 'link'>): string {
  const { tenant, sequence, at, actor, action, objectType, objectId, teamId, before, after, requestId } = event
  // Most events are of no team, and their links are as they were before there were teams.
  const team = teamId === undefined ? [] : [teamId]
  const members = [
    previous,
    tenant,
    sequence,
    at,
    actor,
    action,
    objectType,
    objectId,
    before,
    after,
    requestId,
    ...team,
  ]
  return createHmac('sha256', key).update(JSON.stringify(members, sortMembers)).digest('base64url')
}

/** Base64url HMAC-SHA256 of the end of a tenant's log. It shares the key of the links; no event has its text, a list of three. */
export function auditMac(key: Uint8Array, tenant: string, sequence: number, link: string): string {
  return createHmac('sha256', key)
    .update(JSON.stringify([tenant, sequence, link]))
    .digest('base64url')
}

/** Makes equal events give equal text, in whichever order their members were written or stored. */
function sortMembers(_name: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
}

/**
 * Walks the whole chain: each link holds, no sequence is missing, the chain ends where the counters say, and the MAC proves
 * that the writer of that end had the key. Every entry of the feed names the audit link it was written with. An entry that
 * names none of these links shows that events were cut off behind an older, genuine end. `expected` is an end that was noted
 * elsewhere.
 */
export function verifyAudit(
  database: Database,
  tenant: string,
  key: Uint8Array,
  expected?: AuditHead,
): Promise<AuditVerdict> {
  return database.readTransaction(async (db) => {
    const head = await db
      .selectFrom('counters')
      .select(['audit_sequence', 'audit_link', 'audit_mac'])
      .where('tenant', '=', tenant)
      .executeTakeFirst()
    const feed = feedLinks(db, tenant)
    let said = await feed.next()
    let events = 0
    let previous = ''
    const broken = (): AuditVerdict => ({ events, link: previous, brokenAt: events + 1 })
    for await (const row of auditRows(db, tenant)) {
      const link = linkOf(row, events + 1, previous, key)
      if (link === undefined) return broken()
      if (expected?.sequence === events + 1 && !timingSafeEqual(expected.link, link)) return broken()
      events += 1
      previous = link
      // Both logs are in commit order. The feed begins later, since its old entries are cleaned up.
      while (said.done !== true && said.value === link) said = await feed.next()
    }
    if (head === undefined || said.done !== true || (expected?.sequence ?? 0) > events) return broken()
    const isEnd = events === head.audit_sequence && timingSafeEqual(previous, head.audit_link)
    const isSealed = timingSafeEqual(auditMac(key, tenant, events, previous), head.audit_mac ?? '')
    return isEnd && isSealed ? { events, link: previous } : broken()
  })
}

/** The end of an audit log. */
export interface AuditHead {
  readonly sequence: number
  readonly link: string
}

/** The result of verifying an audit log. */
export interface AuditVerdict {
  /** How many events verify, counted from the first. */
  readonly events: number
  /** The link of the last of them. */
  readonly link: string
  /** Sequence of the first event that does not verify; absent when all do. */
  readonly brokenAt?: number
}

/** Looks into every table that names tenants: a row that was removed from one of them must not hide its tenant. */
export async function auditedTenants({ reader }: Database): Promise<readonly string[]> {
  const tables = ['tenant_slugs', 'counters', 'audit', 'feed'] as const
  const found = new Set<string>()
  for (const table of tables) {
    const rows = await reader.selectFrom(table).select('tenant').distinct().execute()
    for (const { tenant } of rows) found.add(tenant)
  }
  return [...found].sort()
}

/** Seals the heads of older databases. The migration calls it once: a MAC that is missing later was removed by somebody. */
export async function sealAuditHeads(db: Kysely<Schema>, key: Uint8Array): Promise<void> {
  const heads = await db.selectFrom('counters').select(['tenant', 'audit_sequence', 'audit_link']).execute()
  for (const { tenant, audit_sequence: sequence, audit_link: link } of heads) {
    const mac = auditMac(key, tenant, sequence, link)
    await db.updateTable('counters').set({ audit_mac: mac }).where('tenant', '=', tenant).execute()
  }
}

/** The row's link when it verifies, else `undefined`. */
function linkOf(row: Schema['audit'], sequence: number, previous: string, key: Uint8Array): string | undefined {
  try {
    const event = decodeAuditEvent(row)
    const link = auditLink(key, previous, event)
    return event.sequence === sequence && timingSafeEqual(event.link, link) ? link : undefined
  } catch (error) {
    if (error instanceof PoisonedRowError) return undefined
    throw error
  }
}

async function* auditRows(db: Kysely<Schema>, tenant: string): AsyncGenerator<Schema['audit']> {
  let after = -1
  for (;;) {
    const rows = await db
      .selectFrom('audit')
      .selectAll()
      .where('tenant', '=', tenant)
      .where('sequence', '>', after)
      .orderBy('sequence')
      .limit(pageRows)
      .execute()
    yield* rows
    const last = rows.at(-1)
    if (last === undefined) return
    after = last.sequence
  }
}

/** The audit link of every entry that the feed still has, in order. Entries of one event repeat their link. */
async function* feedLinks(db: Kysely<Schema>, tenant: string): AsyncGenerator<string, undefined> {
  let after = -1
  for (;;) {
    const rows = await db
      .selectFrom('feed')
      .select(['sequence', 'audit'])
      .where('tenant', '=', tenant)
      .where('sequence', '>', after)
      .orderBy('sequence')
      .limit(pageRows)
      .execute()
    for (const { audit } of rows) yield audit
    const last = rows.at(-1)
    if (last === undefined) return undefined
    after = last.sequence
  }
}

import { createHmac } from 'node:crypto'
import { timingSafeEqual } from '@countersign/core'
import type { Kysely } from 'kysely'
import type { Database } from '../database.ts'
import { PoisonedRowError } from '../errors.ts'
import type { AuditEvent } from '../records.ts'
import { decodeAuditEvent } from '../repositories/audit_event.ts'
import type { Schema } from '../schema.ts'

const pageRows = 500

/**
 * Base64url HMAC-SHA256 over the previous link and the event, with the members of objects sorted. Whoever can write the
 * database but does not hold the key cannot make a chain that verifies.
 */
export function auditLink(key: Uint8Array, previous: string, event: Omit<AuditEvent, 'link'>): string {
  const { tenant, sequence, at, actor, action, objectType, objectId, before, after, requestId } = event
  const members = [previous, tenant, sequence, at, actor, action, objectType, objectId, before, after, requestId]
  return createHmac('sha256', key).update(JSON.stringify(members, sortMembers)).digest('base64url')
}

/** Equal events give equal text, whichever order their members were written or stored in. */
function sortMembers(_name: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** Walks the whole chain: each link, no sequence missing, and an end where the counters say that it ends. */
export function verifyAudit(
  database: Database,
  tenant: string,
  key: Uint8Array,
): Promise<{ readonly events: number; readonly brokenAt?: number }> {
  return database.readTransaction(async (db) => {
    const head = await db
      .selectFrom('counters')
      .select(['audit_sequence', 'audit_link'])
      .where('tenant', '=', tenant)
      .executeTakeFirst()
    let events = 0
    let previous = ''
    for await (const row of auditRows(db, tenant)) {
      const link = linkOf(row, events + 1, previous, key)
      if (link === undefined) return { events, brokenAt: events + 1 }
      events += 1
      previous = link
    }
    if (events === (head?.audit_sequence ?? 0) && timingSafeEqual(previous, head?.audit_link ?? '')) return { events }
    return { events, brokenAt: events + 1 }
  })
}

/** The row's link if it holds, else `undefined`. */
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

import type { Seconds } from '@countersign/core'
import { type Check, isText, oneOf, optional, shape } from '../check.ts'
import type { Row } from '../columns.ts'
import { Columns, jsonOrNull, present } from '../columns.ts'
import { decodeSound } from '../page.ts'
import { isAmong, unindexed } from '../rows/among.ts'
import { insertOfRows, type JsonColumns } from '../rows/json_rows.ts'
import type { Schema } from '../schema.ts'
import type { Session } from '../session.ts'

/** The party that made a change; `system` acts by itself, without a request. A new kind of caller is a new member here. */
export type AuditActor =
  | { readonly kind: 'system' }
  /** A client that authenticated itself, such as at the revocation endpoint. */
  | ({ readonly kind: 'client'; readonly clientId: string } & FromAddress)
  /** A key or token of a client, or a session, whose account is named too. */
  | ({
      readonly kind: 'credential'
      readonly clientId: string
      readonly credentialId: string
      readonly accountId?: string
    } & FromAddress)
  /** A person who signs in: no session is there yet. */
  | ({ readonly kind: 'account'; readonly accountId: string } & FromAddress)

interface FromAddress {
  /** The caller's IP address. */
  readonly address?: string
  /** The caller's own `X-Request-Id`. */
  readonly callerRequestId?: string
}

type ActorOf<Kind extends AuditActor['kind']> = Extract<AuditActor, { readonly kind: Kind }>

/** One change, as the audit log keeps it. */
export interface AuditEvent {
  readonly tenant: string
  readonly sequence: number
  readonly at: Seconds
  readonly actor: AuditActor
  /** `key.create`, `client.update`, … */
  readonly action: string
  readonly objectType: string
  readonly objectId: string
  /** The team that the object is of, so that its members find the event. */
  readonly teamId?: string
  readonly before?: unknown
  readonly after?: unknown
  readonly requestId: string
  /** HMAC over the previous link and this event, base64url. */
  readonly link: string
}

/** The part of an audit event that its writer gives; the append adds sequence, time and link. */
export type AuditDraft = Pick<
  AuditEvent,
  'actor' | 'action' | 'objectType' | 'objectId' | 'teamId' | 'before' | 'after' | 'requestId'
>

export interface AuditFilter {
  readonly objectId?: string
  readonly action?: string
  /** Only events about these teams and what is of them. */
  readonly teamIds?: readonly string[]
}

export interface AuditReads {
  /** Lists the newest first. `after` is a sequence. */
  list(
    tenant: string,
    filter: AuditFilter,
    page: { readonly limit: number; readonly after?: number },
  ): Promise<readonly AuditEvent[]>
}

/** Names every kind, so that a new one does not compile without its check. */
const actorChecks: { readonly [Kind in AuditActor['kind']]: Check<ActorOf<Kind>> } = {
  system: shape<ActorOf<'system'>>({ kind: oneOf({ system: true }) }),
  client: shape<ActorOf<'client'>>({
    kind: oneOf({ client: true }),
    clientId: isText,
    address: optional(isText),
    callerRequestId: optional(isText),
  }),
  credential: shape<ActorOf<'credential'>>({
    kind: oneOf({ credential: true }),
    clientId: isText,
    credentialId: isText,
    accountId: optional(isText),
    address: optional(isText),
    callerRequestId: optional(isText),
  }),
  account: shape<ActorOf<'account'>>({
    kind: oneOf({ account: true }),
    accountId: isText,
    address: optional(isText),
    callerRequestId: optional(isText),
  }),
}

const isActor: Check<AuditActor> = (value): value is AuditActor =>
  Object.values(actorChecks).some((check) => check(value))

export function readAudit(session: Session): AuditReads {
  return {
    async list(tenant, filter, page) {
      await session.enter(tenant)
      await session.flush()
      const events: AuditEvent[] = []
      let before = page.after
      while (events.length < page.limit) {
        const rows = await selectAudit(session, tenant, filter, before)
          .limit(page.limit - events.length)
          .execute()
        events.push(...decodeSound(session, rows, decodeAuditEvent))
        before = rows.at(-1)?.sequence
        if (before === undefined) break
      }
      return events
    },
  }
}

function selectAudit(session: Session, tenant: string, filter: AuditFilter, before: number | undefined) {
  let query = session.db.selectFrom('audit').selectAll().where('tenant', '=', tenant)
  if (filter.objectId !== undefined) query = query.where('object_id', '=', filter.objectId)
  if (filter.action !== undefined) query = query.where('action', '=', filter.action)
  if (filter.teamIds !== undefined) query = query.where(isAmong(session, 'team_id', filter.teamIds))
  if ((filter.teamIds?.length ?? 1) === 1) {
    if (before !== undefined) query = query.where('sequence', '<', before)
    return query.orderBy('sequence', 'desc')
  }
  const sequence = unindexed<number>(session, 'sequence')
  if (before !== undefined) query = query.where(sequence, '<', before)
  return query.orderBy(sequence, 'desc')
}

export async function insertAuditEvents(session: Session, events: readonly AuditEvent[]): Promise<void> {
  await insertRows(session, events.map(encodeAuditEvent))
}

const text = 'text'
const whole = 'bigint'
const columns: JsonColumns<Schema['audit']> = {
  tenant: text,
  sequence: whole,
  at: whole,
  actor: text,
  action: text,
  object_type: text,
  object_id: text,
  before: text,
  after: text,
  request_id: text,
  link: text,
  team_id: text,
}
const insertRows = insertOfRows('audit', columns)

function encodeAuditEvent(event: AuditEvent) {
  return {
    tenant: event.tenant,
    sequence: event.sequence,
    at: event.at,
    actor: JSON.stringify(event.actor),
    action: event.action,
    object_type: event.objectType,
    object_id: event.objectId,
    before: jsonOrNull(event.before),
    after: jsonOrNull(event.after),
    request_id: event.requestId,
    link: event.link,
    team_id: event.teamId ?? null,
  }
}

export function decodeAuditEvent(row: Row): AuditEvent {
  const columns = new Columns('audit', row.sequence, row)
  return present({
    tenant: columns.text('tenant'),
    sequence: columns.count('sequence'),
    at: columns.count('at'),
    actor: columns.json('actor', isActor),
    action: columns.text('action'),
    objectType: columns.text('object_type'),
    objectId: columns.text('object_id'),
    teamId: columns.optionalText('team_id'),
    before: columns.optionalJson('before', isSomething),
    after: columns.optionalJson('after', isSomething),
    requestId: columns.text('request_id'),
    link: columns.text('link'),
  })
}

/** Absent and `null` are both stored as SQL's NULL, so JSON's `null` was never written here. */
function isSomething(value: unknown): value is unknown {
  return value !== undefined && value !== null
}

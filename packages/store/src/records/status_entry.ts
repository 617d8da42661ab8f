/** The latest state of every object that the feed spoke about, for snapshots and for the limits of a client. */
import { type FeedEntry, type FeedObject, type ObjectType, splitClientObjectId } from '@countersign/core'
import { sql } from 'kysely'
import type { Row } from '../columns.ts'
import { Columns } from '../columns.ts'
import { dropSeconds } from '../feed/drop_time.ts'
import { inParts } from '../in_parts.ts'
import { insertOfRows, type JsonColumns } from '../rows/json_rows.ts'
import type { Schema } from '../schema.ts'
import type { Session } from '../session.ts'
import { isObjectType, isState } from '../stored_json.ts'

/** The latest state of one object, and the sequence of the entry that said so. */
export type StatusEntry = FeedObject & { readonly tenant: string; readonly sequence: number }

export interface StatusEntryReads {
  find(tenant: string, type: ObjectType, id: string): Promise<StatusEntry | undefined>
  /**
   * Counts live entries about the tokens of one client or family: docs/protocol/feed.md §2.1. `token` counts those too that
   * name a token by its client.
   */
  count(tenant: string, type: 'client_token' | 'token' | 'external_token', countedFor: string): Promise<number>
  /** Counts live entries about subjects. */
  countSubjects(tenant: string): Promise<number>
}

export function readStatusEntries(session: Session): StatusEntryReads {
  return {
    async find(tenant, type, id) {
      await session.enter(tenant)
      await session.flush()
      const row = await session.db
        .selectFrom('status_entries')
        .selectAll()
        .where('tenant', '=', tenant)
        .where('type', '=', type)
        .where('id', '=', id)
        .executeTakeFirst()
      return row && decodeStatusEntry(row)
    },
    async count(tenant, type, countedFor) {
      const live = await countLive(session, tenant, type === 'token' ? ['token', 'issued_token'] : [type])
      const row = await live.where('client_id', '=', countedFor).executeTakeFirst()
      return row?.count ?? 0
    },
    async countSubjects(tenant) {
      const row = await (await countLive(session, tenant, ['subject'])).executeTakeFirst()
      return row?.count ?? 0
    },
  }
}

/** Counts live entries of these types. */
async function countLive(session: Session, tenant: string, types: readonly ObjectType[]) {
  await session.enter(tenant)
  await session.flush()
  return session.db
    .selectFrom('status_entries')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('tenant', '=', tenant)
    .where('type', 'in', types)
    .where('drop_at', '>', dropSeconds)
}

/** An entry as it is appended. `countedFor` is given for tokens that are not stored. */
type Entry = FeedEntry & { readonly tenant: string; readonly countedFor?: string | undefined }

/**
 * The higher version wins. `revoked` beats every version, and nothing but `revoked` replaces it
 * (docs/protocol/feed.md §1).
 */
export async function saveStatusEntries(session: Session, entries: readonly Entry[]): Promise<void> {
  const owners = await findOwners(session, entries)
  const rows = latest(entries).map((entry) => ({
    tenant: entry.tenant,
    type: entry.type,
    id: entry.id,
    version: entry.version,
    is_revoked: entry.state.status === 'revoked' ? 1 : 0,
    state: JSON.stringify(entry.state),
    drop_at: entry.dropAt,
    sequence: entry.sequence,
    client_id: ownerOf(entry) ?? owners.get(identity(entry)) ?? null,
  }))
  await replaceRows(session, rows)
}

const columns: JsonColumns<Schema['status_entries']> = {
  tenant: 'text',
  type: 'text',
  id: 'text',
  version: 'bigint',
  is_revoked: 'bigint',
  state: 'text',
  drop_at: 'bigint',
  sequence: 'bigint',
  client_id: 'text',
}

const replaceRows = insertOfRows(
  'status_entries',
  columns,
  sql`
  on conflict (tenant, type, id) do update set version = excluded.version, is_revoked = excluded.is_revoked,
    state = excluded.state, drop_at = excluded.drop_at, sequence = excluded.sequence, client_id = excluded.client_id
  where excluded.is_revoked > status_entries.is_revoked
    or (excluded.is_revoked = status_entries.is_revoked and excluded.version > status_entries.version)`,
)

/** Keeps the winning entry of each object, since one statement may touch a row only once. */
function latest(entries: readonly Entry[]): readonly Entry[] {
  const winners = new Map<string, Entry>()
  for (const entry of entries) {
    const other = winners.get(identity(entry))
    if (other === undefined || supersedes(entry, other)) winners.set(identity(entry), entry)
  }
  return [...winners.values()]
}

function supersedes(entry: Entry, other: Entry): boolean {
  const isRevoked = entry.state.status === 'revoked'
  const wasRevoked = other.state.status === 'revoked'
  return isRevoked === wasRevoked ? entry.version > other.version : isRevoked
}

function identity(entry: Pick<Entry, 'tenant' | 'type' | 'id'>): string {
  return JSON.stringify([entry.tenant, entry.type, entry.id])
}

/** The client or family of a token, where the entry itself names it. Only entries about tokens are counted so. */
function ownerOf(entry: Entry): string | undefined {
  switch (entry.type) {
    case 'client_token':
    case 'issued_token':
      return splitClientObjectId(entry.id).clientId
    case 'token':
    case 'external_token':
      return entry.countedFor
    case 'tenant':
    case 'api':
    case 'client':
    case 'subject':
    case 'account':
    case 'consent':
    case 'family':
    case 'session':
    case 'public_key':
    case 'client_secret':
    case 'key':
    case 'opaque_token':
    case 'signing_key':
    case 'trusted_issuer':
      return undefined
  }
}

/** The clients of stored tokens, by the identity of their entries. */
async function findOwners({ db }: Session, entries: readonly Entry[]): Promise<ReadonlyMap<string, string>> {
  const wanted = entries.filter((entry) => entry.type === 'token' && entry.countedFor === undefined)
  const owners = new Map<string, string>()
  for (const [tenant, group] of Map.groupBy(wanted, (entry) => entry.tenant)) {
    const ids = group.map((entry) => entry.id)
    const rows = await inParts(ids, (part) =>
      db
        .selectFrom('tokens')
        .select(['jti', 'client_id'])
        .where('tenant', '=', tenant)
        .where('jti', 'in', part)
        .execute(),
    )
    for (const row of rows) owners.set(identity({ tenant, type: 'token', id: row.jti }), row.client_id)
  }
  return owners
}

export function decodeStatusEntry(row: Row): StatusEntry {
  const columns = new Columns('status_entries', row.id, row)
  return {
    ...decodeObject(columns),
    tenant: columns.text('tenant'),
    sequence: columns.count('sequence'),
  } as StatusEntry
}

/** The members that status entries and feed entries share. */
export function decodeObject(columns: Columns) {
  const type = columns.word('type', isObjectType)
  return {
    type,
    id: columns.text('id'),
    version: columns.version(),
    state: columns.json<object>('state', isState[type]),
    dropAt: columns.count('drop_at'),
  }
}

import type { FeedEntry } from '@countersign/core'
import { inParts } from '../in_parts.ts'
import type { Schema } from '../schema.ts'
import type { Session } from '../session.ts'

type Entry = FeedEntry & { readonly tenant: string; readonly clientId?: string | undefined }

/** The higher version wins; `revoked` beats every version and is replaced by nothing else (feed.md §1). */
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
  await inParts(rows, (part) => upsert(session, part))
}

function upsert({ db }: Session, rows: readonly Schema['status_entries'][]) {
  return db
    .insertInto('status_entries')
    .values([...rows])
    .onConflict((conflict) =>
      conflict
        .columns(['tenant', 'type', 'id'])
        .doUpdateSet((eb) => ({
          version: eb.ref('excluded.version'),
          is_revoked: eb.ref('excluded.is_revoked'),
          state: eb.ref('excluded.state'),
          drop_at: eb.ref('excluded.drop_at'),
          sequence: eb.ref('excluded.sequence'),
          client_id: eb.ref('excluded.client_id'),
        }))
        .where((eb) =>
          eb.or([
            eb('excluded.is_revoked', '>', eb.ref('status_entries.is_revoked')),
            eb.and([
              eb('excluded.is_revoked', '=', eb.ref('status_entries.is_revoked')),
              eb('excluded.version', '>', eb.ref('status_entries.version')),
            ]),
          ]),
        ),
    )
    .execute()
}

/** One statement may touch a row only once: of several entries about one object, the one that wins. */
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

/** A self-issued JWT's id begins with its client's (core, `clientTokenId`). */
function ownerOf(entry: Entry): string | undefined {
  if (entry.type === 'client_token') return entry.id.slice(0, entry.id.indexOf(' '))
  return entry.type === 'token' ? entry.clientId : undefined
}

/** Of kept tokens, the store knows whose they are. */
async function findOwners({ db }: Session, entries: readonly Entry[]): Promise<ReadonlyMap<string, string>> {
  const wanted = entries.filter((entry) => entry.type === 'token' && entry.clientId === undefined)
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

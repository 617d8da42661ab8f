import type { Seconds } from '@countersign/core'
import { sql } from 'kysely'
import type { Database } from '../database.ts'
import { inParts } from '../in_parts.ts'
import { jsonRows } from '../rows/json_rows.ts'
import type { Schema } from '../schema.ts'
import type { Session } from '../session.ts'
import type { UsageCount } from './count.ts'

/** When a key was last verified for a scope. */
export interface LastUse {
  readonly keyId: string
  readonly scope: string
  readonly at: Seconds
  /** The network or address that it was used from; absent where nobody knew, and once `forgetAddresses` had its turn. */
  readonly address?: string
}

const shownMax = 1_000

export async function lastUses(session: Session, tenant: string, keyId: string): Promise<readonly LastUse[]> {
  const rows = await session.db
    .selectFrom('last_uses')
    .select(['key_id', 'scope', 'at', 'address'])
    .where('tenant', '=', tenant)
    .where('key_id', '=', keyId)
    .orderBy('at', 'desc')
    .orderBy('scope')
    .limit(shownMax)
    .execute()
  return rows.map(decodeLastUse)
}

export async function lastUsed(
  session: Session,
  tenant: string,
  keyIds: readonly string[],
): Promise<ReadonlyMap<string, LastUse>> {
  const latestFirst = sql<number>`row_number() over (partition by key_id order by at desc, scope)`
  const rows = await inParts(keyIds, (ids) => {
    const ranked = session.db
      .selectFrom('last_uses')
      .select(['key_id', 'scope', 'at', 'address', latestFirst.as('place')])
      .where('tenant', '=', tenant)
      .where('key_id', 'in', ids)
    return session.db.selectFrom(ranked.as('ranked')).selectAll().where('place', '=', 1).execute()
  })
  return new Map(rows.map((row) => [row.key_id, decodeLastUse(row)]))
}

function decodeLastUse({ key_id, scope, at, address }: Omit<Schema['last_uses'], 'tenant'>): LastUse {
  return { keyId: key_id, scope, at, ...(address === null ? {} : { address }) }
}

/** Forgets the addresses of uses before `end`, of so many at most, and of none that another process writes meanwhile. Gives how many. */
export function forgetAddresses(database: Database, tenant: string, end: Seconds, limit: number): Promise<number> {
  return database.transact(async (db) => {
    const result = await sql`update last_uses set address = null where tenant = ${tenant} and (key_id, scope) in (
      select key_id, scope from last_uses
      where tenant = ${tenant} and at < ${Math.floor(end)} and address is not null limit ${limit})
      and at < ${Math.floor(end)}`.execute(db)
    return Number(result.numAffectedRows ?? 0)
  })
}

/** Notes keys alone: tokens come and go, and a row for each would stay. The later time wins, in any order of arrival. */
export async function noteLastUses(
  session: Pick<Session, 'db' | 'dialect'>,
  tenant: string,
  counts: readonly UsageCount[],
): Promise<void> {
  const latest = new Map<string, Omit<Schema['last_uses'], 'tenant'>>()
  for (const { credentialId, scope, outcome, minuteAt, lastAt, lastAddress = null } of counts) {
    if (outcome !== 'verified' || credentialId === '') continue
    const identity = `${credentialId} ${scope}`
    const at = Math.floor(lastAt ?? minuteAt)
    if (at < (latest.get(identity)?.at ?? 0)) continue
    latest.set(identity, { key_id: credentialId, scope, at, address: lastAddress })
  }
  if (latest.size === 0) return
  const rows = [...latest]
    // All batches use this order, so that two of them cannot deadlock.
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, { key_id, scope, at, address }]) => [key_id, scope, at, address])
  const used = jsonRows(session.dialect, { key_id: 'text', scope: 'text', at: 'bigint', address: 'text' }, rows)
  await sql`
    insert into last_uses (tenant, key_id, scope, at, address)
    select ${tenant}, key_id, scope, at, address from ${used} as used
    where exists (select 1 from keys where keys.tenant = ${tenant} and keys.id = used.key_id)
    on conflict (tenant, key_id, scope) do update set at = excluded.at, address = excluded.address where last_uses.at < excluded.at
  `.execute(session.db)
}

import type { Seconds } from '@countersign/core'
import { sql } from 'kysely'
import { inParts } from '../in_parts.ts'
import { jsonRows } from '../rows/json_rows.ts'
import type { Session } from '../session.ts'
import type { UsageCount } from './count.ts'

/** When a key was last verified for a scope. */
export interface LastUse {
  readonly keyId: string
  readonly scope: string
  readonly at: Seconds
}

const shownMax = 1_000

export async function lastUses(session: Session, tenant: string, keyId: string): Promise<readonly LastUse[]> {
  const rows = await session.db
    .selectFrom('last_uses')
    .select(['scope', 'at'])
    .where('tenant', '=', tenant)
    .where('key_id', '=', keyId)
    .orderBy('at', 'desc')
    .orderBy('scope')
    .limit(shownMax)
    .execute()
  return rows.map(({ scope, at }) => ({ keyId, scope, at }))
}

export async function lastUsed(
  session: Session,
  tenant: string,
  keyIds: readonly string[],
): Promise<ReadonlyMap<string, Seconds>> {
  const rows = await inParts(keyIds, (ids) =>
    session.db
      .selectFrom('last_uses')
      .select((eb) => ['key_id', eb.fn.max('at').as('last')])
      .where('tenant', '=', tenant)
      .where('key_id', 'in', ids)
      .groupBy('key_id')
      .execute(),
  )
  return new Map(rows.map((row) => [row.key_id, row.last]))
}

/** Notes keys alone: tokens come and go, and a row for each would stay. The later time wins, in any order of arrival. */
export async function noteLastUses(
  session: Pick<Session, 'db' | 'dialect'>,
  tenant: string,
  counts: readonly UsageCount[],
): Promise<void> {
  const latest = new Map<string, { readonly key_id: string; readonly scope: string; readonly at: number }>()
  for (const { credentialId, scope, outcome, minuteAt, lastAt } of counts) {
    if (outcome !== 'verified' || credentialId === '') continue
    const identity = `${credentialId} ${scope}`
    const at = Math.max(Math.floor(lastAt ?? minuteAt), latest.get(identity)?.at ?? 0)
    latest.set(identity, { key_id: credentialId, scope, at })
  }
  if (latest.size === 0) return
  const rows = [...latest]
    // All batches use this order, so that two of them cannot deadlock.
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, { key_id, scope, at }]) => [key_id, scope, at])
  const used = jsonRows(session.dialect, { key_id: 'text', scope: 'text', at: 'bigint' }, rows)
  await sql`
    insert into last_uses (tenant, key_id, scope, at)
    select ${tenant}, key_id, scope, at from ${used} as used
    where exists (select 1 from keys where keys.tenant = ${tenant} and keys.id = used.key_id)
    on conflict (tenant, key_id, scope) do update set at = excluded.at where last_uses.at < excluded.at
  `.execute(session.db)
}

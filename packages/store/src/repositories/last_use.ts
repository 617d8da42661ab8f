import type { Seconds } from '@countersign/core'
import type { LastUse, UsageCount } from '../records.ts'
import type { Session } from '../session.ts'
import { inParts } from './in_parts.ts'

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

/** Of keys alone: tokens come and go, and a row for each would stay. The later time wins, in whatever order they come. */
export async function noteLastUses(session: Session, tenant: string, counts: readonly UsageCount[]): Promise<void> {
  const latest = new Map<string, { readonly key_id: string; readonly scope: string; readonly at: number }>()
  for (const { credentialId, scope, outcome, minuteAt, lastAt } of counts) {
    if (outcome !== 'verified' || credentialId === '') continue
    const identity = `${credentialId} ${scope}`
    const at = Math.max(Math.floor(lastAt ?? minuteAt), latest.get(identity)?.at ?? 0)
    latest.set(identity, { key_id: credentialId, scope, at })
  }
  const ids = [...new Set([...latest.values()].map((use) => use.key_id))]
  const keys = await inParts(ids, (part) =>
    session.db.selectFrom('keys').select('id').where('tenant', '=', tenant).where('id', 'in', part).execute(),
  )
  const isKey = new Set(keys.map((row) => row.id))
  const rows = [...latest]
    .filter(([, use]) => isKey.has(use.key_id))
    // In one order, so that two batches cannot deadlock.
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, use]) => ({ tenant, ...use }))
  await inParts(rows, async (part) => {
    await session.db
      .insertInto('last_uses')
      .values(part)
      .onConflict((conflict) =>
        conflict
          .columns(['tenant', 'key_id', 'scope'])
          .doUpdateSet((eb) => ({ at: eb.ref('excluded.at') }))
          .where((eb) => eb('last_uses.at', '<', eb.ref('excluded.at'))),
      )
      .execute()
    return []
  })
}

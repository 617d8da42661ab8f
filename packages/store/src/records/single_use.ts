import { hash } from 'node:crypto'
import { limits, type Seconds } from '@countersign/core'
import { sql } from 'kysely'
import { isCount, isFlag, isObject, optional, shape } from '../check.ts'
import { Columns } from '../columns.ts'
import { dropSeconds, readDropSeconds } from '../feed/drop_time.ts'
import type { Session } from '../session.ts'

export interface SingleUseReads {
  /** The content of a kept value, without using it; `undefined` once it was redeemed or has ended. */
  find(namespace: string, tenant: string, value: string, now: Seconds): Promise<object | undefined>
}

export interface SingleUse extends SingleUseReads {
  /**
   * Marks (namespace, tenant, value), which may be used until `endsAt`, as used: compare-and-set. True for the first taker;
   * false for every other one, and for everybody once the drop time may have removed the mark.
   */
  take(namespace: string, tenant: string, value: string, endsAt: Seconds): Promise<boolean>
  /** Keeps a new value until `endsAt`, with what it stands for. */
  keep(namespace: string, tenant: string, value: string, content: object, endsAt: Seconds): Promise<void>
  /** The same, and whether this is its first use: compare-and-set. It is told of again until it ends, never as the first. */
  redeem(
    namespace: string,
    tenant: string,
    value: string,
    now: Seconds,
  ): Promise<{ readonly content: object; readonly isFirst: boolean } | undefined>
}

interface Kept {
  readonly endsAt: Seconds
  readonly content: object
  readonly isUsed?: boolean
}

const isKept = shape<Kept>({ endsAt: isCount, content: isObject, isUsed: optional(isFlag) })

export function readSingleUse(session: Session): SingleUseReads {
  return {
    async find(namespace, tenant, value, now) {
      const found = await findKept(session, { namespace, tenant, value }, now)
      return found === undefined || found.isUsed === true ? undefined : found.content
    },
  }
}

/**
 * The insert decides who was first. It does not take the tenant's lock: marks of different values are independent, and every
 * client assertion makes one.
 *
 * A removed mark must not let its value pass again. Marks are removed only by the drop time, so the drop time is read once
 * more after the insert: a taker that found the mark removed also finds the drop time that removed it.
 */
export function writeSingleUse(session: Session): SingleUse {
  return {
    ...readSingleUse(session),
    async take(namespace, tenant, value, endsAt) {
      const end = Math.ceil(endsAt)
      const result = await session.db
        .insertInto('single_use')
        .values({ ...markOf(namespace, tenant, value, end), content: null })
        .onConflict((conflict) =>
          conflict
            .columns(['tenant', 'namespace', 'value_digest'])
            .doUpdateSet((eb) => ({ expires_at: eb.ref('excluded.expires_at') }))
            .where('single_use.expires_at', '<=', dropSeconds),
        )
        .executeTakeFirst()
      if (result.numInsertedOrUpdatedRows !== 1n) return false
      return end > (await readDropSeconds(session.db)) - limits.dropGraceSeconds
    },
    async keep(namespace, tenant, value, content, endsAt) {
      const kept: Kept = { endsAt: Math.floor(endsAt), content }
      const mark = markOf(namespace, tenant, value, kept.endsAt)
      await session.db
        .insertInto('single_use')
        .values({ ...mark, content: JSON.stringify(kept) })
        .execute()
    },
    async redeem(namespace, tenant, value, now) {
      const found = await findKept(session, { namespace, tenant, value }, now)
      if (found === undefined) return undefined
      const { endsAt, content, text } = found
      if (found.isUsed === true) return { content, isFirst: false }
      const { value_digest } = markOf(namespace, tenant, value, 0)
      const result = await session.db
        .updateTable('single_use')
        .set({ content: JSON.stringify({ endsAt, content, isUsed: true }) })
        .where('tenant', '=', tenant)
        .where('namespace', '=', namespace)
        .where('value_digest', '=', value_digest)
        .where('content', '=', text)
        .executeTakeFirst()
      return { content, isFirst: result.numUpdatedRows === 1n }
    },
  }
}

/** A value may have any length, an index entry may not. */
function markOf(namespace: string, tenant: string, value: string, end: number) {
  const keptUntil = sql<number>`case when ${dropSeconds} > ${end} then ${dropSeconds} else ${end} end + ${graceSeconds}`
  return { tenant, namespace, value_digest: hash('sha256', value, 'base64url'), expires_at: keptUntil }
}

/** A value that the drop time may have removed has ended, whatever a clock says. */
async function findKept(
  { db }: Session,
  { namespace, tenant, value }: { readonly namespace: string; readonly tenant: string; readonly value: string },
  now: Seconds,
): Promise<(Kept & { readonly text: string }) | undefined> {
  const row = await db
    .selectFrom('single_use')
    .select(['content', dropSeconds.as('drop_time')])
    .where('tenant', '=', tenant)
    .where('namespace', '=', namespace)
    .where('value_digest', '=', markOf(namespace, tenant, value, 0).value_digest)
    .executeTakeFirst()
  const kept = row && new Columns('single_use', namespace, row).optionalJson<Kept>('content', isKept)
  if (row === undefined || kept === undefined) return undefined
  const hasEnded = now >= kept.endsAt || kept.endsAt <= row.drop_time - limits.dropGraceSeconds
  return hasEnded ? undefined : { ...kept, text: String(row.content) }
}

const graceSeconds = limits.clockLeewaySeconds + limits.dropGraceSeconds

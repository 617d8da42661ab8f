import { hash } from 'node:crypto'
import { limits, type Seconds } from '@countersign/core'
import { sql } from 'kysely'
import { dropSeconds, readDropSeconds } from '../feed/drop_time.ts'
import type { Session } from '../session.ts'

export interface SingleUse {
  /**
   * Marks (namespace, tenant, value), which may be used until `endsAt`, as used: compare-and-set. True for the first taker;
   * false for every other one, and for everybody once the drop time may have removed the mark.
   */
  take(namespace: string, tenant: string, value: string, endsAt: Seconds): Promise<boolean>
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
    async take(namespace, tenant, value, endsAt) {
      // A value may have any length, an index entry may not.
      const valueDigest = hash('sha256', value, 'base64url')
      const end = Math.ceil(endsAt)
      const keptUntil = sql<number>`case when ${dropSeconds} > ${end} then ${dropSeconds} else ${end} end + ${graceSeconds}`
      const result = await session.db
        .insertInto('single_use')
        .values({ tenant, namespace, value_digest: valueDigest, expires_at: keptUntil })
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
  }
}

const graceSeconds = limits.clockLeewaySeconds + limits.dropGraceSeconds

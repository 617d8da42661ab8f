import { hash } from 'node:crypto'
import { limits } from '@countersign/core'
import { sql } from 'kysely'
import { dropSeconds, readDropSeconds } from '../feed/drop_time.ts'
import type { Session } from '../session.ts'
import type { WriteTransaction } from '../store.ts'

/**
 * The insert decides who was first. The tenant's lock is not taken: marks of different values have nothing to do with each
 * other, and every client assertion makes one.
 *
 * A mark that was removed must not let its value pass again. It is removed only by the drop time, and the drop time is read
 * once more after the insert: whoever found the mark gone finds the drop time by which it went.
 */
export function writeSingleUse(session: Session): WriteTransaction['singleUse'] {
  return {
    async take(namespace, tenant, value, endsAt) {
      // The value is the caller's and of any length; an index entry is not.
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

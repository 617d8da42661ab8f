import { hash } from 'node:crypto'
import type { Session } from '../session.ts'
import type { WriteTransaction } from '../store.ts'

/**
 * One statement, so that the database decides who was first. The tenant's lock is not taken: marks of different
 * values have nothing to do with each other, and every client assertion makes one.
 */
export function writeSingleUse(session: Session): WriteTransaction['singleUse'] {
  return {
    async take(namespace, tenant, value, expiresAt, now) {
      // The value is the caller's and of any length; an index entry is not.
      const valueDigest = hash('sha256', value, 'base64url')
      const result = await session.db
        .insertInto('single_use')
        .values({ tenant, namespace, value_digest: valueDigest, expires_at: expiresAt })
        .onConflict((conflict) =>
          conflict
            .columns(['tenant', 'namespace', 'value_digest'])
            .doUpdateSet({ expires_at: expiresAt })
            .where('single_use.expires_at', '<=', Math.floor(now)),
        )
        .executeTakeFirst()
      return result.numInsertedOrUpdatedRows === 1n
    },
  }
}

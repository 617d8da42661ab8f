import type { Row } from '../columns.ts'
import { Columns } from '../columns.ts'
import { decodeSound } from '../page.ts'
import type { VerifierPosition } from '../records.ts'
import type { Session } from '../session.ts'
import type { ReadRepositories, WriteTransaction } from '../store.ts'

export function readVerifierPositions(session: Session): ReadRepositories['verifierPositions'] {
  return {
    async list(tenant) {
      const rows = await session.db
        .selectFrom('verifier_positions')
        .selectAll()
        .where('tenant', '=', tenant)
        .orderBy('verifier_id')
        .execute()
      return decodeSound(session, rows, decodeVerifierPosition)
    },
  }
}

export function writeVerifierPositions(session: Session): WriteTransaction['verifierPositions'] {
  return {
    ...readVerifierPositions(session),
    async save(position) {
      const { tenant, verifierId, epoch, sequence, maxStalenessSeconds, askedAt, reachedAt } = position
      const content = {
        epoch,
        sequence,
        max_staleness_seconds: maxStalenessSeconds,
        asked_at: askedAt,
        reached_at: reachedAt,
      }
      await session.db
        .insertInto('verifier_positions')
        .values({ tenant, verifier_id: verifierId, ...content })
        .onConflict((conflict) => conflict.columns(['tenant', 'verifier_id']).doUpdateSet(content))
        .execute()
    },
  }
}

function decodeVerifierPosition(row: Row): VerifierPosition {
  const columns = new Columns('verifier_positions', row.verifier_id, row)
  return {
    tenant: columns.text('tenant'),
    verifierId: columns.text('verifier_id'),
    epoch: columns.text('epoch'),
    sequence: columns.count('sequence'),
    maxStalenessSeconds: columns.count('max_staleness_seconds'),
    askedAt: columns.count('asked_at'),
    reachedAt: columns.count('reached_at'),
  }
}

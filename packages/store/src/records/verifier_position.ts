import type { Seconds } from '@countersign/core'
import type { Kysely } from 'kysely'
import type { Row } from '../columns.ts'
import { Columns } from '../columns.ts'
import { inParts } from '../in_parts.ts'
import { decodeSound } from '../page.ts'
import type { Schema } from '../schema.ts'
import type { Session } from '../session.ts'

/** How far one verifier has applied a tenant's feed. */
export interface VerifierPosition {
  readonly tenant: string
  /** Credential id of the verifier, a colon, its own instance id. */
  readonly verifierId: string
  readonly epoch: string
  readonly sequence: number
  readonly maxStalenessSeconds: number
  /** When it last asked. */
  readonly askedAt: Seconds
  /** When it was first seen at or past this sequence. */
  readonly reachedAt: Seconds
}

export interface VerifierPositionReads {
  list(tenant: string): Promise<readonly VerifierPosition[]>
}

export function readVerifierPositions(session: Session): VerifierPositionReads {
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

/** See `Chores.savePositions`. */
export async function savePositions(db: Kysely<Schema>, positions: readonly VerifierPosition[]): Promise<void> {
  // All writers use this order, so that no two of them wait for each other.
  const rows = positions.map(encodeVerifierPosition).sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1))
  await inParts(rows, (part) =>
    db
      .insertInto('verifier_positions')
      .values(part)
      .onConflict((conflict) =>
        conflict.columns(['tenant', 'verifier_id']).doUpdateSet((eb) => ({
          epoch: eb.ref('excluded.epoch'),
          sequence: eb.ref('excluded.sequence'),
          max_staleness_seconds: eb.ref('excluded.max_staleness_seconds'),
          asked_at: eb.ref('excluded.asked_at'),
          reached_at: eb.ref('excluded.reached_at'),
        })),
      )
      .execute(),
  )
}

function encodeVerifierPosition(position: VerifierPosition) {
  return {
    tenant: position.tenant,
    verifier_id: position.verifierId,
    epoch: position.epoch,
    sequence: position.sequence,
    max_staleness_seconds: position.maxStalenessSeconds,
    asked_at: position.askedAt,
    reached_at: position.reachedAt,
  }
}

function nameOf(row: { readonly tenant: string; readonly verifier_id: string }): string {
  return `${row.tenant} ${row.verifier_id}`
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

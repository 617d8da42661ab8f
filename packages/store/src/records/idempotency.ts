import type { Seconds } from '@countersign/core'
import type { Row } from '../columns.ts'
import { Columns, present } from '../columns.ts'
import { ConflictError } from '../errors.ts'
import type { Session } from '../session.ts'

/** A request with an `Idempotency-Key`, and its answer once there is one. */
export interface IdempotencyRecord {
  readonly tenant: string
  /** Client id and credential of the caller. */
  readonly caller: string
  readonly method: string
  readonly path: string
  /** Base64url SHA-256 of the `Idempotency-Key`. */
  readonly keyDigest: string
  readonly bodyDigest: string
  /** Absent while the first request runs. */
  readonly status?: number
  readonly sealedAnswer?: Uint8Array
  readonly createdAt: Seconds
  readonly expiresAt: Seconds
}

export interface IdempotencyRecords {
  /** Finds no record past its `expiresAt`; the same key may then be inserted again. */
  find(
    of: Pick<IdempotencyRecord, 'tenant' | 'caller' | 'method' | 'path' | 'keyDigest'>,
    now: Seconds,
  ): Promise<IdempotencyRecord | undefined>
  /** Throws `ConflictError` when another request with the same key is recorded and has not expired. */
  insert(record: IdempotencyRecord): Promise<void>
}

const identity = ['tenant', 'caller', 'method', 'path', 'key_digest'] as const

export function writeIdempotency(session: Session): IdempotencyRecords {
  return {
    async find(of, now) {
      await session.enter(of.tenant)
      const row = await session.db
        .selectFrom('idempotency')
        .selectAll()
        .where('tenant', '=', of.tenant)
        .where('caller', '=', of.caller)
        .where('method', '=', of.method)
        .where('path', '=', of.path)
        .where('key_digest', '=', of.keyDigest)
        .where('expires_at', '>', Math.floor(now))
        .executeTakeFirst()
      return row && decodeIdempotency(row)
    },
    insert: (record) => insertIdempotency(session, record),
  }
}

/** Replaces an expired record. A record with an answer also replaces the one that its own running request made. */
async function insertIdempotency(session: Session, record: IdempotencyRecord): Promise<void> {
  await session.enter(record.tenant)
  const row = encodeIdempotency(record)
  const result = await session.db
    .insertInto('idempotency')
    .values(row)
    .onConflict((conflict) =>
      conflict
        .columns([...identity])
        .doUpdateSet(row)
        .where((eb) =>
          eb.or([
            eb('idempotency.expires_at', '<=', record.createdAt),
            eb.and([
              eb('idempotency.status', 'is', null),
              eb('excluded.status', 'is not', null),
              eb('idempotency.body_digest', '=', record.bodyDigest),
            ]),
          ]),
        ),
    )
    .executeTakeFirst()
  if (result.numInsertedOrUpdatedRows !== 1n) throw new ConflictError('key')
}

function encodeIdempotency(record: IdempotencyRecord) {
  return {
    tenant: record.tenant,
    caller: record.caller,
    method: record.method,
    path: record.path,
    key_digest: record.keyDigest,
    body_digest: record.bodyDigest,
    status: record.status ?? null,
    sealed_answer: record.sealedAnswer ?? null,
    created_at: record.createdAt,
    expires_at: record.expiresAt,
  }
}

function decodeIdempotency(row: Row): IdempotencyRecord {
  const columns = new Columns('idempotency', row.key_digest, row)
  return present({
    tenant: columns.text('tenant'),
    caller: columns.text('caller'),
    method: columns.text('method'),
    path: columns.text('path'),
    keyDigest: columns.text('key_digest'),
    bodyDigest: columns.text('body_digest'),
    status: columns.optionalCount('status'),
    sealedAnswer: columns.optionalBytes('sealed_answer'),
    createdAt: columns.count('created_at'),
    expiresAt: columns.count('expires_at'),
  })
}

/**
 * `Idempotency-Key`: the same key and body answer the same for 24 hours, secrets too. Only a digest of the key is kept, and
 * the answer is sealed under a key that needs the text of it: whoever has database and master key can still not open it.
 */
import { createHash } from 'node:crypto'
import type { Scope } from '@countersign/core'
import type { IdempotencyRecord, WriteTransaction } from '@countersign/store'
import type { Caller } from '../caller/caller.ts'
import type { Services, TenantContext } from '../context.ts'
import { header } from '../http/header.ts'
import { ProblemError } from '../http/problem.ts'
import type { HttpRequest } from '../http/request.ts'
import { seal, unseal } from '../keys/master_key.ts'
import { serverLimits } from '../limits.ts'

export interface Idempotency {
  readonly record: Pick<IdempotencyRecord, 'tenant' | 'caller' | 'method' | 'path' | 'keyDigest' | 'bodyDigest'>
  /** Unique to tenant, client, subject, method, path and key. */
  readonly name: string
  readonly key: string
}

interface KeptAnswer {
  readonly status: number
  readonly body: object
  /** Management scopes that the caller had to hold: a replay is authorised anew. */
  readonly needed: Scope
  /** Clients whose credentials the answer may hold. */
  readonly touched: readonly string[]
  /** Teams of what the call touched: a member is judged by the role there. */
  readonly teams: readonly string[]
}

/** Undefined when the header is not there. Throws 400 unless it is 1 to 255 visible ASCII characters, once. */
export function readIdempotency(
  request: HttpRequest,
  tenant: TenantContext,
  caller: Caller,
  bodyDigest: string,
): Idempotency | undefined {
  const key = header(request, 'idempotency-key')
  if (key === undefined) return undefined
  if (!/^[\x21-\x7e]{1,255}$/.test(key)) {
    throw new ProblemError(400, 'invalid_request', 'Idempotency-Key must be 1 to 255 visible ASCII characters.')
  }
  const keyDigest = createHash('sha256').update(key).digest('base64url')
  const record = {
    tenant: tenant.id,
    caller: callerName(caller),
    method: request.method,
    path: request.path,
    keyDigest,
    bodyDigest,
  }
  return { record, key, name: JSON.stringify([record.tenant, record.caller, record.method, record.path, keyDigest]) }
}

/** A client whose credentials speak for several subjects is several callers. */
function callerName({ grant: { clientId, subject } }: Caller): string {
  return subject === clientId ? clientId : `${clientId} ${subject}`
}

export async function findReplay(
  services: Pick<Services, 'master' | 'now'>,
  idempotency: Idempotency,
  transaction: WriteTransaction,
): Promise<KeptAnswer | undefined> {
  const found = await transaction.idempotency.find(idempotency.record, services.now())
  if (found === undefined) return undefined
  if (found.bodyDigest !== idempotency.record.bodyDigest) {
    throw new ProblemError(409, 'idempotency_mismatch', 'This Idempotency-Key was used with another body.')
  }
  if (found.sealedAnswer === undefined) throw inProgress()
  const text = unseal(services.master.deriveWith('idempotency', idempotency.key), found.sealedAnswer, idempotency.name)
  // An answer that was kept before there were teams is of none.
  return { teams: [], ...JSON.parse(text) } as KeptAnswer
}

export async function keepAnswer(
  services: Pick<Services, 'master' | 'now'>,
  idempotency: Idempotency,
  answer: KeptAnswer,
  transaction: WriteTransaction,
): Promise<void> {
  const now = Math.floor(services.now())
  await transaction.idempotency.insert({
    ...idempotency.record,
    status: answer.status,
    sealedAnswer: seal(
      services.master.deriveWith('idempotency', idempotency.key),
      JSON.stringify(answer),
      idempotency.name,
    ),
    createdAt: now,
    expiresAt: now + serverLimits.idempotencyLifeSeconds,
  })
}

export function inProgress(): ProblemError {
  return new ProblemError(409, 'idempotency_in_progress', 'A request with this Idempotency-Key is still running.', {
    headers: { 'Retry-After': '1' },
  })
}

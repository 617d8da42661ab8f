import { type AuditAction, routes } from '@countersign/contract'
import { formatTime } from '@countersign/core'
import type { SigningKey } from '@countersign/store'
import { signingKeyObject } from '../feed/objects.ts'
import { ProblemError } from '../http/problem.ts'
import { createSigningKey, rotateKeys } from '../keys/signing_keys.ts'
import { managementApiId } from '../tenants/tenant_setup.ts'
import type { WriteContext } from './context.ts'
import { findApi, findSigningKeys, notFound } from './find.ts'
import { type AnswerOf, type Operation, readOperation, writeOperation } from './operation.ts'

function signingKeyView(key: SigningKey): AnswerOf<typeof routes.listSigningKeys>['data'][number] {
  return {
    kid: key.kid,
    alg: key.alg,
    purpose: key.purpose,
    status: key.status,
    publishedAt: formatTime(key.publishedAt),
    signsAt: formatTime(key.signsAt),
    retiredAt: key.retiredAt === undefined ? null : formatTime(key.retiredAt),
    leavesAt: key.leavesAt === undefined ? null : formatTime(key.leavesAt),
  }
}

/** These keys sign for every scope there is: whoever touches them must hold all the management scopes. */
async function requireMayTouchKeys(context: WriteContext): Promise<void> {
  const api = await findApi(context, managementApiId)
  context.requireHeld(api.scopes.map(({ name }) => name))
}

const listSigningKeys = readOperation(routes.listSigningKeys, async (context) => ({
  data: (await findSigningKeys(context)).map(signingKeyView),
}))

const rotateSigningKeys = writeOperation(routes.rotateSigningKeys, async (context) => {
  await requireMayTouchKeys(context)
  const { now, services, tenant, transaction } = context
  const made = await rotateKeys(transaction, { tenant: tenant.id, master: services.master, now })
  if (made === 'in_progress') {
    throw new ProblemError(409, 'rotation_in_progress', 'A new key is published already and has not begun to sign.')
  }
  append(context, 'signing_key.rotate', made, made.map((key) => key.kid).join(' '))
  return { status: 200, body: { data: made.map(signingKeyView) } }
})

/** One entry by `kid`: gone from every verifier within the bound. Another key signs at once, published or not. */
const revokeSigningKey = writeOperation(routes.revokeSigningKey, async (context) => {
  await requireMayTouchKeys(context)
  const { now, services, tenant, transaction, params } = context
  const keys = await findSigningKeys(context)
  const key = keys.find(({ kid }) => kid === params.kid)
  if (key === undefined) throw notFound('signing key')
  if (key.status === 'revoked') throw new ProblemError(409, 'revoked', 'The key was removed before.')
  if (key.purpose === 'access_token') context.mayEndAdministrators('jwts')
  const { sealedPrivateJwk: _, ...rest } = key
  const removed: SigningKey = { ...rest, status: 'revoked', leavesAt: Math.floor(now), version: key.version + 1 }
  await transaction.signingKeys.update(removed)
  const { alg, purpose } = key
  const next = await createSigningKey({ tenant: tenant.id, alg, purpose, master: services.master, now, signsAt: now })
  await transaction.signingKeys.insert(next)
  append(context, 'signing_key.revoke', [removed, next], key.kid)
  return { status: 200, bodyOf: (feedSequence) => ({ kid: key.kid, status: 'revoked' as const, feedSequence }) }
})

function append(context: WriteContext, action: AuditAction, keys: readonly SigningKey[], objectId: string): void {
  const { actor, requestId, tenant, transaction } = context
  transaction.append({
    tenant: tenant.id,
    audit: { actor, action, objectType: 'signing_key', objectId, after: keys.map(signingKeyView), requestId },
    objects: () => keys.map(signingKeyObject),
  })
}

export const signingKeyOperations: readonly Operation[] = [listSigningKeys, rotateSigningKeys, revokeSigningKey]

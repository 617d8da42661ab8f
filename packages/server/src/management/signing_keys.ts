import { routes } from '@countersign/contract'
import { formatTime } from '@countersign/core'
import type { SigningKey } from '@countersign/store'
import { ProblemError } from '../http/exchange.ts'
import { serverLimits } from '../limits.ts'
import { createSigningKey, retireBefore } from '../services/signing_keys.ts'
import { signingKeySubject } from '../services/subjects.ts'
import { managementApiId } from '../services/tenant_setup.ts'
import { findApi, notFound } from './find.ts'
import { type Operation, readOperation, type WriteContext, writeOperation } from './operation.ts'

function signingKeyView(key: SigningKey): object {
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

const listSigningKeys = readOperation(routes.listSigningKeys, async ({ services, tenant }) => ({
  data: (await services.store.read.signingKeys.list(tenant.id)).map(signingKeyView),
}))

const rotateSigningKeys = writeOperation(routes.rotateSigningKeys, async (context) => {
  await requireMayTouchKeys(context)
  const { now, services, tenant, transaction } = context
  const current = (await transaction.signingKeys.list(tenant.id)).filter(
    (key) => key.status === 'active' && key.retiredAt === undefined,
  )
  if (current.some((key) => key.signsAt > now)) {
    throw new ProblemError(409, 'rotation_in_progress', 'A new key is published already and has not begun to sign.')
  }
  const longestLifeSeconds = await longestLife(context)
  const made: SigningKey[] = []
  // After a removal in the middle of a rotation two keys may have one use.
  const uses = new Map(current.map(({ alg, purpose }) => [`${alg} ${purpose}`, { alg, purpose }]))
  for (const { alg, purpose } of uses.values()) {
    const signsAt = now + serverLimits.publishBeforeSigningSeconds
    const key = await createSigningKey({ tenant: tenant.id, alg, purpose, master: services.master, now, signsAt })
    await transaction.signingKeys.insert(key)
    await retireBefore(transaction, key, longestLifeSeconds)
    made.push(key)
  }
  append(context, 'signing_key.rotate', made, made.map((key) => key.kid).join(' '))
  return { status: 200, body: { data: made.map(signingKeyView) } }
})

/** One entry by `kid`: gone from every verifier within the bound. Another key signs at once, published or not. */
const revokeSigningKey = writeOperation(routes.revokeSigningKey, async (context) => {
  await requireMayTouchKeys(context)
  const { now, services, tenant, transaction, params } = context
  const keys = await transaction.signingKeys.list(tenant.id)
  const key = keys.find(({ kid }) => kid === params.kid)
  if (key === undefined) throw notFound('signing key')
  if (key.status === 'revoked') throw new ProblemError(409, 'revoked', 'The key was removed before.')
  const { sealedPrivateJwk: _, ...rest } = key
  const removed: SigningKey = { ...rest, status: 'revoked', leavesAt: Math.floor(now), version: key.version + 1 }
  await transaction.signingKeys.update(removed)
  const { alg, purpose } = key
  const next = await createSigningKey({ tenant: tenant.id, alg, purpose, master: services.master, now, signsAt: now })
  await transaction.signingKeys.insert(next)
  append(context, 'signing_key.revoke', [removed, next], key.kid)
  return { status: 200, bodyOf: (feedSequence) => ({ kid: key.kid, status: 'revoked', feedSequence }) }
})

async function longestLife({ tenant, transaction }: WriteContext): Promise<number> {
  let longest = 0
  let after: string | undefined
  for (;;) {
    const apis = await transaction.apis.list(tenant.id, { limit: 100, ...(after === undefined ? {} : { after }) })
    for (const api of apis) longest = Math.max(longest, api.tokenTtlSecondsMax)
    after = apis.at(-1)?.id
    if (apis.length < 100 || after === undefined) return longest
  }
}

function append(context: WriteContext, action: string, keys: readonly SigningKey[], objectId: string): void {
  const { actor, requestId, tenant, transaction } = context
  transaction.append({
    tenant: tenant.id,
    audit: { actor, action, objectType: 'signing_key', objectId, after: keys.map(signingKeyView), requestId },
    subjects: () => keys.map(signingKeySubject),
  })
}

export const signingKeyOperations: readonly Operation[] = [listSigningKeys, rotateSigningKeys, revokeSigningKey]

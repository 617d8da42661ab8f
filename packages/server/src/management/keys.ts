import { type AuditAction, routes } from '@countersign/contract'
import {
  formatScope,
  formatTime,
  generateKey,
  parseScope,
  parseTime,
  type RateLimit,
  type RatePolicy,
} from '@countersign/core'
import { type Key, type LastUse, lastAddressSeconds, newKey, type WriteTransaction } from '@countersign/store'
import { wholeTenant } from '../caller/reach.ts'
import type { Services } from '../context.ts'
import { keyObject } from '../feed/objects.ts'
import { revokeKey as revoke } from '../feed/revoker.ts'
import { ProblemError } from '../http/problem.ts'
import { requireMayGive, requireMayTouch, requireNotBuiltIn, requireWithinAccess, scopeOf } from './access.ts'
import type { WriteContext } from './context.ts'
import {
  audienceOf,
  findApi,
  findApiByAudience,
  findClient,
  findClientNamed,
  findKey,
  findKeys,
  invalid,
  lastUsedOf,
  lastUsesOf,
} from './find.ts'
import { limitsOf, limitsView, withoutLimits } from './limited.ts'
import { pageAnswer, pageOf } from './lists/cursor.ts'
import { type AnswerOf, type Operation, type Result, readOperation, writeOperation } from './operation.ts'

/** A key as answered, without its text. */
type KeyView = Omit<AnswerOf<typeof routes.updateKey>, 'feedSequence' | 'verifiers'>

export function keyView(key: Key, audience: string, now: number): KeyView {
  return {
    id: key.id,
    clientId: key.clientId,
    audience,
    scope: key.scope,
    name: key.name,
    subject: key.subject ?? key.clientId,
    environment: key.environment,
    status: statusOf(key, now),
    expiresAt: key.expiresAt === undefined ? null : formatTime(key.expiresAt),
    metadata: key.metadata,
    ipAllow: key.ipAllow ?? null,
    originAllow: key.originAllow ?? null,
    ...limitsView(key),
    rolledFrom: key.rolledFrom ?? null,
    createdAt: formatTime(key.createdAt),
    updatedAt: formatTime(key.updatedAt),
  }
}

function statusOf(key: Key, now: number): Key['status'] | 'expired' {
  const isOver = key.expiresAt !== undefined && now >= key.expiresAt
  return key.status !== 'revoked' && isOver ? 'expired' : key.status
}

const createKey = writeOperation(routes.createKey, async (context) => {
  const { body, now, services, tenant, transaction } = context
  if (body.subject !== undefined) wholeTenant(context.reach, 'subject')
  const client = await findClientNamed(context, body.clientId)
  requireNotBuiltIn(client)
  const api = await findApiByAudience(context, body.audience, '/audience')
  const scope = scopeOf(body.scope, api)
  requireMayTouch(context, client)
  requireMayGive(context, api.id, scope)
  requireWithinAccess(client, api, scope)
  if (client.status !== 'active') throw new ProblemError(409, 'client_disabled', 'The client is disabled.')
  const expiresAt = body.expiresAt == null ? undefined : futureTime(body.expiresAt, now)
  const draft = {
    tenant: tenant.id,
    clientId: client.id,
    apiId: api.id,
    scope: formatScope(scope),
    name: body.name,
    ...(body.subject === undefined ? {} : { subject: body.subject }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
    metadata: body.metadata,
    ...constraintsOf(body),
    ...limitsOf(body),
  }
  const generated = newKeyText(services, body.environment)
  const key = await newKey(generated, draft, now)
  await transaction.keys.insert(key)
  appendCreation(context, transaction, key, 'key.create', api.audience)
  return { status: 201, body: { ...keyView(key, api.audience, now), key: generated.text } }
})

const listKeys = readOperation(routes.listKeys, async (context) => {
  const { query, now } = context
  const filter = {
    ...(query.clientId === undefined ? {} : { clientId: query.clientId }),
    ...(query.status === undefined ? {} : { status: query.status }),
    ...(query.ended === undefined ? {} : { isEnded: query.ended === 'true' }),
    now,
  }
  const keys = await findKeys(context, filter, pageOf(context, 'keys'))
  const audiences = new Map<string, string>()
  for (const { apiId } of keys) if (!audiences.has(apiId)) audiences.set(apiId, await audienceOf(context, apiId))
  const lastUsed = await lastUsedOf(context, keys)
  return pageAnswer(
    context,
    'keys',
    keys,
    (key) => key.id,
    (key) => ({
      ...keyView(key, audiences.get(key.apiId) as string, now),
      ...lastUseView(lastUsed.get(key.id), now),
    }),
  )
})

const getKey = readOperation(routes.getKey, async (context) => {
  const key = await findKey(context, context.params.id as string)
  const uses = await lastUsesOf(context, key)
  return {
    ...keyView(key, await audienceOf(context, key.apiId), context.now),
    ...lastUseView(uses[0], context.now),
    lastUsedScopes: uses.map(({ scope, at }) => ({ scope, at: formatTime(at) })),
  }
})

/** An address that is due to be forgotten is shown no more. */
function lastUseView(use: LastUse | undefined, now: number) {
  if (use === undefined) return { lastUsedAt: null, lastUsed: null }
  const at = formatTime(use.at)
  const address = use.at < now - lastAddressSeconds ? null : (use.address ?? null)
  return { lastUsedAt: at, lastUsed: { at, scope: use.scope, address } }
}

const updateKey = writeOperation(routes.updateKey, async (context) => {
  const { body, now, transaction } = context
  if (body.subject !== undefined) wholeTenant(context.reach, 'subject')
  const key = await findKey(context, context.params.id as string)
  const client = await findClient(context, key.clientId)
  requireMayTouch(context, client)
  if (key.status === 'revoked') throw new ProblemError(409, 'revoked', 'A revoked key cannot be changed.')
  const api = await findApi(context, key.apiId)
  const scope = body.scope === undefined ? undefined : scopeOf(body.scope, api)
  if (scope !== undefined) {
    requireMayGive(context, key.apiId, scope)
    requireWithinAccess(client, api, scope)
  }
  const changed = withBody(key, { ...body, scope: scope === undefined ? undefined : formatScope(scope) }, now)
  await transaction.keys.update(changed)
  const audience = await audienceOf(context, key.apiId)
  appendChange(context, key, changed, 'key.update', audience)
  return { status: 200, bodyOf: (feedSequence) => ({ ...keyView(changed, audience, now), feedSequence }) }
})

/** Every field goes over but id, secret and times; the old one ends after the grace, never later than its own end. */
const rollKey = writeOperation(routes.rollKey, async (context) => {
  const { body, now, services, transaction } = context
  const old = await findKey(context, context.params.id as string)
  const client = await findClient(context, old.clientId)
  requireMayTouch(context, client)
  requireMayGive(context, old.apiId, parseScope(old.scope))
  const status = statusOf(old, now)
  if (status !== 'active') throw new ProblemError(409, status, `A key that is ${status} cannot be rolled.`)
  if (client.status !== 'active') throw new ProblemError(409, 'client_disabled', 'The client is disabled.')
  const at = Math.floor(now)
  const { expiresAt: oldEnd, lifeSeconds, ...same } = old
  const life = lifeSeconds === undefined ? {} : { expiresAt: at + lifeSeconds }
  const generated = newKeyText(services, old.environment)
  const next = await newKey(generated, { ...same, ...life, rolledFrom: old.id }, now)
  const ended: Key = {
    ...old,
    expiresAt: Math.min(Math.floor(now + body.graceSeconds), oldEnd ?? Number.POSITIVE_INFINITY),
    version: old.version + 1,
    updatedAt: at,
  }
  await transaction.keys.insert(next)
  await transaction.keys.update(ended)
  const audience = await audienceOf(context, old.apiId)
  appendCreation(context, transaction, next, 'key.roll', audience)
  appendChange(context, old, ended, 'key.rolled', audience)
  const earlierEnd = graceEndOf(old)
  const answer = {
    ...keyView(next, audience, now),
    key: generated.text,
    rolledFromExpiresAt: formatTime(ended.expiresAt as number),
    earlierGraceUntil: earlierEnd === undefined ? null : formatTime(earlierEnd),
  }
  return { status: 201, body: answer }
})

/** The end that a roll gave the key: one that is not the end of the life it was created with. */
function graceEndOf({ createdAt, expiresAt, lifeSeconds }: Key): number | undefined {
  return expiresAt === undefined || expiresAt - createdAt === lifeSeconds ? undefined : expiresAt
}

const disableKey = writeOperation(routes.disableKey, (context) => switchKey(context, 'disabled'))
const enableKey = writeOperation(routes.enableKey, (context) => switchKey(context, 'active'))

/** The operations that answer with the status alone. */
type Switched = typeof routes.disableKey | typeof routes.enableKey | typeof routes.revokeKey

async function switchKey(context: WriteContext, status: 'active' | 'disabled'): Promise<Result<Switched>> {
  const key = await findKey(context, context.params.id as string)
  requireMayTouch(context, await findClient(context, key.clientId))
  requireMayGive(context, key.apiId, parseScope(key.scope))
  if (key.status === 'revoked') throw new ProblemError(409, 'revoked', 'A revoked key stays revoked.')
  if (key.status === status) return unchanged(context, key, status)
  const changed: Key = { ...key, status, version: key.version + 1, updatedAt: Math.floor(context.now) }
  await context.transaction.keys.update(changed)
  appendChange(
    context,
    key,
    changed,
    status === 'active' ? 'key.enable' : 'key.disable',
    await audienceOf(context, key.apiId),
  )
  return {
    status: 200,
    bodyOf: (feedSequence) => ({ id: key.id, status: statusOf(changed, context.now), feedSequence }),
  }
}

const revokeKey = writeOperation(routes.revokeKey, async (context) => {
  const { actor, now, requestId, tenant, transaction, body } = context
  const key = await findKey(context, context.params.id as string)
  requireMayTouch(context, await findClient(context, key.clientId))
  if (key.status === 'revoked') return unchanged(context, key, 'revoked')
  await revoke(transaction, key, { tenant: tenant.id, now, actor, requestId, reason: body.reason })
  return { status: 200, bodyOf: (feedSequence) => ({ id: key.id, status: 'revoked' as const, feedSequence }) }
})

/** Said again: the answer names the entry that made it so. */
async function unchanged(context: WriteContext, key: Key, status: Key['status']): Promise<Result<Switched>> {
  const entry = await context.transaction.statusEntries.find(context.tenant.id, 'key', key.id)
  return { status: 200, bodyOf: (feedSequence) => ({ id: key.id, status, feedSequence }), said: entry?.sequence ?? 0 }
}

function newKeyText(services: Pick<Services, 'keyPrefix' | 'randomBytes'>, environment: 'live' | 'test') {
  return generateKey({ prefix: services.keyPrefix, marker: environment, randomBytes: services.randomBytes })
}

export function futureTime(text: string, now: number): number {
  const at = parseTime(text) as number
  if (at <= now) throw invalid('/expiresAt', 'must be in the future')
  return at
}

interface KeyChanges {
  readonly scope?: string | undefined
  readonly expiresAt?: string | null | undefined
  readonly name?: string | undefined
  readonly subject?: string | null | undefined
  readonly metadata?: Key['metadata'] | undefined
  readonly ipAllow?: readonly string[] | null | undefined
  readonly originAllow?: readonly string[] | null | undefined
  readonly rateLimit?: RateLimit | null | undefined
  readonly rateLimits?: readonly RatePolicy[] | null | undefined
}

/** `null` takes away, absent leaves as it is. */
function withBody(key: Key, body: KeyChanges, now: number): Key {
  const { expiresAt, lifeSeconds, ipAllow, originAllow, subject, ...rest } = withoutLimits(key)
  const party = body.subject === undefined ? subject : (body.subject ?? undefined)
  const end =
    body.expiresAt === undefined ? expiresAt : body.expiresAt === null ? undefined : futureTime(body.expiresAt, now)
  const life = body.expiresAt === undefined ? lifeSeconds : end === undefined ? undefined : end - key.createdAt
  return {
    ...rest,
    ...(body.scope === undefined ? {} : { scope: body.scope }),
    ...(body.name === undefined ? {} : { name: body.name }),
    ...(party === undefined ? {} : { subject: party }),
    ...(body.metadata === undefined ? {} : { metadata: body.metadata }),
    ...(end === undefined ? {} : { expiresAt: end }),
    ...(life === undefined ? {} : { lifeSeconds: life }),
    ...constraintsOf({
      ipAllow: body.ipAllow === undefined ? ipAllow : body.ipAllow,
      originAllow: body.originAllow === undefined ? originAllow : body.originAllow,
    }),
    ...limitsOf(body, key),
    version: key.version + 1,
    updatedAt: Math.floor(now),
  }
}

function constraintsOf({ ipAllow, originAllow }: Pick<KeyChanges, 'ipAllow' | 'originAllow'>) {
  return {
    ...(ipAllow == null ? {} : { ipAllow }),
    ...(originAllow == null ? {} : { originAllow }),
  }
}

/** A key nobody has seen needs no feed entry: no verifier can have made anything from it. */
function appendCreation(
  context: WriteContext,
  transaction: WriteTransaction,
  key: Key,
  action: AuditAction,
  audience: string,
): void {
  const { actor, requestId, tenant, now } = context
  const audit = { actor, action, objectType: 'key', objectId: key.id, after: keyView(key, audience, now), requestId }
  transaction.append({ tenant: tenant.id, audit })
}

function appendChange(context: WriteContext, before: Key, after: Key, action: AuditAction, audience: string): void {
  const { actor, requestId, tenant, now, transaction } = context
  transaction.append({
    tenant: tenant.id,
    audit: {
      actor,
      action,
      objectType: 'key',
      objectId: after.id,
      before: keyView(before, audience, now),
      after: keyView(after, audience, now),
      requestId,
    },
    objects: () => [keyObject(after, now)],
  })
}

export const keyOperations: readonly Operation[] = [
  createKey,
  listKeys,
  getKey,
  updateKey,
  rollKey,
  disableKey,
  enableKey,
  revokeKey,
]

/** `POST /v1/revocations`: what an operator ends that stands in no list. */
import { routes } from '@countersign/contract'
import { clientTokenId, type Identity, issuedTokenId, limits, tokenIdentity } from '@countersign/core'
import { wholeTenant } from '../caller/reach.ts'
import {
  issuedTokenObject,
  revokedClientTokenObject,
  revokedExternalTokenObject,
  revokedKeyObject,
  subjectObject,
} from '../feed/objects.ts'
import { isFull, mustCutOff, type RevocationContext, revokeToken } from '../feed/revoker.ts'
import { ProblemError } from '../http/problem.ts'
import { serverLimits } from '../limits.ts'
import { OauthError } from '../oauth/oauth_error.ts'
import { findRevocable, type Revocable } from '../oauth/revocable.ts'
import { requireMayTouch } from './access.ts'
import type { ReadContext, WriteContext } from './context.ts'
import {
  findClient,
  findClientNamed,
  findClientOrNone,
  findEveryIssuer,
  findTokenOrNone,
  invalid,
  notFound,
} from './find.ts'
import { type Operation, preparedOperation, type Result } from './operation.ts'

type Route = typeof routes.createRevocation

const createRevocation = preparedOperation(routes.createRevocation, findNamed, (context, credential) => {
  const { jti, clientId, subject } = context.body
  if (credential !== undefined) return revokeCredential(context, credential)
  if (subject !== undefined) return revokeSubject(context, subject)
  requireNameable(clientId as string, jti as string, '/jti')
  return revokeNamed(context, { jti: jti as string, clientId: clientId as string })
})

/** The credential whose text the body has. Its owner is not known before its digest or signature has matched. */
async function findNamed({ body, services, tenant }: ReadContext<Route>): Promise<Revocable | undefined> {
  const { credential, jti, clientId, subject } = body
  const ways = [credential, jti, subject].filter((way) => way !== undefined)
  if (ways.length !== 1 || (jti === undefined) !== (clientId === undefined))
    throw invalid('', 'must have either credential, or jti and clientId, or subject')
  if (credential === undefined) return undefined
  const found = await findRevocable(services, tenant, credential).catch(toProblem)
  if (found === undefined) throw notFound('credential')
  return found
}

async function revokeCredential(context: WriteContext<Route>, found: Revocable): Promise<Result<Route>> {
  const { transaction } = context
  const { identity, jwt } = found
  const client = await findClient(context, found.clientId, 'credential')
  context.requireHeld([identity.type === 'key' ? 'keys:write' : 'tokens:write'], client.teamId)
  requireMayTouch(context, client)
  const said = await saidAbout(context, identity)
  const isListed = jwt === undefined || (await findTokenOrNone(context, jwt.jti)) !== undefined
  // A token of a family does not count for the client.
  const isCounted = said === undefined && jwt !== undefined && jwt.familyId === undefined
  if (isCounted && (await isFull(transaction, jwt.kind, jwt.clientId, causeOf(context))))
    throw tooManyChanges(jwt.clientId)
  await found.revoke(transaction, causeOf(context))
  return answer(isListed ? 1 : null, said)
}

interface Named {
  readonly clientId: string
  readonly jti: string
}

/** The entry is about the pair: it ends a token of that client and of no other, whatever `jti` was named. */
async function revokeNamed(context: WriteContext<Route>, named: Named): Promise<Result<Route>> {
  const { body, now, tenant, transaction } = context
  const { clientId, jti } = named
  const client = await findClientNamed(context, clientId)
  context.requireHeld(['tokens:write'], client.teamId)
  requireMayTouch(context, client)
  if (body.selfIssued === true) {
    const said = await saidAbout(context, { type: 'client_token', id: clientTokenId(clientId, jti) })
    if (said === undefined) {
      if (await isFull(transaction, 'client_token', clientId, causeOf(context))) throw tooManyChanges(clientId)
      append(context, named, revokedClientTokenObject(clientId, jti, now + longestSelfIssuedSeconds))
    }
    return answer(null, said)
  }
  if (body.external === true) return revokeExternal(context, named)
  const listed = await findTokenOrNone(context, jti)
  if (listed?.clientId === clientId) {
    const said = await saidAbout(context, tokenIdentity(listed.format, jti))
    if (said === undefined && (await mustCutOff(transaction, listed, causeOf(context)))) throw tooManyChanges(clientId)
    await revokeToken(transaction, listed, causeOf(context))
    return answer(1, said)
  }
  const identity = { type: 'issued_token', id: issuedTokenId(clientId, jti) } as const
  const entry = await transaction.statusEntries.find(tenant.id, identity.type, identity.id)
  if (entry?.state.status === 'revoked') return answer(null, entry.sequence)
  if (entry === undefined && (await isFull(transaction, 'token', clientId, causeOf(context))))
    throw tooManyChanges(clientId)
  append(context, named, issuedTokenObject(named, (entry?.version ?? 0) + 1, { status: 'revoked' }, now))
  return answer(null, undefined)
}

/** A JWT of another issuer by its name, which a verification answers as `credentialId`. It ends at most a day from now. */
async function revokeExternal(context: WriteContext<Route>, named: Named): Promise<Result<Route>> {
  const { clientId, jti } = named
  if (!/^[\w-]{43}$/.test(jti)) throw invalid('/jti', 'is not the credentialId of a JWT of another issuer')
  // Its name does not say which issuer signed it, so it may be a JWT of any client that issuers act as.
  for (const id of new Set((await findEveryIssuer(context)).map((issuer) => issuer.clientId))) {
    const client = await findClientOrNone(context, id)
    if (client !== undefined) requireMayTouch(context, client)
  }
  const said = await saidAbout(context, { type: 'external_token', id: jti })
  if (said === undefined) {
    if (await isFull(context.transaction, 'external_token', clientId, causeOf(context))) throw tooManyChanges(clientId)
    append(context, named, revokedExternalTokenObject(jti, context.now + longestExternalSeconds))
  }
  return answer(null, said)
}

/** `exp` of one that is accepted now or before its leeway is over lies no further ahead. */
const longestExternalSeconds = limits.externalAheadSecondsMax + 2 * limits.clockLeewaySeconds

/**
 * Everything that speaks for the subject and was issued before this entry. Keys have no position that could show when they
 * were made, so each has an entry of its own; tokens are judged by the number of the subject's.
 */
async function revokeSubject(context: WriteContext<Route>, subject: string): Promise<Result<Route>> {
  const { actor, body, now, reach, requestId, transaction } = context
  const tenant = wholeTenant(reach)
  context.requireHeld(['keys:write', 'tokens:write'])
  const before = await transaction.statusEntries.find(tenant, 'subject', subject)
  if (before === undefined && (await transaction.statusEntries.countSubjects(tenant)) >= serverLimits.subjectEntriesMax)
    throw tooManySubjects()
  const keys = await transaction.keys.revokeBySubject(tenant, subject, now)
  if (keys.length > serverLimits.subjectKeysMax) throw tooManyKeys()
  const tokens = await transaction.tokens.revokeBySubject(tenant, subject, now)
  for (const clientId of new Set([...keys.map((key) => key.clientId), ...tokens])) {
    const client = await findClientOrNone(context, clientId)
    if (client !== undefined) requireMayTouch(context, client)
  }
  const reason = body.reason === undefined ? {} : { reason: body.reason }
  const after = { status: 'revoked', keys: keys.length, tokens: tokens.length, ...reason }
  const at = Math.floor(now)
  transaction.append({
    tenant,
    audit: { actor, action: 'subject.revoke', objectType: 'subject', objectId: subject, after, requestId },
    objects: (sequence) => [
      subjectObject(
        subject,
        (before?.version ?? 0) + 1,
        { status: 'active', cutOff: sequence, cutOffs: { everything: { sequence, at } } },
        now,
      ),
      ...keys.map((key) => revokedKeyObject(key, now)),
    ],
  })
  return answer(keys.length + tokens.length, undefined)
}

/** A self-issued JWT lives at most a day, and may begin a little later than it was seen. */
const longestSelfIssuedSeconds = limits.selfIssuedLifeSecondsMax + 2 * limits.clockLeewaySeconds

function append(
  { actor, body, requestId, tenant, transaction }: WriteContext<Route>,
  { clientId, jti }: Named,
  object: ReturnType<typeof issuedTokenObject>,
): void {
  const reason = body.reason === undefined ? {} : { reason: body.reason }
  const after = { status: 'revoked', clientId, ...reason }
  const audit = { actor, action: 'token.revoke', objectType: object.type, objectId: jti, after, requestId } as const
  transaction.append({ tenant: tenant.id, countedFor: clientId, audit, objects: () => [object] })
}

/** An identity in the feed has a longest length. No token of ours has such a `jti`. */
export function requireNameable(clientId: string, jti: string, pointer: string): void {
  if (Buffer.byteLength(issuedTokenId(clientId, jti)) > limits.identityBytesMax) throw invalid(pointer, 'is too long')
}

/** The entry that revoked it before, so that the answer names it. */
async function saidAbout(
  { tenant, transaction }: WriteContext<Route>,
  { type, id }: Identity,
): Promise<number | undefined> {
  const entry = await transaction.statusEntries.find(tenant.id, type, id)
  return entry?.state.status === 'revoked' ? entry.sequence : undefined
}

function answer(matched: number | null, said: number | undefined): Result<Route> {
  const bodyOf = (feedSequence: number) => ({ matched, feedSequence })
  return { status: 200, bodyOf, ...(said === undefined ? {} : { said }) }
}

function causeOf({ actor, body, now, requestId, tenant }: WriteContext<Route>): RevocationContext {
  return { tenant: tenant.id, now, actor, requestId, reason: body.reason }
}

/** Never a cut-off in silence: it would end every token of the client. */
export function tooManyChanges(clientId: string): ProblemError {
  const way = `POST /v1/clients/${clientId}/revoke ends all of them.`
  return new ProblemError(
    409,
    'too_many_changes',
    `The feed holds as many changes of this client’s tokens as it may. ${way}`,
  )
}

function tooManySubjects(): ProblemError {
  const way = 'Revoke the keys and tokens one by one, or POST /v1/clients/{clientId}/revoke.'
  return new ProblemError(409, 'too_many_changes', `The feed holds as many subjects of this tenant as it may. ${way}`)
}

function tooManyKeys(): ProblemError {
  const way = 'Revoke keys one by one, or POST /v1/clients/{clientId}/revoke. Nothing was ended.'
  const most = serverLimits.subjectKeysMax
  return new ProblemError(409, 'too_many_changes', `More than ${most} keys speak for this subject. ${way}`)
}

function toProblem(error: unknown): never {
  if (!(error instanceof OauthError)) throw error
  const headers = { 'Retry-After': '1' }
  throw new ProblemError(503, 'unavailable', 'The credential cannot be judged at this moment. Try again.', { headers })
}

export const revocationOperations: readonly Operation[] = [createRevocation]

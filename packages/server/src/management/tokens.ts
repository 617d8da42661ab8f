import { routes } from '@countersign/contract'
import {
  formatScope,
  formatTime,
  intersectScope,
  issuedTokenId,
  parseScope,
  parseTime,
  type TokenState,
  tokenIdentity,
} from '@countersign/core'
import type { Token } from '@countersign/store'
import { wholeTenant } from '../caller/reach.ts'
import { auditView } from '../feed/audit_view.ts'
import { issuedTokenObject, tokenObject } from '../feed/objects.ts'
import { isFull, mustCutOff, revokeToken as revoke } from '../feed/revoker.ts'
import { ProblemError } from '../http/problem.ts'
import { serverLimits } from '../limits.ts'
import { type IssueRequest, isMetadataOfToken, issueJwt, tokenRecord } from '../oauth/token_issuer.ts'
import { requireMayGive, requireMayTouch, requireNotBuiltIn, requireWithinAccess, scopeOf } from './access.ts'
import type { ReadContext, WriteContext } from './context.ts'
import {
  audienceOf,
  findApi,
  findApiByAudience,
  findClient,
  findClientNamed,
  findCutOff,
  findToken,
  findTokenOrNone,
  findTokens,
  invalid,
} from './find.ts'
import { pageAnswer, pageOf } from './lists/cursor.ts'
import {
  type AnswerOf,
  issueOperation,
  type Operation,
  type Result,
  readOperation,
  writeOperation,
} from './operation.ts'
import { requireNameable, tooManyChanges } from './revocations.ts'
import { presentStatus } from './token_status.ts'
import { requireIssuable, revokedMeanwhile } from './tokens/issuable.ts'
import { mintUnlisted } from './tokens/unlisted.ts'

/** A token as answered, with what holds now: what a change set, else what was signed. */
function tokenView(
  context: ReadContext | WriteContext,
  token: Token,
  audience: string,
): AnswerOf<typeof routes.getToken> {
  const end = token.expiresAt ?? token.issuedExpiresAt
  return {
    jti: token.jti,
    format: token.format,
    clientId: token.clientId,
    audience,
    scope: token.scope ?? token.issuedScope,
    subject: token.subject,
    name: token.name,
    status: presentStatus(context, token),
    expiresAt: formatTime(end),
    metadata: token.metadata,
    parent: token.lineage[0]?.id ?? null,
    createdAt: formatTime(token.createdAt),
    updatedAt: formatTime(token.updatedAt),
  }
}

const createToken = issueOperation(routes.createToken, async (context, { moment, askedAt }) => {
  const { body, services, tenant, transaction, actor, requestId } = context
  if (body.listed === false) return mintUnlisted(context, { moment, askedAt })
  const { clientId, ttlSeconds } = body
  if (clientId === undefined) throw invalid('/clientId', 'is missing')
  if (ttlSeconds === undefined) throw invalid('/ttlSeconds', 'is missing')
  if (body.teamId !== undefined) throw invalid('/teamId', 'goes with "listed": false')
  if (body.subject !== undefined) wholeTenant(context.reach, 'subject')
  const client = await findClientNamed(context, clientId)
  requireNotBuiltIn(client)
  const api = await findApiByAudience(context, body.audience, '/audience')
  const scope = scopeOf(body.scope, api)
  requireMayTouch(context, client)
  requireMayGive(context, api.id, scope)
  if (body.metadata !== undefined && !isMetadataOfToken(body.metadata))
    throw invalid(
      '/metadata',
      `must be at most ${serverLimits.tokenMetadataBytesMax} bytes of JSON, and at most 15 levels, in a JWT`,
    )
  const issuable = requireIssuable({ moment, client, api, requested: scope, ttlSeconds })
  const subject = body.subject ?? client.id
  // The client or the subject was revoked after the request came, or a moment before it at a process ahead. Nothing here
  // shows a credential that has ended with it, so only the caller can tell whether the token is still wanted.
  if (client.cutOff > askedAt) throw revokedMeanwhile('client')
  if (body.subject !== undefined && (await findCutOff(context, subject)) > askedAt) throw revokedMeanwhile('subject')
  const request: IssueRequest = {
    tenant,
    moment,
    client,
    api,
    // Client and API were read under the tenant's lock: nothing about them changes before the commit.
    authorities: [],
    subject,
    issuable,
    isListed: true,
    ...(body.metadata === undefined ? {} : { metadata: body.metadata }),
    ...(body.name === undefined ? {} : { name: body.name }),
  }
  const issued = await issueJwt(services, request)
  const token = tokenRecord(request, { jti: issued.jti, format: 'jwt' })
  await transaction.tokens.insert(token)
  transaction.append({
    tenant: tenant.id,
    audit: {
      actor,
      action: 'token.create',
      objectType: 'token',
      objectId: token.jti,
      after: auditView(token),
      requestId,
    },
  })
  return { status: 201, body: { ...tokenView(context, token, api.audience), token: issued.text.reveal() } }
})

const listTokens = readOperation(routes.listTokens, async (context) => {
  const { query } = context
  const filter = {
    ...(query.clientId === undefined ? {} : { clientId: query.clientId }),
    ...(query.subject === undefined ? {} : { subject: query.subject }),
  }
  const tokens = await findTokens(context, filter, pageOf(context, 'tokens'))
  const audiences = new Map<string, string>()
  for (const { apiId } of tokens) if (!audiences.has(apiId)) audiences.set(apiId, await audienceOf(context, apiId))
  const view = (token: Token) => tokenView(context, token, audiences.get(token.apiId) as string)
  return pageAnswer(context, 'tokens', tokens, (token) => token.jti, view)
})

const getToken = readOperation(routes.getToken, async (context) => {
  const token = await findToken(context, context.params.jti as string)
  return tokenView(context, token, await audienceOf(context, token.apiId))
})

/**
 * Narrower, wider again within the client's access, earlier; never beyond the signed end (docs/protocol/feed.md §5).
 */
const updateToken = writeOperation(routes.updateToken, async (context) => {
  const { body, now, tenant, transaction, actor, requestId, params } = context
  if (body.clientId !== undefined) {
    const listed = await findTokenOrNone(context, params.jti as string)
    if (listed?.clientId !== body.clientId) return updateUnlisted(context, params.jti as string, body.clientId)
  }
  const token = await findToken(context, params.jti as string)
  const client = await findClient(context, token.clientId)
  requireMayTouch(context, client)
  if (token.status === 'revoked') throw new ProblemError(409, 'revoked', 'A revoked token cannot be changed.')
  if (now >= token.issuedExpiresAt) throw new ProblemError(409, 'expired', 'The token has ended.')
  const api = await findApi(context, token.apiId)
  const scope = body.scope === undefined ? undefined : scopeOf(body.scope, api)
  if (scope !== undefined) {
    requireMayGive(context, token.apiId, scope)
    requireWithinAccess(client, api, scope)
    // A token that was exchanged is never wider than it was issued.
    const isWider = intersectScope(scope, parseScope(token.issuedScope)).length < scope.length
    if (token.lineage.length > 0 && isWider) throw invalid('/scope', 'goes beyond what the token was exchanged for')
  }
  const expiresAt = body.expiresAt === undefined ? token.expiresAt : (parseTime(body.expiresAt) as number)
  if (expiresAt !== undefined && expiresAt > token.issuedExpiresAt) {
    throw invalid('/expiresAt', `must not be after the signed end, ${formatTime(token.issuedExpiresAt)}`)
  }
  if (await mustCutOff(transaction, token, { tenant: tenant.id, now, actor, requestId })) {
    throw tooManyChanges(client.id)
  }
  const changed: Token = {
    ...token,
    ...(scope === undefined ? {} : { scope: formatScope(scope) }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
    version: token.version + 1,
    updatedAt: Math.floor(now),
  }
  await transaction.tokens.update(changed)
  transaction.append({
    tenant: tenant.id,
    audit: {
      actor,
      action: 'token.update',
      objectType: 'token',
      objectId: token.jti,
      before: auditView(token),
      after: auditView(changed),
      requestId,
    },
    objects: () => [tokenObject(changed)],
  })
  const audience = await audienceOf(context, token.apiId)
  return { status: 200, bodyOf: (feedSequence) => ({ ...tokenView(context, changed, audience), feedSequence }) }
})

/** A JWT of ours that nothing lists: it never gets more than was signed, so what is said of it only takes. */
async function updateUnlisted(
  context: WriteContext<typeof routes.updateToken>,
  jti: string,
  clientId: string,
): Promise<Result<typeof routes.updateToken>> {
  const { body, now, tenant, transaction, actor, requestId } = context
  requireMayTouch(context, await findClientNamed(context, clientId))
  requireNameable(clientId, jti, '')
  const entry = await transaction.statusEntries.find(tenant.id, 'issued_token', issuedTokenId(clientId, jti))
  if (entry?.state.status === 'revoked') throw new ProblemError(409, 'revoked', 'A revoked token cannot be changed.')
  const cause = { tenant: tenant.id, now, actor, requestId }
  if (entry === undefined && (await isFull(transaction, 'token', clientId, cause))) throw tooManyChanges(clientId)
  const before = (entry?.state ?? {}) as Partial<TokenState>
  const scope = body.scope === undefined ? before.scope : formatScope(scopeOf(body.scope))
  const expiresAt = body.expiresAt === undefined ? before.expiresAt : (parseTime(body.expiresAt) as number)
  const state: TokenState = {
    status: 'active',
    ...(scope === undefined ? {} : { scope }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
  }
  const object = issuedTokenObject({ clientId, jti }, (entry?.version ?? 0) + 1, state, now)
  const audit = { actor, action: 'token.update', objectType: object.type, objectId: jti, requestId } as const
  transaction.append({
    tenant: tenant.id,
    audit: { ...audit, before, after: state },
    objects: () => [object],
  })
  const shown = { scope: scope ?? null, expiresAt: expiresAt === undefined ? null : formatTime(expiresAt) }
  return { status: 200, bodyOf: (feedSequence) => ({ jti, clientId, ...shown, feedSequence }) }
}

const revokeToken = writeOperation(routes.revokeToken, async (context) => {
  const { body, actor, now, requestId, tenant, transaction } = context
  const token = await findToken(context, context.params.jti as string)
  requireMayTouch(context, await findClient(context, token.clientId))
  if (token.status === 'revoked') {
    const { type, id } = tokenIdentity(token.format, token.jti)
    const entry = await transaction.statusEntries.find(tenant.id, type, id)
    const bodyOf = (feedSequence: number) => ({ jti: token.jti, status: 'revoked' as const, feedSequence })
    return { status: 200, bodyOf, said: entry?.sequence ?? 0 }
  }
  await revoke(transaction, token, { tenant: tenant.id, now, actor, requestId, reason: body.reason })
  return { status: 200, bodyOf: (feedSequence) => ({ jti: token.jti, status: 'revoked' as const, feedSequence }) }
})

export const tokenOperations: readonly Operation[] = [createToken, listTokens, getToken, updateToken, revokeToken]

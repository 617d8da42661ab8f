/**
 * Tokens that nothing lists: a session or key mints one for minutes, to call an API as a client would. It ends with what
 * minted it.
 */
import type { routes } from '@countersign/contract'
import { type Ancestor, type Constraints, credentialIdentity, formatScope, formatTime } from '@countersign/core'
import { serverLimits } from '../../limits.ts'
import type { IssuingMoment } from '../../oauth/issuing_moment.ts'
import { issueJwt } from '../../oauth/token_issuer.ts'
import { isExplorer, managementApiId } from '../../tenants/tenant_setup.ts'
import { requireMayTouch, requireNotBuiltIn, scopeOf } from '../access.ts'
import type { WriteContext } from '../context.ts'
import { findApiByAudience, findClientNamed, findKey, invalid } from '../find.ts'
import type { Result } from '../operation.ts'
import { findExplorer } from './explorer.ts'
import { requireIssuable, revokedMeanwhile } from './issuable.ts'

type Route = typeof routes.createToken

export async function mintUnlisted(
  context: WriteContext<Route>,
  { moment, askedAt }: { readonly moment: IssuingMoment; readonly askedAt: number },
): Promise<Result<Route>> {
  const { body, services, tenant, transaction, actor, requestId } = context
  for (const name of ['subject', 'name', 'metadata'] as const)
    if (body[name] !== undefined) throw invalid(`/${name}`, 'goes with a token that is listed')
  const lineage = [minterOf(context)]
  const client = await findMintingClient(context)
  if (client.cutOff > askedAt) throw revokedMeanwhile('client')
  const api = await findApiByAudience(context, body.audience, '/audience')
  if (api.id === managementApiId) throw invalid('/audience', 'is the management API: the caller calls it directly')
  requireMayTouch(context, client)
  const ttlSeconds = body.ttlSeconds ?? Math.min(serverLimits.unlistedTokenSecondsMax, api.tokenTtlSecondsMax)
  if (ttlSeconds > serverLimits.unlistedTokenSecondsMax)
    throw invalid(
      '/ttlSeconds',
      `may be at most ${serverLimits.unlistedTokenSecondsMax} for a token that nothing lists`,
    )
  const { expiresAt: endsAtMax } = context.caller.grant
  const requested = scopeOf(body.scope, api)
  const question = { moment, client, api, requested, ttlSeconds, ...(endsAtMax === undefined ? {} : { endsAtMax }) }
  const issuable = requireIssuable(question)
  // Caller, client and API were read under the tenant's lock: nothing about them changes before the commit.
  const constraints = await constraintsOf(context)
  const made = { subject: client.id, issuable, lineage, constraints }
  const request = { tenant, moment, client, api, authorities: [], ...made }
  const { jti, expiresAt, text } = await issueJwt(services, request)
  const at = formatTime(Math.floor(moment.takenAt))
  const token = {
    jti,
    format: 'jwt' as const,
    clientId: client.id,
    audience: api.audience,
    scope: formatScope(issuable.scope),
    subject: client.id,
    name: '',
    status: 'active' as const,
    expiresAt: formatTime(expiresAt),
    metadata: {},
    parent: lineage[0]?.id ?? null,
    createdAt: at,
    updatedAt: at,
  }
  transaction.append({
    tenant: tenant.id,
    audit: { actor, action: 'token.create', objectType: 'token', objectId: jti, after: token, requestId },
  })
  return { status: 201, body: { ...token, token: text.reveal() } }
}

async function findMintingClient(context: WriteContext<Route>) {
  const { clientId, teamId } = context.body
  if (clientId === undefined) return findExplorer(context, teamId)
  if (teamId !== undefined) throw invalid('/teamId', 'goes without clientId')
  const client = await findClientNamed(context, clientId)
  // The explorer of a team may be named as well.
  if (!isExplorer(client)) requireNotBuiltIn(client)
  return client
}

/** A key is bound to addresses and origins, and what it mints is too. */
async function constraintsOf(context: WriteContext<Route>): Promise<readonly Constraints[]> {
  const { kind, credentialId } = context.caller.grant
  if (kind !== 'api_key') return []
  const { ipAllow, originAllow } = await findKey(context, credentialId)
  if (ipAllow === undefined && originAllow === undefined) return []
  return [{ ...(ipAllow === undefined ? {} : { ipAllow }), ...(originAllow === undefined ? {} : { originAllow }) }]
}

/** The credential that mints. A token has an end and ancestors of its own, and is exchanged instead (RFC 8693). */
function minterOf({ caller: { grant } }: WriteContext<Route>): Ancestor {
  if (grant.kind !== 'session' && grant.kind !== 'api_key')
    throw invalid('/listed', 'may be false for a session or an API key; a token is exchanged at /oauth/token')
  return credentialIdentity({ ...grant, format: 'opaque' })
}

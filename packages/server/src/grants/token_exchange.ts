import {
  type Ancestor,
  clientTokenId,
  type Established,
  findRejection,
  limits,
  parseCredential,
  parseScope,
} from '@countersign/core'
import type { Inspection } from '@countersign/verifier'
import { chooseApi } from '../services/api_registry.ts'
import { requireIssuable } from '../services/issuing_gate.ts'
import { OauthError } from '../services/oauth_error.ts'
import type { Services } from '../services/services.ts'
import type { GrantType, TokenRequest } from './grant_type.ts'

const accessTokenType = 'urn:ietf:params:oauth:token-type:access_token'

/**
 * RFC 8693: any of our credentials for an access token that is never wider, never lives longer and dies with it. It
 * carries its parent's constraints and environment and spends from the oldest ancestor's limit.
 */
export const tokenExchange: GrantType = {
  name: 'urn:ietf:params:oauth:grant-type:token-exchange',
  async decide(services, request) {
    const { tenant, client, parameters, now } = request
    const parent = await inspectSubject(services, request)
    const { established, effective } = parent
    const target =
      parameters.has('audience') || parameters.has('resource')
        ? parameters
        : new Map([['audience', established.audience]])
    const api = await chooseApi(services.apis, tenant, client, target)
    if (api.id !== established.apiId)
      throw new OauthError('invalid_target', 'the subject token is not valid for that API')
    const scope = requireIssuable(client, api, parameters.get('scope'), parseScope(effective.grant.scope))
    const expiresAt = Math.min(
      Math.floor(now) + Math.min(api.tokenTtlSeconds, api.tokenTtlSecondsMax),
      effective.grant.expiresAt ?? Number.POSITIVE_INFINITY,
    )
    const { environment, constraints } = established
    return {
      issue: {
        tenant,
        client,
        api,
        subject: established.subject,
        scope,
        expiresAt,
        lineage: lineageOf(parent, parameters.get('subject_token') as string),
        constraints: constraints.filter((set) => Object.keys(set).length > 0),
        ...(environment === undefined ? {} : { environment }),
        ...(effective.rates.length === 0 ? {} : { rateLimits: effective.rates, limitId: effective.limitId }),
      },
      answer: { issued_token_type: accessTokenType },
    }
  },
}

type Parent = Exclude<Inspection, { readonly outcome: string }>

/** A subject token that does not hold, or is another client's, is `invalid_request` (RFC 8693 §2.2.2), the same for all. */
async function inspectSubject(services: Services, { tenant, client, parameters, now }: TokenRequest): Promise<Parent> {
  const text = parameters.get('subject_token')
  if (text === undefined) throw new OauthError('invalid_request', 'subject_token is missing')
  if (parameters.get('subject_token_type') !== accessTokenType) {
    throw new OauthError('invalid_request', `subject_token_type must be ${accessTokenType}`)
  }
  if ((parameters.get('requested_token_type') ?? accessTokenType) !== accessTokenType) {
    throw new OauthError('invalid_request', `requested_token_type must be ${accessTokenType}`)
  }
  if (parameters.has('actor_token')) throw new OauthError('invalid_request', 'actor_token is not supported')
  const inspection = await tenant.engine.inspect(text)
  if ('outcome' in inspection) {
    if (inspection.outcome === 'unavailable')
      throw new OauthError('temporarily_unavailable', 'try again', 503, { 'Retry-After': '1' })
    throw invalidSubject()
  }
  // Address and origin travel with the child and are judged where it is used.
  const effective = { ...inspection.effective, addressRanges: [], origins: [] }
  const expected = { audience: inspection.established.audience, requires: [[]], address: undefined, origin: undefined }
  const rejection = findRejection(effective, expected, now)
  if (rejection !== undefined || inspection.established.clientId !== client.id) throw invalidSubject()
  services.metrics.verified('verified')
  return inspection
}

/** Nearest first. What a client's own key signed dies with that key too. */
function lineageOf({ established, signedBy }: Parent, text: string): readonly Ancestor[] {
  const lineage = [selfOf(established, text), ...established.lineage]
  if (lineage.filter(({ type }) => type !== 'public_key').length > limits.lineageMax) {
    throw new OauthError('invalid_request', `a token may have at most ${limits.lineageMax} ancestors`)
  }
  return signedBy?.type === 'public_key' ? [...lineage, { type: 'public_key', id: signedBy.id }] : lineage
}

function selfOf(established: Established, text: string): Ancestor {
  const { kind, credentialId, clientId } = established
  if (kind === 'api_key') return { type: 'key', id: credentialId }
  if (kind === 'self_issued_jwt') return { type: 'client_token', id: clientTokenId(clientId, credentialId) }
  return { type: parseCredential(text)?.kind === 'key' ? 'opaque_token' : 'token', id: credentialId }
}

function invalidSubject(): OauthError {
  return new OauthError('invalid_request', 'the subject_token does not hold for this client')
}

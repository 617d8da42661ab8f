import {
  effectiveGrant,
  establishExternal,
  findRejection,
  parseJwt,
  parseScope,
  type Scope,
  scopeByApi,
  type UnverifiedJwt,
} from '@countersign/core'
import type { Api, Client } from '@countersign/store'
import {
  mayFail,
  Signers,
  type StatusBook,
  standingOf,
  type TrustedIssuer,
  type VerifiedExternalJwt,
  verifyExternalJwt,
} from '@countersign/verifier/engine'
import type { TenantContext } from '../../context.ts'
import { chooseApi } from '../api_registry.ts'
import { isUsable } from '../client_authority.ts'
import { type Authority, requireIssuable } from '../issuing_gate.ts'
import { BehindError, type IssuingMoment, requireReached } from '../issuing_moment.ts'
import { OauthError } from '../oauth_error.ts'
import type { GrantDecision, GrantServices, GrantType, Identifying, TokenRequest } from './grant_type.ts'

/**
 * RFC 7523 §2.1: a JWT of a trusted issuer for an access token of ours, which ends no later than the JWT, ends with it, its
 * key and its issuer, and is renewed by another JWT alone. The JWT may be presented many times until it ends, as it may be at
 * an API: a CI job asks for several APIs with one, and a pod is given one for an hour.
 */
export const jwtBearer: GrantType = {
  name: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
  identify,
  decide,
}

/** Client authentication is optional (RFC 7523 §3.1): the JWT is proof enough, and its issuer names the client. */
async function identify(
  services: GrantServices,
  request: Identifying,
): Promise<Pick<TokenRequest, 'client' | 'authority'>> {
  const { tenant, moment, parameters } = request
  const { issuer } = await verifyAssertion(services, request)
  const { clientId } = issuer.state
  const named = parameters.get('client_id')
  const client = await services.clientReads.clients.find(tenant.id, clientId)
  if (client === undefined || !isUsable(services, client) || (named !== undefined && named !== clientId))
    throw refused('its client may have no tokens now')
  requireReached(moment, client.cutOff)
  return { client, authority: issuerAuthority(moment.book, issuer) }
}

async function decide(services: GrantServices, request: TokenRequest): Promise<GrantDecision> {
  const { tenant, moment, client, authority, parameters } = request
  const { issuer, verified } = await verifyAssertion(services, request)
  if (issuer.state.clientId !== client.id) throw refused('it was not issued for this client')
  const scopes = scopesOf(verified, issuer, tenant, moment)
  const api = await chooseOneApi(services, request, [...scopes.keys()])
  const given = scopes.get(api.id)
  if (given === undefined) throw new OauthError('invalid_target', 'no rule of its issuer gives it anything at that API')
  const ceiling = usableScope({ verified, issuer, client, api, given }, moment)
  const { subject, issuer: subjectIssuer, expiresAt: endsAtMax } = verified.claims
  const requested = parameters.get('scope')
  return {
    issue: {
      tenant,
      moment,
      client,
      api,
      authorities: [authority, issuerAuthority(moment.book, issuer), assertionAuthority(moment.book, verified)],
      subject,
      subjectIssuer,
      issuable: requireIssuable({ moment, client, api, requested, ceiling, endsAtMax }),
      lineage: [
        { type: 'external_token', id: verified.id },
        { type: 'public_key', id: verified.signedBy.id },
      ],
    },
  }
}

interface Asserted {
  readonly issuer: TrustedIssuer
  readonly verified: VerifiedExternalJwt
}

/** Imported keys of all issuers, by the states they were made from. */
const signers = new Signers()

/** By the book of the moment: what it does not say, no request of this moment may rely on. */
async function verifyAssertion(
  services: GrantServices,
  { tenant, moment, parameters, address }: Identifying,
): Promise<Asserted> {
  const text = parameters.get('assertion')
  if (text === undefined) throw new OauthError('invalid_request', 'assertion is missing')
  const jwt = parseJwt(text)
  const failed = (detail: string): OauthError => failedProof(services, tenant, address, detail)
  if ('fault' in jwt) throw failed(jwt.detail)
  const issuer = findIssuer(jwt, moment.book)
  if (issuer === undefined) throw failed('its issuer is not trusted here')
  const verified = await verifyExternalJwt(signers, jwt, text, issuer)
  if (!('rejection' in verified)) return { issuer, verified }
  if (verified.rejection.code === 'bad_signature') services.issuerKeys.want(tenant.id, issuer.issuerId)
  throw failed(verified.rejection.detail)
}

/** Our own issuer is nobody else's. */
function findIssuer({ claims: { iss } }: UnverifiedJwt, book: StatusBook): TrustedIssuer | undefined {
  return iss === undefined || iss === book.issuer ? undefined : book.trustedIssuer(iss)
}

/** `aud` is our issuer or the issuer's `audience` (RFC 7523 §3.3); then the rules say what for. */
function scopesOf(
  { claims }: VerifiedExternalJwt,
  { state }: TrustedIssuer,
  { issuer }: TenantContext,
  { book }: IssuingMoment,
): ReadonlyMap<string, Scope> {
  if (!claims.audiences.some((aud) => aud === issuer || aud === state.audience))
    throw refused('its aud must be this issuer, or the audience of its issuer')
  const scopes = scopeByApi(claims, state, book, issuer)
  if (scopes.size === 0) throw refused('no rule of its issuer gives it anything')
  return scopes
}

/** The API that the request names; else the only one that the rules give anything at. */
async function chooseOneApi(
  services: GrantServices,
  { tenant, client, parameters }: TokenRequest,
  apiIds: readonly string[],
): Promise<Api> {
  const isNamed = parameters.has('audience') || parameters.has('resource')
  const only = isNamed || apiIds.length !== 1 ? undefined : await services.apis.byId(tenant, apiIds[0] as string)
  if (!isNamed && only === undefined) throw new OauthError('invalid_target', 'name the API with audience or resource')
  const target = only === undefined ? parameters : new Map([['audience', only.audience]])
  return chooseApi(services.apis, tenant, client, target)
}

interface Presented extends Asserted {
  readonly client: Client
  readonly api: Api
  /** By the rules. */
  readonly given: Scope
}

/**
 * The scope that the assertion would have at that API: its times, its revocation, its issuer, its client and its subject are judged
 * like those of any external JWT. The client's own scope is the upper limit. Throws `invalid_grant`.
 */
function usableScope({ verified, issuer, client, api, given }: Presented, moment: IssuingMoment): Scope {
  const { book, takenAt } = moment
  const { status, clientId } = issuer.state
  const { id: apiId, audience } = api
  const grant = { id: verified.id, tenant: book.tenant, apiId, audience, scope: given, status, clientId, client }
  const established = establishExternal(verified.claims, grant)
  const effective = effectiveGrant(established, standingOf({ established }, book))
  const expected = { audience, requires: [[]], address: undefined, origin: undefined }
  const rejection = findRejection(effective, expected, takenAt)
  if (rejection !== undefined) throw refused(rejection.detail)
  return parseScope(effective.grant.scope)
}

/** The request was judged by this state of the issuer. Where the book has another one by now, the request is judged again. */
function issuerAuthority(book: StatusBook, { issuerId, state }: TrustedIssuer): Authority {
  return {
    requireStill() {
      if (book.state('trusted_issuer', issuerId) !== state) throw new BehindError()
    },
  }
}

function assertionAuthority(book: StatusBook, { id }: VerifiedExternalJwt): Authority {
  return {
    requireStill() {
      if (book.isRevoked('external_token', id)) throw new BehindError()
    },
  }
}

function refused(detail: string): OauthError {
  return new OauthError('invalid_grant', `the assertion is refused: ${detail}`)
}

/** Guesses are limited by address, after the check: a good assertion is never refused because of them. */
function failedProof(
  { failures }: GrantServices,
  { issuer }: TenantContext,
  address: string | undefined,
  detail: string,
): OauthError {
  if (mayFail(failures, `${issuer} assertion`, address)) return refused(detail)
  return new OauthError('slow_down', 'too many assertions from this address were refused', 429, { 'Retry-After': '60' })
}

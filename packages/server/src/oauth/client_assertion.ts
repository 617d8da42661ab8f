/** `private_key_jwt` (RFC 7523 §3): a client proves who it is by a JWT that it signed, good once. */
import {
  decoyJwk,
  importVerificationKey,
  isOfDecoySize,
  limits,
  oneAudience,
  type PublicKeyRecord,
  parseJwt,
  type UnverifiedJwt,
  type VerifiedJwt,
  verifyJwt,
} from '@countersign/core'
import type { Client, WriteOptions } from '@countersign/store'
import type { Services, TenantContext } from '../context.ts'
import { serverLimits } from '../limits.ts'
import { takeOnce } from '../single_use/take_once.ts'
import type { Asking, Authenticated, AuthenticatorServices, PresentedClient } from './client_authenticator.ts'
import { isUsable, publicKeyAuthority } from './client_authority.ts'
import { failed, refused } from './client_failure.ts'
import { requireReached } from './issuing_moment.ts'
import type { OauthError } from './oauth_error.ts'

type PresentedAssertion = Extract<PresentedClient, { readonly method: 'private_key_jwt' }>

/**
 * The audience is our issuer alone (RFC 9700's successors, CVE-2025-27370). A caller who could not sign learns no reason;
 * the log has it in every case.
 */
export async function identifyByAssertion(
  services: AuthenticatorServices,
  tenant: TenantContext,
  presented: PresentedAssertion,
  asking: Asking,
): Promise<Authenticated> {
  const { moment, address } = asking
  const note = (cause: string, clientId?: string): void =>
    services.log.info({ requestId: asking.requestId, cause, ...shown(clientId) }, 'client assertion refused')
  const named = readNames(presented)
  if (typeof named === 'string') {
    note(named)
    throw refused()
  }
  const { jwt, clientId } = named
  const refuse = (cause: string, description?: string): OauthError => {
    note(cause, clientId)
    return failed(services, tenant, clientId, address, description)
  }
  const decoy = decoyJwk(jwt)
  if (decoy === undefined) throw refuse('its alg has no public key')
  const readAt = services.books.book(tenant.id)?.place.sequence ?? 0
  const { publicKeys, clients } = services.clientReads
  const record = await publicKeys.find(tenant.id, keyName(clientId, jwt))
  const client = await clients.find(tenant.id, clientId)
  // As much work for an unknown client or `kid` as for a known one: the time of the answer must not tell them apart.
  const isTried = record !== undefined && isOfDecoySize(jwt, record.alg, record.publicJwk)
  const publicJwk = isTried ? record.publicJwk : decoy
  const key = importVerificationKey(publicJwk, { alg: jwt.header.alg, purpose: 'client_assertion' })
  // `typ` is absent in most clients' assertions; what must never pass here is an access token
  // (docs/security/invariants.md §13).
  const typ = [undefined, 'JWT', 'client-authentication+jwt']
  const verified = await verifyJwt(jwt, key, { typ, issuer: clientId, purpose: 'client_assertion' })
  const isKnown = isTried && client !== undefined && isUsable(services, client)
  const fault = 'fault' in verified ? undefined : claimFault(verified, tenant, services.now())
  if (!isKnown || 'fault' in verified || fault !== undefined) {
    await publicKeys.balance(tenant.id, record !== undefined)
    await clients.balance(tenant.id, client !== undefined)
    // Only a holder of the client's own key is told more than an outsider.
    if (isKnown && fault !== undefined) throw refuse(fault, `the client assertion is refused: ${fault}`)
    throw refuse('fault' in verified && isTried ? verified.detail : unknownCause(services, client, record, jwt))
  }
  if (moment !== undefined) requireReached(moment, client.cutOff)
  return {
    client,
    authority: publicKeyAuthority(services, tenant, record, readAt),
    isPublic: false,
    useUp: async (writing) => {
      if (await takeJti(services, tenant, clientId, verified, moment?.usedUp, writing)) return
      note('its jti was used before', clientId)
      throw refused('the client assertion is refused: its jti was used before')
    },
  }
}

/** The JWT and the client that it names, or the reason why it names none. */
function readNames({ assertion, clientId }: PresentedAssertion): string | { jwt: UnverifiedJwt; clientId: string } {
  const jwt = parseJwt(assertion)
  if ('fault' in jwt) return jwt.detail
  const { iss, sub } = jwt.claims
  if (typeof iss !== 'string' || iss === '') return 'iss is missing'
  if (iss !== sub) return 'sub must equal iss'
  if (clientId !== undefined && clientId !== iss) return 'the parameter client_id must equal iss'
  return { jwt, clientId: iss }
}

/** Without `kid`, the client's only key of that algorithm is meant. */
function keyName(clientId: string, { header: { kid, alg } }: UnverifiedJwt): string {
  return JSON.stringify(kid === undefined ? [clientId, null, alg] : [clientId, kid])
}

/** The first rule that the claims break, in ASCII. */
function claimFault({ claims }: VerifiedJwt, tenant: TenantContext, now: number): string | undefined {
  const { aud, exp, iat, nbf, jti } = claims
  const leeway = limits.clockLeewaySeconds
  const lifeMax = serverLimits.clientAssertionLifeSecondsMax
  if (oneAudience(aud) !== tenant.issuer) return `aud must be ${tenant.issuer}, as a string or an array of one`
  if (exp === undefined) return 'exp is missing'
  if (now >= exp + leeway) return 'exp has passed'
  if (exp - now > lifeMax + leeway) return `exp is more than ${lifeMax} seconds ahead`
  if (iat !== undefined && iat > now + leeway) return 'iat is in the future: compare the clocks'
  if (nbf !== undefined && nbf > now + leeway) return 'nbf is in the future: compare the clocks'
  return jti === undefined || jti === '' ? 'jti is missing' : undefined
}

function unknownCause(
  services: AuthenticatorServices,
  client: Client | undefined,
  record: PublicKeyRecord | undefined,
  { header: { kid, alg } }: UnverifiedJwt,
): string {
  if (client === undefined) return 'no client has the id in iss'
  if (!isUsable(services, client)) return 'the client is disabled'
  if (record !== undefined) return `the key with its kid is for ${record.alg}`
  return kid === undefined
    ? `it has no kid, and the client has not exactly one key for ${alg}`
    : 'the client has no key with its kid'
}

/** An id of ours, and no other text: anything may stand in `iss`. */
function shown(clientId: string | undefined): { readonly clientId?: string } {
  return clientId !== undefined && /^client_[0-9A-Za-z]{1,40}$/.test(clientId) ? { clientId } : {}
}

/**
 * Each `jti` once, remembered until no clock can take the assertion for one that still holds (CVE-2020-5300). False for
 * one that was taken.
 */
function takeJti(
  services: Pick<Services, 'store'>,
  tenant: TenantContext,
  clientId: string,
  { claims }: VerifiedJwt,
  own: Set<string> | undefined,
  writing?: WriteOptions,
): Promise<boolean> {
  const use = {
    kind: 'client_assertion',
    tenant: tenant.id,
    value: JSON.stringify([clientId, claims.jti]),
    endsAt: Math.ceil(claims.exp ?? 0) + limits.clockLeewaySeconds,
    ...(own === undefined ? {} : { own }),
  } as const
  return takeOnce(services, use, writing)
}

/**
 * Who is asking at the token endpoint, introspection and revocation: RFC 6749 §2.3, RFC 7523 §3. One way in for all.
 */
import {
  challengeHeader,
  decoyJwk,
  digest,
  importVerificationKey,
  isOfDecoySize,
  limits,
  parseJwt,
  parseKey,
  type VerifiedJwt,
  verifyJwt,
} from '@countersign/core'
import type { Client, WriteOptions } from '@countersign/store'
import type { Services, TenantContext } from '../context.ts'
import { serverLimits } from '../limits.ts'
import { takeOnce } from '../single_use/take_once.ts'
import { hasEnded, publicKeyAuthority, secretAuthority } from './client_authority.ts'
import type { Authority } from './issuing_gate.ts'
import { type IssuingMoment, requireReached } from './issuing_moment.ts'
import { OauthError } from './oauth_error.ts'

/** The one client authentication method that a request used, as `oauth/presented_client.ts` read it. */
export type PresentedClient =
  | {
      readonly method: 'client_secret_basic' | 'client_secret_post'
      readonly clientId: string
      readonly secret: string
    }
  | { readonly method: 'private_key_jwt'; readonly clientId: string | undefined; readonly assertion: string }

/** A client that proved who it is. */
export interface Authenticated {
  readonly client: Client
  /** The secret or public key by which it did. */
  readonly authority: Authority
  /**
   * Takes what is good once, after everything the request reads was compared with its position
   * (docs/protocol/feed.md §2.3).
   */
  useUp(writing?: WriteOptions): Promise<void>
}

export type AuthenticatorServices = Pick<
  Services,
  'books' | 'clientReads' | 'clientSecrets' | 'failures' | 'now' | 'store'
>

/** For endpoints that issue nothing: nothing they answer has a position. */
export async function authenticateClient(
  services: AuthenticatorServices,
  tenant: TenantContext,
  presented: PresentedClient,
  address: string | undefined,
  writing: WriteOptions = {},
): Promise<Client> {
  const { client, useUp } = await identifyClient(services, tenant, presented, address)
  await useUp(writing)
  return client
}

/**
 * Throws `invalid_client`, the same for an unknown client, a wrong secret and a disabled client. Throws what the store throws
 * when it cannot be read. `moment` is given where a token will be issued: the client must not be newer than it.
 */
export async function identifyClient(
  services: AuthenticatorServices,
  tenant: TenantContext,
  presented: PresentedClient,
  address: string | undefined,
  moment?: IssuingMoment,
): Promise<Authenticated> {
  if (presented.method === 'private_key_jwt') return identifyByAssertion(services, tenant, presented, address, moment)
  const client = identifyBySecret(services, tenant, presented, address, moment)
  return presented.method === 'client_secret_basic' ? client.catch(challengeBasic) : client
}

async function identifyBySecret(
  services: AuthenticatorServices,
  tenant: TenantContext,
  { clientId, secret: text }: Exclude<PresentedClient, { readonly method: 'private_key_jwt' }>,
  address: string | undefined,
  moment: IssuingMoment | undefined,
): Promise<Authenticated> {
  const shape = parseKey(text)
  const kept = shape?.marker === 'secret' ? await services.clientSecrets.find(tenant.id, await digest(text)) : undefined
  const found = kept?.record
  const isOurs = found?.clientId === clientId && found.id === shape?.id && isUsable(services, found.client)
  if (kept === undefined || !isOurs || hasEnded(kept.record, services.now())) {
    throw failed(services, tenant, clientId, address)
  }
  const { client } = kept.record
  if (moment !== undefined) requireReached(moment, client.cutOff)
  return { client, authority: secretAuthority(services, tenant, kept), useUp: async () => {} }
}

/** RFC 7523 §3 with the audience of RFC 9700's successors: our issuer, as one string (CVE-2025-27370). */
async function identifyByAssertion(
  services: AuthenticatorServices,
  tenant: TenantContext,
  presented: Extract<PresentedClient, { readonly method: 'private_key_jwt' }>,
  address: string | undefined,
  moment: IssuingMoment | undefined,
): Promise<Authenticated> {
  const jwt = parseJwt(presented.assertion)
  if ('fault' in jwt) throw refused()
  const { iss, sub } = jwt.claims
  const kid = jwt.header.kid
  if (typeof iss !== 'string' || iss !== sub || typeof kid !== 'string') throw refused()
  if (presented.clientId !== undefined && presented.clientId !== iss) throw refused()
  const decoy = decoyJwk(jwt)
  if (decoy === undefined) throw failed(services, tenant, iss, address)
  const readAt = services.books.book(tenant.id)?.place.sequence ?? 0
  const { publicKeys, clients } = services.clientReads
  const record = await publicKeys.find(tenant.id, JSON.stringify([iss, kid]))
  const client = await clients.find(tenant.id, iss)
  // As much work for an unknown client or `kid` as for a known one: the time of the answer must not tell them apart.
  const isTried = record !== undefined && isOfDecoySize(jwt, record.alg, record.publicJwk)
  const publicJwk = isTried ? record.publicJwk : decoy
  const key = importVerificationKey(publicJwk, { alg: jwt.header.alg, purpose: 'client_assertion' })
  // `typ` is absent in most clients' assertions; what must never pass here is an access token
  // (docs/security/invariants.md §13).
  const typ = [undefined, 'JWT', 'client-authentication+jwt']
  const verified = await verifyJwt(jwt, key, { typ, issuer: iss, purpose: 'client_assertion' })
  const isUnknown = !isTried || client === undefined || !isUsable(services, client)
  if (isUnknown || 'fault' in verified || !holdsNow(verified, tenant, services.now())) {
    await publicKeys.balance(tenant.id, record !== undefined)
    await clients.balance(tenant.id, client !== undefined)
    throw failed(services, tenant, iss, address)
  }
  if (moment !== undefined) requireReached(moment, client.cutOff)
  return {
    client,
    authority: publicKeyAuthority(services, tenant, record, readAt),
    useUp: (writing) => takeJti(services, tenant, iss, verified, moment?.usedUp, writing),
  }
}

function holdsNow({ claims }: VerifiedJwt, tenant: TenantContext, now: number): boolean {
  const { aud, exp, iat, nbf, jti } = claims
  const leeway = 10
  return (
    aud === tenant.issuer &&
    typeof exp === 'number' &&
    typeof jti === 'string' &&
    jti !== '' &&
    now < exp + leeway &&
    exp - now <= serverLimits.clientAssertionLifeSecondsMax + leeway &&
    (iat === undefined || iat <= now + leeway) &&
    (nbf === undefined || nbf <= now + leeway)
  )
}

/** Each `jti` once, remembered until no clock can take the assertion for one that still holds (CVE-2020-5300). */
async function takeJti(
  services: Pick<Services, 'store'>,
  tenant: TenantContext,
  clientId: string,
  { claims }: VerifiedJwt,
  own: Set<string> | undefined,
  writing?: WriteOptions,
): Promise<void> {
  const use = {
    kind: 'client_assertion',
    tenant: tenant.id,
    value: JSON.stringify([clientId, claims.jti]),
    endsAt: Math.ceil(claims.exp ?? 0) + limits.clockLeewaySeconds,
    ...(own === undefined ? {} : { own }),
  } as const
  if (!(await takeOnce(services, use, writing))) throw refused()
}

/** RFC 6749 §5.2: who tried the Authorization header is told its scheme. */
export const basicChallenge = challengeHeader({ scheme: 'Basic', realm: 'countersign' })

function challengeBasic(error: unknown): never {
  if (error instanceof OauthError && error.error === 'invalid_client') {
    throw new OauthError('invalid_client', error.message, 401, basicChallenge)
  }
  throw error
}

/**
 * Deleted clients are not found; disabled ones, and those of a disabled tenant, get nothing (CVE-2026-1609 and its
 * kin).
 */
function isUsable(services: Pick<Services, 'books'>, { tenant, status }: Client): boolean {
  return status === 'active' && services.books.book(tenant)?.state('tenant', tenant)?.status === 'active'
}

export function refused(): OauthError {
  return new OauthError('invalid_client', 'client authentication failed')
}

const failureRate = { limit: serverLimits.wrongSecretsPerMinute, windowSeconds: 60 }

/**
 * The answer to a proof that does not hold. Failures are limited per (client, address), and only here, after the check:
 * an attacker who shares a victim's address cannot keep the right secret out (docs/security/invariants.md §8).
 */
function failed(
  services: Pick<Services, 'failures'>,
  tenant: TenantContext,
  clientId: string,
  address: string | undefined,
): OauthError {
  const failureId = JSON.stringify([tenant.id, 'client_secret', clientId.slice(0, 255), address ?? ''])
  const isLeft = services.failures.isLeft(failureId, failureRate)
  services.failures.count(failureId, failureRate)
  if (isLeft) return refused()
  return new OauthError('slow_down', 'too many failed attempts for this client from this address', 429, {
    'Retry-After': '60',
  })
}

/**
 * Who is asking at the token endpoint, introspection and revocation: RFC 6749 §2.3, RFC 7523 §3. One way in for all.
 */
import { digest, parseKey } from '@countersign/core'
import { type Client, isPublicClient, type WriteOptions } from '@countersign/store'
import type { Services, TenantContext } from '../context.ts'
import { identifyByAssertion } from './client_assertion.ts'
import { hasEnded, isUsable, secretAuthority } from './client_authority.ts'
import { failed, refused } from './client_failure.ts'
import type { Authority } from './issuing_gate.ts'
import { type IssuingMoment, requireReached } from './issuing_moment.ts'

/** The one client authentication method that a request used, as `oauth/presented_client.ts` read it. */
export type PresentedClient =
  | {
      readonly method: 'client_secret_basic' | 'client_secret_post'
      readonly clientId: string
      readonly secret: string
    }
  | { readonly method: 'private_key_jwt'; readonly clientId: string | undefined; readonly assertion: string }
  /** A public client names itself and proves nothing (RFC 6749 §2.1). */
  | { readonly method: 'none'; readonly clientId: string }

/** A client that proved who it is, or a public one that says so. */
export interface Authenticated {
  readonly client: Client
  /** The secret or public key by which it did. */
  readonly authority: Authority
  /** It has proved nothing: whatever it presents must prove all. */
  readonly isPublic: boolean
  /**
   * Takes what is good once, after everything the request reads was compared with its position
   * (docs/protocol/feed.md §2.3).
   */
  useUp(writing?: WriteOptions): Promise<void>
}

export type AuthenticatorServices = Pick<
  Services,
  'books' | 'clientReads' | 'clientSecrets' | 'failures' | 'log' | 'now' | 'store'
>

/** The request that a client authenticates. */
export interface Asking {
  readonly requestId: string
  readonly address: string | undefined
  /** Given where a token will be issued: the client must not be newer than it. */
  readonly moment?: IssuingMoment
  /** Whether a public client may ask here. Default false. */
  readonly allowsPublic?: boolean
}

/** For endpoints that issue nothing: nothing they answer has a position. */
export async function authenticateClient(
  services: AuthenticatorServices,
  tenant: TenantContext,
  presented: PresentedClient,
  asking: Asking,
  writing: WriteOptions = {},
): Promise<Client> {
  const { client, useUp } = await identifyClient(services, tenant, presented, asking)
  await useUp(writing)
  return client
}

/**
 * Throws `invalid_client`, the same for an unknown client, a wrong secret and a disabled client. Throws what the store throws
 * when it cannot be read.
 */
export function identifyClient(
  services: AuthenticatorServices,
  tenant: TenantContext,
  presented: PresentedClient,
  asking: Asking,
): Promise<Authenticated> {
  switch (presented.method) {
    case 'none':
      return identifyPublic(services, tenant, presented.clientId, asking)
    case 'private_key_jwt':
      return identifyByAssertion(services, tenant, presented, asking)
    case 'client_secret_basic':
    case 'client_secret_post':
      return identifyBySecret(services, tenant, presented, asking)
  }
}

/** A client that could prove who it is and does not is refused. */
async function identifyPublic(
  services: AuthenticatorServices,
  tenant: TenantContext,
  clientId: string,
  { moment, allowsPublic = false }: Asking,
): Promise<Authenticated> {
  const client = allowsPublic ? await services.clientReads.clients.find(tenant.id, clientId) : undefined
  if (client === undefined || !isPublicClient(client) || !isUsable(services, client)) throw refused()
  if (moment !== undefined) requireReached(moment, client.cutOff)
  // The gate looks at the client again by itself, and there is no proof that could end.
  return { client, authority: { requireStill() {} }, isPublic: true, useUp: async () => {} }
}

async function identifyBySecret(
  services: AuthenticatorServices,
  tenant: TenantContext,
  { clientId, secret: text }: Extract<PresentedClient, { readonly secret: string }>,
  { address, moment }: Asking,
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
  return { client, authority: secretAuthority(services, tenant, kept), isPublic: false, useUp: async () => {} }
}

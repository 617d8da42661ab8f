/**
 * Who is asking at the token endpoint, introspection and revocation: RFC 6749 §2.3, RFC 7523 §3. One way in for all.
 */
import { digest, parseKey } from '@countersign/core'
import type { Client, WriteOptions } from '@countersign/store'
import type { Services, TenantContext } from '../context.ts'
import { identifyByAssertion } from './client_assertion.ts'
import { hasEnded, isUsable, secretAuthority } from './client_authority.ts'
import { failed } from './client_failure.ts'
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
  'books' | 'clientReads' | 'clientSecrets' | 'failures' | 'log' | 'now' | 'store'
>

/** The request that a client authenticates. */
export interface Asking {
  readonly requestId: string
  readonly address: string | undefined
  /** Given where a token will be issued: the client must not be newer than it. */
  readonly moment?: IssuingMoment
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
  return presented.method === 'private_key_jwt'
    ? identifyByAssertion(services, tenant, presented, asking)
    : identifyBySecret(services, tenant, presented, asking)
}

async function identifyBySecret(
  services: AuthenticatorServices,
  tenant: TenantContext,
  { clientId, secret: text }: Exclude<PresentedClient, { readonly method: 'private_key_jwt' }>,
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
  return { client, authority: secretAuthority(services, tenant, kept), useUp: async () => {} }
}

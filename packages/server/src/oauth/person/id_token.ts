/** ID tokens: OpenID Connect Core §2. They tell a client who has signed in, and open nothing. */
import { createHash } from 'node:crypto'
import { type Seconds, signJwt } from '@countersign/core'
import type { Client, FamilySignIn } from '@countersign/store'
import { acrOf } from '../../caller/authentication_context.ts'
import type { Services, TenantContext } from '../../context.ts'
import { signingKeyObject } from '../../feed/objects.ts'
import { createSigningKey, signingNow } from '../../keys/signing_keys.ts'
import { serverLimits } from '../../limits.ts'

/** All that an ID token says beside whom it is for. */
export interface TellingSignIn {
  readonly accountId: string
  readonly signIn: FamilySignIn
  readonly nonce?: string
}

/** OpenID Connect requires it of every server, and strict clients expect it. */
export const idTokenAlgDefault = 'RS256'

export function idTokenAlgOf({ signIn }: Pick<Client, 'signIn'>): string {
  return signIn?.idTokenAlg ?? idTokenAlgDefault
}

export async function issueIdToken(
  services: Pick<Services, 'signing' | 'signingKeys'>,
  { tenant, client, at }: { readonly tenant: TenantContext; readonly client: Client; readonly at: Seconds },
  { accountId, signIn, nonce }: TellingSignIn,
  accessToken: string,
): Promise<string> {
  const alg = idTokenAlgOf(client)
  const issuedAt = Math.floor(at)
  const claims = {
    iss: tenant.issuer,
    sub: accountId,
    aud: client.id,
    exp: issuedAt + serverLimits.idTokenSeconds,
    iat: issuedAt,
    auth_time: signIn.authenticatedAt,
    acr: acrOf(signIn),
    amr: signIn.amr,
    sid: signIn.sessionId,
    at_hash: halfHash(alg, accessToken),
    nonce,
  }
  const key = await services.signingKeys.signer(tenant.id, alg, 'id_token')
  return signJwt({ typ: 'JWT', claims, key, sign: services.signing.sign })
}

/**
 * The first key of an algorithm is made when it is needed, and signs at once: there is no older one that somebody could still
 * trust instead.
 */
export async function provideIdTokenKey(
  { books, master, now, signingKeys, store }: Pick<Services, 'books' | 'master' | 'now' | 'signingKeys' | 'store'>,
  tenant: TenantContext,
  alg: string,
): Promise<void> {
  const published = await signingKeys.published(tenant.id, 'id_token')
  if (published.some((jwk) => jwk.alg === alg)) return
  const { entries } = await store.write(
    async (transaction) => {
      const all = await transaction.signingKeys.list(tenant.id)
      const known = all.filter((key) => key.purpose === 'id_token' && key.alg === alg)
      if (signingNow(known, now()) !== undefined) return
      const options = { tenant: tenant.id, alg, purpose: 'id_token', master, now: now(), signsAt: now() } as const
      const key = await createSigningKey(options)
      await transaction.signingKeys.insert(key)
      transaction.append({
        tenant: tenant.id,
        audit: {
          actor: { kind: 'system' },
          action: 'signing_key.create',
          objectType: 'signing_key',
          objectId: key.kid,
          after: { alg, purpose: 'id_token' },
          requestId: 'id_token',
        },
        objects: () => [signingKeyObject(key)],
      })
    },
    { tenant: tenant.id },
  )
  await books.settle(entries)
}

/** OpenID Connect Core §3.1.3.6: the left half of the hash that the algorithm uses; Ed25519 uses SHA-512. */
function halfHash(alg: string, text: string): string {
  const hash = createHash(alg === 'EdDSA' ? 'sha512' : 'sha256')
    .update(text)
    .digest()
  return hash.subarray(0, hash.length / 2).toString('base64url')
}

import { importSigningKey, limits, type Seconds, signJwt } from '@countersign/core'

export interface OwnJwt {
  readonly clientId: string
  /** The private JWK whose public half is registered with the client; its `kid` names it. */
  readonly privateJwk: object
  /** Where the JWK itself has none. */
  readonly kid?: string
  /** The API's audience, as registered. One. */
  readonly audience: string
  /** RFC 6749 §3.3. What the client may not have is cut by the verifier; empty is no access. */
  readonly scope: string
  /** Default 300, at most 86,400; the server takes 3,600 unless the client was given more. */
  readonly ttlSeconds?: number
  /** Names it for revocation. Default: a random one. */
  readonly jti?: string
  /** In seconds since the epoch. Default `Date.now() / 1000`. */
  readonly now?: () => Seconds
}

/**
 * A JWT that a client signs for itself and presents like an access token (contract.md §3): no request to anybody.
 *
 * @throws TypeError for options; JwkError for a key that cannot sign.
 * @example
 * ```ts
 * const jwt = await signOwnJwt({ clientId, privateJwk, audience: 'https://api.example', scope: 'orders:read', ttlSeconds: 60 })
 * ```
 */
export async function signOwnJwt(options: OwnJwt): Promise<string> {
  const {
    clientId,
    audience,
    scope,
    ttlSeconds = 300,
    jti = crypto.randomUUID(),
    now = () => Date.now() / 1000,
  } = options
  if (clientId === '' || audience === '') throw new TypeError('clientId and audience must be given')
  if (!(ttlSeconds > 0 && ttlSeconds <= limits.selfIssuedLifeSecondsMax)) {
    throw new TypeError(`ttlSeconds must lie between 1 and ${limits.selfIssuedLifeSecondsMax}`)
  }
  const issuedAt = Math.floor(now())
  const expiresAt = issuedAt + Math.ceil(ttlSeconds)
  const claims = { iss: clientId, sub: clientId, aud: audience, jti, iat: issuedAt, exp: expiresAt, scope }
  const { privateJwk, kid } = options
  const key = importSigningKey(kid === undefined ? privateJwk : { ...privateJwk, kid })
  return signJwt({ typ: 'at+jwt', claims, key })
}

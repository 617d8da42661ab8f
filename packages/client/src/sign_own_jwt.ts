import { importSigningKey, limits, type Seconds, signJwt } from '@countersign/core'

/** The options of `signOwnJwt`. */
export interface OwnJwt {
  /** The id of the client, which becomes `iss` and `sub`. */
  readonly clientId: string
  /** The private JWK whose public half is registered with the client; its `kid` names it. */
  readonly privateJwk: object
  /** The `kid`, where the JWK itself has none. */
  readonly kid?: string
  /** The audience of one API, as registered. */
  readonly audience: string
  /**
   * RFC 6749 §3.3. The verifier cuts scopes that the client may not have. Empty: only operations that need no scope.
   */
  readonly scope: string
  /** The life in seconds. Default 300, at most 86,400; verifiers take up to 3,600 unless the client was given more. */
  readonly ttlSeconds?: number
  /** The name of the JWT for revocation. Default: a random UUID. */
  readonly jti?: string
  /** The wall clock, in seconds since the epoch. Default `Date.now() / 1000`. */
  readonly now?: () => Seconds
}

/**
 * Signs a JWT that a client presents like an access token (docs/protocol/credentials.md §3), without any request.
 *
 * @throws TypeError for options; JwkError for a key that cannot sign.
 * @example
 * ```ts
 * const jwt = await signOwnJwt({ clientId, privateJwk, audience: 'https://api.example', scope: 'orders:read',
 * ttlSeconds: 60 })
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

/** Every system of a run is given these: one authorization server's credentials, and those that must be refused. */

export interface Fixture {
  /** The server under test; its issuer too. */
  readonly url: string
  readonly audience: string
  readonly scope: string
  readonly clientId: string
  readonly clientSecret: string
  /** A key with `credentials:verify` whose client guards the audience. */
  readonly verifierKey: string
  readonly apiKey: string
  /** ES256, RFC 9068, from the token endpoint's own issuer: the same for every system. */
  readonly jwt: string
  readonly publicJwk: JsonWebKey
  /** JWTs that fail for one reason each: signature, end, audience, signer. */
  readonly refusedJwts: readonly string[]
  readonly opaque: { readonly clientId: string; readonly clientSecret: string; readonly token: string }
  /** JSON array of many JWTs of the same kind, each for one use. */
  readonly jwtsFile: string
}

/** Client authentication at the token endpoint: RFC 6749 §2.3.1, or RFC 7523 §2.2 with a key of its own. */
import { importSigningKey, type Seconds, type SigningKey, signJwt } from '@countersign/core'

/** A client id with either a secret or a private key. */
export type ClientCredentials =
  | { readonly clientId: string; readonly clientSecret: string; readonly privateJwk?: never; readonly kid?: never }
  | {
      /** The id of the client. */
      readonly clientId: string
      /** The private JWK whose public half is registered, with its `kid` (and `alg` where the type leaves it open). */
      readonly privateJwk: object
      /** The `kid`, where the JWK itself has none. */
      readonly kid?: string
      /** Not beside a private key. */
      readonly clientSecret?: never
    }

/** The parts of a request to the token endpoint that authenticate the client. */
export interface Authentication {
  readonly headers: Readonly<Record<string, string>>
  readonly form: Readonly<Record<string, string>>
  /** Texts that must not appear in an error. */
  readonly secrets: readonly string[]
}

export type Authenticate = (now: Seconds) => Promise<Authentication>

/** The life of an assertion in seconds: as long as a request may take. It is used once. */
const assertionLifeSeconds = 60

/** Prepares the authentication. Throws `TypeError`, or `JwkError` for a key that cannot sign. */
export function clientAuthentication(issuer: string, credentials: ClientCredentials): Authenticate {
  const { clientId, clientSecret, privateJwk, kid } = credentials
  if (typeof clientId !== 'string' || clientId === '') throw new TypeError('clientId is missing')
  if ((clientSecret === undefined) === (privateJwk === undefined)) {
    throw new TypeError('give clientSecret or privateJwk, one of them')
  }
  if (clientSecret !== undefined) {
    const authorization = `Basic ${btoa(`${formEncode(clientId)}:${formEncode(clientSecret)}`)}`
    return async () => ({ headers: { authorization }, form: {}, secrets: [clientSecret] })
  }
  const key = importSigningKey(kid === undefined ? privateJwk : { ...privateJwk, kid })
  return async (now) => ({ headers: {}, form: await assertionForm(issuer, clientId, key, now), secrets: [] })
}

async function assertionForm(
  issuer: string,
  clientId: string,
  key: SigningKey,
  now: Seconds,
): Promise<Readonly<Record<string, string>>> {
  const issuedAt = Math.floor(now)
  const claims = {
    iss: clientId,
    sub: clientId,
    // Only the issuer: another server could make a client sign an assertion for an endpoint's URL (CVE-2025-27370).
    aud: issuer,
    jti: crypto.randomUUID(),
    iat: issuedAt,
    exp: issuedAt + assertionLifeSeconds,
  }
  return {
    client_id: clientId,
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: await signJwt({ typ: 'client-authentication+jwt', claims, key }),
  }
}

/** RFC 6749 §2.3.1: both parts are form-encoded before they are joined. */
function formEncode(text: string): string {
  return new URLSearchParams([['', text]]).toString().slice(1)
}

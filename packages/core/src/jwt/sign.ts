import { signBytes } from '#crypto'
import { encodeBase64url } from '../base64url.ts'
import { andThen } from '../crypto/maybe_promise.ts'
import { isSigningKey, type SigningKey } from '../jwk/signing_key.ts'
import type { MaybePromise } from '../seconds.ts'
import { isJwtFault, parseJwt } from './parse.ts'

export interface JwtToSign {
  /** The `typ` of the header, such as `at+jwt`. */
  readonly typ: string
  /** The claims. Those that are `undefined` are left out. */
  readonly claims: { readonly [name: string]: unknown }
  readonly key: SigningKey
}

const utf8 = new TextEncoder()

/**
 * Sign a JWT; its header has `alg` and `kid` of the key and the `typ` given. Throws `TypeError` for claims that
 * `parseJwt` would refuse: a token that nobody takes is our mistake and must show where it is made.
 */
export function signJwt({ typ, claims, key }: JwtToSign): MaybePromise<string> {
  if (!isSigningKey(key)) throw new TypeError('key must come from importSigningKey')
  const input = `${encodePart({ alg: key.alg, typ, kid: key.kid })}.${encodePart(claims)}`
  const signature = andThen(key.handle, (handle) => signBytes(handle, input))
  return andThen(signature, (bytes) => requireParsable(`${input}.${encodeBase64url(bytes)}`))
}

function encodePart(members: { readonly [name: string]: unknown }): string {
  return encodeBase64url(utf8.encode(JSON.stringify(members)))
}

function requireParsable(token: string): string {
  const parsed = parseJwt(token)
  if (isJwtFault(parsed)) throw new TypeError(`these claims do not make a JWT: ${parsed.detail}`)
  return token
}

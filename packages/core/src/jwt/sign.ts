import { bytesToBase64url, signBytes, textToBase64url } from '#crypto'
import { andThen } from '../crypto/maybe_promise.ts'
import type { JsonObject } from '../json.ts'
import { isSigningKey, type SigningKey } from '../jwk/signing_key.ts'
import type { MaybePromise } from '../seconds.ts'
import { claimsProblem } from './claims.ts'
import { jsonMembersMax, jwtBytesMax } from './limits.ts'
import { isJwtFault, parseJwt } from './parse.ts'

/** A JWT to be signed. */
export interface JwtToSign {
  /** The `typ` of the header, such as `at+jwt`. */
  readonly typ: string
  /** The claims. Claims that are `undefined` are left out. */
  readonly claims: { readonly [name: string]: unknown }
  readonly key: SigningKey
  /** The signer. Default: `signInput`, in this thread. */
  readonly sign?: SignInput
}

/** The signature of a text under a key, in base64url. */
export type SignInput = (key: SigningKey, input: string) => MaybePromise<string>

/** Signs in this thread. Throws `TypeError` when `key` was not imported. */
export function signInput(key: SigningKey, input: string): MaybePromise<string> {
  if (!isSigningKey(key)) throw new TypeError('key must come from importSigningKey')
  return andThen(andThen(key.handle, signBytes, input), bytesToBase64url)
}

/**
 * Signs a JWT; its header has `alg` and `kid` of the key and the `typ` given. Throws `TypeError` for claims that
 * `parseJwt` would refuse: a token that nobody takes is our mistake and must show where it is made.
 */
export function signJwt({ typ, claims, key, sign = signInput }: JwtToSign): MaybePromise<string> {
  if (!isSigningKey(key)) throw new TypeError('key must come from importSigningKey')
  const input = `${encodeHeader(key, typ)}.${encodePart(claims)}`
  return andThen(sign(key, input), (signature) => requireParsable(`${input}.${signature}`, claims))
}

/** The header of each key with the `typ` last used, which is the same for all its tokens. */
const headers = new WeakMap<SigningKey, { readonly typ: string; readonly text: string }>()

function encodeHeader(key: SigningKey, typ: string): string {
  const known = headers.get(key)
  if (known?.typ === typ) return known.text
  const text = encodePart({ alg: key.alg, typ, kid: key.kid })
  headers.set(key, { typ, text })
  return text
}

function encodePart(members: { readonly [name: string]: unknown }): string {
  return textToBase64url(JSON.stringify(members))
}

function requireParsable(token: string, claims: JsonObject): string {
  const problem = isFlat(claims) && token.length <= jwtBytesMax ? claimsProblem(claims) : findFault(token)
  if (problem !== undefined) throw new TypeError(`these claims do not make a JWT: ${problem}`)
  return token
}

function findFault(token: string): string | undefined {
  const parsed = parseJwt(token)
  return isJwtFault(parsed) ? parsed.detail : undefined
}

/**
 * Whether the claims are flat, as in most tokens. A reader could then refuse only the types of claims, so the token
 * need not be read back, which takes a tenth of the time of making it.
 */
function isFlat(claims: JsonObject): boolean {
  let members = 0
  for (const name in claims) {
    if (typeof claims[name] === 'object' && claims[name] !== null) return false
    if (++members > jsonMembersMax) return false
  }
  return true
}

import { decodeBase64url } from '../encoding/base64url.ts'
import { jwkMemberLengthMax, kidLengthMax } from '../jwt/limits.ts'
import { JwkError } from './jwk_error.ts'

/** The public members of a JSON Web Key (RFC 7517 §4, RFC 7518 §6, RFC 8037 §2). */
export interface PublicJwk {
  readonly kty: string
  readonly kid?: string
  readonly alg?: string
  readonly use?: string
  readonly key_ops?: readonly string[]
  readonly crv?: string
  readonly x?: string
  readonly y?: string
  readonly n?: string
  readonly e?: string
}

/** A JWK with the members that must stay with its owner. */
export interface PrivateJwk extends PublicJwk {
  readonly d?: string
  readonly p?: string
  readonly q?: string
  readonly dp?: string
  readonly dq?: string
  readonly qi?: string
  readonly k?: string
}

/** Members whose presence makes a JWK secret. `oth` (RFC 7518 §6.3.2.7) is never read, only refused. */
export const privateMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'] as const

const textMembers = 'kty kid alg use crv x y n e d p q dp dq qi k'.split(' ')

/**
 * Copies the members that mean something to us out of a value of unknown origin, each checked to be text within limits.
 * Throws `JwkError`. Only an object as JSON.parse makes it is a key: PEM text, bytes, class instances and objects with
 * functions are refused here, before anything asks for their kind of key (CVE-2022-23529, CVE-2026-34950).
 */
export function readJwk(value: unknown): PrivateJwk {
  if (!isJsonObject(value)) {
    throw new JwkError('not_a_jwk', 'a key must be a JWK: an object parsed from JSON, not text, bytes or an instance')
  }
  const jwk: Record<string, unknown> = {}
  for (const name of textMembers) {
    const member = Object.hasOwn(value, name) ? value[name] : undefined
    if (member === undefined) continue
    const lengthMax = name === 'kid' ? kidLengthMax : jwkMemberLengthMax
    if (typeof member !== 'string' || member.length === 0 || member.length > lengthMax) {
      throw new JwkError('invalid_member', `"${name}" of a JWK must be text of 1 to ${lengthMax} characters`)
    }
    jwk[name] = member
  }
  if (typeof jwk.kty !== 'string') throw new JwkError('invalid_member', '"kty" of a JWK must be present')
  if (jwk.kid !== undefined && !isIdentifier(jwk.kid)) {
    throw new JwkError('invalid_member', '"kid" of a JWK must be well-formed Unicode without NUL')
  }
  if (Object.hasOwn(value, 'key_ops') && value.key_ops !== undefined) jwk.key_ops = readKeyOps(value.key_ops)
  if (Object.hasOwn(value, 'oth')) throw new JwkError('invalid_member', 'RSA keys of more than two primes are refused')
  return jwk as unknown as PrivateJwk
}

/**
 * Whether a name can be stored and hashed without becoming another one: no lone surrogate, since UTF-8 turns all of
 * them into the same character, and no NUL, since databases refuse it or cut the text there.
 */
export function isIdentifier(value: unknown): value is string {
  return typeof value === 'string' && value.isWellFormed() && !value.includes('\0')
}

/** Reads a member that holds bytes in canonical base64url. Throws `JwkError`. */
export function readBytes(jwk: PrivateJwk, name: 'x' | 'y' | 'n' | 'e' | 'd' | 'k'): Uint8Array {
  const bytes = decodeBase64url(jwk[name] ?? '')
  if (bytes === undefined || bytes.length === 0) {
    throw new JwkError('invalid_member', `"${name}" of this JWK must be present in canonical base64url`)
  }
  return bytes
}

/** Reads a Base64urlUInt (RFC 7518 §2): big-endian without leading zero octets, so that a number has one spelling. */
export function readInteger(jwk: PrivateJwk, name: 'n' | 'e'): bigint {
  const bytes = readBytes(jwk, name)
  if (bytes[0] === 0) throw new JwkError('invalid_member', `"${name}" of a JWK must not begin with a zero octet`)
  return toInteger(bytes)
}

/** Reads big-endian bytes as a number. */
export function toInteger(bytes: Uint8Array): bigint {
  let digits = ''
  for (const byte of bytes) digits += byte.toString(16).padStart(2, '0')
  return BigInt(`0x${digits}`)
}

function isJsonObject(value: unknown): value is { readonly [name: string]: unknown } {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return false
  return Object.values(value).every((member) => typeof member !== 'function')
}

/** Reads `key_ops` (RFC 7517 §4.3). Unknown operations are allowed and mean nothing here. */
function readKeyOps(value: unknown): readonly string[] {
  if (!Array.isArray(value) || value.length > 16 || !value.every((operation) => typeof operation === 'string')) {
    throw new JwkError('invalid_member', '"key_ops" of a JWK must be an array of at most 16 strings')
  }
  if (new Set(value).size !== value.length) {
    throw new JwkError('invalid_member', '"key_ops" of a JWK must not name an operation twice')
  }
  return value
}

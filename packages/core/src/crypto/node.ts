import { Buffer, isUtf8 } from 'node:buffer'
import {
  constants,
  createHmac,
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  generateKeyPairSync,
  hash,
  KeyObject,
  type SignKeyObjectInput,
  sign,
  randomBytes as systemRandomBytes,
  timingSafeEqual as systemTimingSafeEqual,
  verify,
} from 'node:crypto'
import { decodeBase64urlInto, decodedLength } from '../encoding/base64url.ts'
import type { PrivateJwk, PublicJwk } from '../jwk/jwk.ts'
import { type AsymmetricAlgorithm, algorithms, type JwsAlgorithm } from '../jws/algorithm.ts'
import { jwtBytesMax } from '../jwt/limits.ts'
import type { MaybePromise } from '../seconds.ts'
import type { KeyHandle, KeyPair } from './port.ts'

/** The primitives of Node, all synchronous. See `port.ts` for what each promises. */
export function digest(text: string): MaybePromise<string> {
  return hash('sha256', text, 'base64url')
}

export function digestBytes(input: Uint8Array | string): MaybePromise<Uint8Array> {
  return hash('sha256', input, 'buffer')
}

export function textToBase64url(text: string): string {
  return Buffer.from(text).toString('base64url')
}

export function bytesToBase64url(bytes: Uint8Array): string {
  return asBuffer(bytes).toString('base64url')
}

export function lendBase64urlBytes(text: string): Uint8Array | undefined {
  const bytes = decoded.view(decodedLength(text))
  return decodeBase64urlInto(text, bytes) ? bytes : undefined
}

export function utf8ToText(bytes: Uint8Array): string | undefined {
  return isUtf8(bytes) ? asBuffer(bytes).toString() : undefined
}

export function asciiToText(bytes: Uint8Array, start: number, end: number): string {
  return asBuffer(bytes).toString('latin1', start, end)
}

export function importPublic(jwk: PublicJwk, alg: JwsAlgorithm): MaybePromise<KeyHandle> {
  if (algorithms[alg].kty !== 'oct') return toHandle(createPublicKey({ key: toNodeJwk(jwk), format: 'jwk' }), alg)
  return toHandle(createSecretKey(Buffer.from((jwk as PrivateJwk).k ?? '', 'base64url')), alg)
}

export function importPrivate(jwk: PrivateJwk, alg: AsymmetricAlgorithm): MaybePromise<KeyHandle> {
  return toHandle(createPrivateKey({ key: toNodeJwk(jwk), format: 'jwk' }), alg)
}

export function toCloneable(key: KeyHandle): object {
  return nativeOf(key).parameters.key
}

export function fromCloned(native: object, alg: JwsAlgorithm): KeyHandle {
  if (!(native instanceof KeyObject) || native.type !== 'private') throw new TypeError('only a private key can be sent')
  return toHandle(native, alg)
}

export function generateKeyPair(alg: AsymmetricAlgorithm): MaybePromise<KeyPair> {
  const { publicKey, privateKey } = generatePair(alg)
  const common = { alg, use: 'sig' }
  return {
    publicJwk: { ...(publicKey.export({ format: 'jwk' }) as PublicJwk), ...common },
    privateJwk: { ...(privateKey.export({ format: 'jwk' }) as PrivateJwk), ...common },
  }
}

export function signBytes(key: KeyHandle, input: Uint8Array | string): MaybePromise<Uint8Array> {
  const { hash: hashName, parameters, isSecret } = nativeOf(key)
  if (isSecret) return hmac(hashName, parameters.key, input)
  return sign(hashName, toBytes(input), parameters)
}

export function verifyBytes(key: KeyHandle, input: Uint8Array | string, signature: Uint8Array): MaybePromise<boolean> {
  const { hash: hashName, parameters, isSecret, isShortEc, signatureBytes } = nativeOf(key)
  if (signature.length !== signatureBytes) return false
  if (isSecret) return systemTimingSafeEqual(hmac(hashName, parameters.key, input), signature)
  const bytes = typeof input === 'string' ? signed.write(input) : input
  if (isShortEc) return verify(hashName, bytes, parameters.key, toDer(signature))
  return verify(hashName, bytes, parameters, signature)
}

export function timingSafeEqual(a: string, b: string): boolean {
  // UTF-16, since in UTF-8 every lone surrogate becomes the same replacement character.
  return a.length === b.length && systemTimingSafeEqual(Buffer.from(a, 'utf16le'), Buffer.from(b, 'utf16le'))
}

export function randomBytes(count: number): Uint8Array {
  return systemRandomBytes(count)
}

/** The arguments of sign() and verify(), made once at import. */
class NodeKey {
  readonly hash: string | null
  readonly parameters: SignKeyObjectInput & { readonly key: KeyObject }
  readonly isSecret: boolean
  readonly isShortEc: boolean
  readonly signatureBytes: number

  constructor(key: KeyObject, alg: JwsAlgorithm) {
    const rule = algorithms[alg]
    this.hash = rule.hash ?? null
    this.isSecret = rule.kty === 'oct'
    this.isShortEc = rule.kty === 'EC' && rule.signatureBytes <= 96
    this.signatureBytes = rule.signatureBytes ?? Math.ceil((key.asymmetricKeyDetails?.modulusLength ?? 0) / 8)
    // RFC 7518 §3.5: the salt of RSASSA-PSS is as long as the hash; OpenSSL would take any length.
    if (rule.padding === 'pss') {
      const saltLength = constants.RSA_PSS_SALTLEN_DIGEST
      this.parameters = { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength }
    } else if (rule.padding === 'pkcs1') this.parameters = { key, padding: constants.RSA_PKCS1_PADDING }
    else if (rule.kty === 'EC') this.parameters = { key, dsaEncoding: 'ieee-p1363' }
    else this.parameters = { key }
  }
}

function toHandle(key: KeyObject, alg: JwsAlgorithm): KeyHandle {
  return Object.freeze({ alg, native: Object.freeze(new NodeKey(key, alg)) })
}

/** Only keys that were imported here sign or verify: no text, no bytes, no object with a toString. */
function nativeOf(key: KeyHandle): NodeKey {
  if (!(key.native instanceof NodeKey)) throw new TypeError('a key handle must come from importPublic or importPrivate')
  return key.native
}

/**
 * Converts r and s side by side (RFC 7518 §3.4) to the DER of RFC 3279 §2.2.3 that OpenSSL takes. Node can do it too,
 * in 2 µs more. The result is valid until the next call.
 */
function toDer(signature: Uint8Array): Uint8Array {
  const half = signature.length / 2
  const end = writeInteger(signature, half, signature.length, writeInteger(signature, 0, half, 2))
  der[0] = 0x30
  der[1] = end - 2
  return derOfLength[end]!
}

/**
 * Writes an unsigned integer of big-endian bytes without leading zeros, but for the one that keeps it from being
 * negative.
 */
function writeInteger(bytes: Uint8Array, start: number, end: number, at: number): number {
  let from = start
  while (from < end - 1 && bytes[from] === 0) from++
  let to = at + 2
  if (bytes[from]! > 0x7f) der[to++] = 0
  while (from < end) der[to++] = bytes[from++]!
  der[at] = 0x02
  der[at + 1] = to - at - 2
  return to
}

/** Room for two integers of 49 bytes: ES384. Longer ones need a length of two bytes. */
const der = Buffer.alloc(2 + 2 * (2 + 49))
const derOfLength = Array.from({ length: der.length + 1 }, (_, length) => der.subarray(0, length))

/** Memory that each text overwrites, for bytes that are read at once: it makes no work for the garbage collector. */
class Scratch {
  readonly #memory = Buffer.alloc(jwtBytesMax * utf8BytesMax)
  /** The last part of that memory that was lent: texts of one kind mostly have one length. */
  #view = this.#memory

  /** Lends so many bytes, valid until the next call. A larger text gets memory of its own. */
  view(length: number): Buffer {
    if (length > this.#memory.length) return Buffer.alloc(length)
    if (this.#view.length !== length) this.#view = this.#memory.subarray(0, length)
    return this.#view
  }

  /** Writes the UTF-8 of a text into lent memory. */
  write(text: string): Buffer {
    return text.length > jwtBytesMax ? Buffer.from(text) : this.view(this.#memory.write(text))
  }
}

/** The most bytes that one UTF-16 code unit takes. */
const utf8BytesMax = 3
const decoded = new Scratch()
const signed = new Scratch()

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

function toBytes(input: Uint8Array | string): Uint8Array {
  if (typeof input !== 'string') return input
  // The input is ASCII, which is copied in half the time.
  return Buffer.from(input, isAscii(input) ? 'latin1' : 'utf8')
}

function isAscii(text: string): boolean {
  return Buffer.byteLength(text) === text.length
}

function hmac(hashName: string | null, secret: KeyObject, input: Uint8Array | string): Buffer {
  if (hashName === null) throw new TypeError('a secret key needs a hash')
  return createHmac(hashName, secret).update(input).digest()
}

function generatePair(alg: AsymmetricAlgorithm): { publicKey: KeyObject; privateKey: KeyObject } {
  const rule = algorithms[alg]
  if (rule.kty === 'EC') return generateKeyPairSync('ec', { namedCurve: rule.crv })
  if (rule.kty === 'OKP') return generateKeyPairSync('ed25519')
  return generateKeyPairSync('rsa', { modulusLength: 2048, publicExponent: 65_537 })
}

function toNodeJwk(jwk: PublicJwk): JsonWebKey {
  return jwk as JsonWebKey
}

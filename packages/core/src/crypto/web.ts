import { decodeBase64url, encodeBase64url } from '../encoding/base64url.ts'
import type { PrivateJwk, PublicJwk } from '../jwk/jwk.ts'
import { type AlgorithmRule, type AsymmetricAlgorithm, algorithms, type JwsAlgorithm } from '../jws/algorithm.ts'
import type { MaybePromise } from '../seconds.ts'
import type { KeyHandle, KeyPair } from './port.ts'

const utf8 = new TextEncoder()
const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** The primitives of browsers and workers (Web Cryptography). See `port.ts` for what each promises. */
export function digest(text: string): MaybePromise<string> {
  return sha256(utf8.encode(text)).then(encodeBase64url)
}

export function digestBytes(input: Uint8Array | string): MaybePromise<Uint8Array> {
  return sha256(toBytes(input))
}

export function textToBase64url(text: string): string {
  return encodeBase64url(utf8.encode(text))
}

export function bytesToBase64url(bytes: Uint8Array): string {
  return encodeBase64url(bytes)
}

export function lendBase64urlBytes(text: string): Uint8Array | undefined {
  return decodeBase64url(text)
}

export function utf8ToText(bytes: Uint8Array): string | undefined {
  try {
    return strictUtf8.decode(bytes)
  } catch {
    return undefined
  }
}

export function asciiToText(bytes: Uint8Array, start: number, end: number): string {
  return strictUtf8.decode(bytes.subarray(start, end))
}

export function importPublic(jwk: PublicJwk, alg: JwsAlgorithm): MaybePromise<KeyHandle> {
  const rule = algorithms[alg]
  if (rule.kty !== 'oct') return importJwk(publicMembers(jwk), alg, 'verify')
  const secret = decodeBase64url((jwk as PrivateJwk).k ?? '') ?? new Uint8Array()
  const imported = crypto.subtle.importKey('raw', secret, importParameters(rule), false, ['sign', 'verify'])
  return imported.then((key) => toHandle(key, alg))
}

export function importPrivate(jwk: PrivateJwk, alg: AsymmetricAlgorithm): MaybePromise<KeyHandle> {
  const { d, p, q, dp, dq, qi } = jwk
  return importJwk({ ...publicMembers(jwk), ...dropUndefined({ d, p, q, dp, dq, qi }) }, alg, 'sign')
}

export function toCloneable(key: KeyHandle): object {
  return nativeOf(key)
}

export function fromCloned(native: object, alg: JwsAlgorithm): KeyHandle {
  if (!(native instanceof CryptoKey) || native.type !== 'private') throw new TypeError('only a private key can be sent')
  return toHandle(native, alg)
}

export async function generateKeyPair(alg: AsymmetricAlgorithm): Promise<KeyPair> {
  const rule = algorithms[alg]
  const rsa = rule.kty === 'RSA' ? { modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) } : {}
  const parameters = { ...importParameters(rule), ...rsa }
  const pair = (await crypto.subtle.generateKey(parameters, true, ['sign', 'verify'])) as CryptoKeyPair
  const { kty, crv, x, y, n, e, d, p, q, dp, dq, qi } = await crypto.subtle.exportKey('jwk', pair.privateKey)
  const publicJwk = dropUndefined({ kty, crv, x, y, n, e, alg, use: 'sig' }) as unknown as PublicJwk
  return { publicJwk, privateJwk: { ...publicJwk, ...dropUndefined({ d, p, q, dp, dq, qi }) } as PrivateJwk }
}

export function signBytes(key: KeyHandle, input: Uint8Array | string): MaybePromise<Uint8Array> {
  const parameters = signatureParameters(algorithms[key.alg])
  return crypto.subtle.sign(parameters, nativeOf(key), toBytes(input)).then((signature) => new Uint8Array(signature))
}

export function verifyBytes(key: KeyHandle, input: Uint8Array | string, signature: Uint8Array): MaybePromise<boolean> {
  const rule = algorithms[key.alg]
  const native = nativeOf(key)
  if (signature.length !== (rule.signatureBytes ?? modulusBytes(native))) return false
  return crypto.subtle.verify(signatureParameters(rule), native, new Uint8Array(signature), toBytes(input))
}

export function timingSafeEqual(a: string, b: string): boolean {
  if (a.length !== b.length) return false
  let difference = 0
  for (let index = 0; index < a.length; index++) difference |= a.charCodeAt(index) ^ b.charCodeAt(index)
  return difference === 0
}

export function randomBytes(count: number): Uint8Array {
  const bytes = new Uint8Array(count)
  // getRandomValues gives at most 65,536 bytes at a time.
  for (let at = 0; at < count; at += 65_536) crypto.getRandomValues(bytes.subarray(at, at + 65_536))
  return bytes
}

function toBytes(input: Uint8Array | string): Uint8Array<ArrayBuffer> {
  return typeof input === 'string' ? utf8.encode(input) : new Uint8Array(input)
}

function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  return crypto.subtle.digest('SHA-256', bytes).then((digested) => new Uint8Array(digested))
}

async function importJwk(jwk: JsonWebKey, alg: JwsAlgorithm, usage: KeyUsage): Promise<KeyHandle> {
  return toHandle(await crypto.subtle.importKey('jwk', jwk, importParameters(algorithms[alg]), false, [usage]), alg)
}

function toHandle(key: CryptoKey, alg: JwsAlgorithm): KeyHandle {
  return Object.freeze({ alg, native: key })
}

function nativeOf(key: KeyHandle): CryptoKey {
  if (!(key.native instanceof CryptoKey))
    throw new TypeError('a key handle must come from importPublic or importPrivate')
  return key.native
}

/** RFC 8017 §8.1.2: an RSA signature is as long as the modulus. Node's own takes one whose leading zero was cut off. */
function modulusBytes({ algorithm }: CryptoKey): number {
  return Math.ceil(((algorithm as RsaKeyAlgorithm).modulusLength ?? 0) / 8)
}

/** `alg`, `use` and `key_ops` were judged at import; here they could only disagree with the parameters. */
function publicMembers({ kty, crv, x, y, n, e }: PublicJwk): JsonWebKey {
  return dropUndefined({ kty, crv, x, y, n, e })
}

function dropUndefined(members: { readonly [name: string]: string | undefined }): JsonWebKey {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined))
}

function importParameters(rule: AlgorithmRule): { name: string; namedCurve?: string; hash?: string } {
  switch (rule.kty) {
    case 'EC':
      return { name: 'ECDSA', namedCurve: rule.crv }
    case 'OKP':
      return { name: 'Ed25519' }
    case 'RSA':
      return { name: rule.padding === 'pss' ? 'RSA-PSS' : 'RSASSA-PKCS1-v1_5', hash: webHash(rule.hash) }
    case 'oct':
      return { name: 'HMAC', hash: webHash(rule.hash) }
  }
}

function signatureParameters(rule: AlgorithmRule): { name: string; hash?: string; saltLength?: number } {
  const { name } = importParameters(rule)
  if (rule.kty === 'EC') return { name, hash: webHash(rule.hash) }
  // RFC 7518 §3.5: the salt is as long as the hash.
  if (rule.padding === 'pss') return { name, saltLength: Number(rule.hash.slice(3)) / 8 }
  return { name }
}

function webHash(name: 'sha256' | 'sha384' | 'sha512'): string {
  return `SHA-${name.slice(3)}`
}

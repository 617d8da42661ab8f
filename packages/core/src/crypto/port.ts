import type { PrivateJwk, PublicJwk } from '../jwk/jwk.ts'
import type { AsymmetricAlgorithm, JwsAlgorithm } from '../jws/algorithm.ts'
import type { MaybePromise } from '../seconds.ts'

/**
 * The functions of `#crypto`. `node.ts` answers with values, `web.ts` with promises: a SHA-256 takes 0.4 µs the first
 * way and 53 µs the second, so callers wait only when they are given a promise (`andThen`).
 */
export interface CryptoPort {
  /** base64url of the SHA-256 of the UTF-8 text. */
  digest(text: string): MaybePromise<string>
  /** SHA-256 of bytes, or of the UTF-8 text. */
  digestBytes(input: Uint8Array | string): MaybePromise<Uint8Array>
  /** base64url of the UTF-8 of a text: native where the runtime has it, since every token is written this way. */
  textToBase64url(text: string): string
  /** base64url without padding, native where the runtime has it. */
  bytesToBase64url(bytes: Uint8Array): string
  /**
   * Decodes as `decodeBase64url` does, if it can into memory that the next call overwrites: for bytes that are read at
   * once.
   */
  lendBase64urlBytes(text: string): Uint8Array | undefined
  /** `undefined` when the bytes are not UTF-8; a byte order mark stays where it is. */
  utf8ToText(bytes: Uint8Array): string | undefined
  /** The text of some of the bytes, all of which are known to be ASCII. */
  asciiToText(bytes: Uint8Array, start: number, end: number): string
  /** The key that verifies: the public half of a pair, or for HS256, HS384 and HS512 the secret itself. */
  importPublic(jwk: PublicJwk, alg: JwsAlgorithm): MaybePromise<KeyHandle>
  /** The key that signs. */
  importPrivate(jwk: PrivateJwk, alg: AsymmetricAlgorithm): MaybePromise<KeyHandle>
  /** The runtime's own key, which `postMessage` copies to another thread. */
  toCloneable(key: KeyHandle): object
  /** The private key that another thread has sent. Throws `TypeError` for anything else. */
  fromCloned(native: object, alg: JwsAlgorithm): KeyHandle
  /** A new pair; RSA has 2048 bits. Both halves say `alg` and `use`, neither has a `kid`. */
  generateKeyPair(alg: AsymmetricAlgorithm): MaybePromise<KeyPair>
  /** Sign bytes, or the UTF-8 of a text. ECDSA signatures are r and s side by side (RFC 7518 §3.4). */
  signBytes(key: KeyHandle, input: Uint8Array | string): MaybePromise<Uint8Array>
  /** Whether the signature holds. A signature of the wrong length is false, never an error. */
  verifyBytes(key: KeyHandle, input: Uint8Array | string, signature: Uint8Array): MaybePromise<boolean>
  /** Whether two texts are equal. Takes the same time wherever two texts of equal length differ. */
  timingSafeEqual(a: string, b: string): boolean
  randomBytes(count: number): Uint8Array
}

/** A key as the runtime holds it, tagged with the one algorithm that it may be used with. */
export interface KeyHandle {
  readonly alg: JwsAlgorithm
  readonly native: object
}

/** A new pair of keys. */
export interface KeyPair {
  readonly publicJwk: PublicJwk
  readonly privateJwk: PrivateJwk
}

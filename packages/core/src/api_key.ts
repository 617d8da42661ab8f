import { endsWithBase62, formatBase62, randomBase62 } from './encoding/base62.ts'

/**
 * The part after the prefix tells an API key for `live` or `test`, a client `secret`, an opaque token (`at`), a
 * browser's session (`sess`), an authorization code (`code`) and a refresh token (`rt`) apart.
 */
export type KeyMarker = 'live' | 'test' | 'secret' | 'at' | 'sess' | 'code' | 'rt'

/** The environment that a key is for, by its marker. */
export type Environment = 'live' | 'test'

/** A credential of the shape `<prefix>_<marker>_<id>_<secret><checksum>` as read: well-formed, not yet looked up. */
export interface ParsedKey {
  /** The prefix in its text: `cs` unless the installation has another. */
  readonly prefix: string
  /** The part that tells what the text is. */
  readonly marker: KeyMarker
  /** The id: 12 characters of base62, the same as in records and logs. */
  readonly id: string
}

const shape = /^([a-z][a-z0-9]{0,15})_(live|test|secret|at|sess|code|rt)_([0-9A-Za-z]{12})_[0-9A-Za-z]{38}$/
const checksumLength = 6
const prefixShape = /^[a-z][a-z0-9]{0,15}$/

/**
 * Reads an API key, client secret, opaque token or session. `undefined` when the shape or the checksum is wrong; the checksum
 * catches every typing error of one character before anything is looked up.
 */
export function parseKey(text: string): ParsedKey | undefined {
  if (text.length > 80) return undefined
  const match = shape.exec(text)
  if (match === null) return undefined
  if (!endsWithBase62(text, crc32(text, text.length - checksumLength), checksumLength)) return undefined
  return { prefix: match[1] as string, marker: match[2] as KeyMarker, id: match[3] as string }
}

/** The six characters that end a key: CRC-32 of the text before them, in base62, left-padded. */
export function keyChecksum(body: string): string {
  return formatBase62(crc32(body), checksumLength)
}

/** Makes a new key of any marker. The secret has 32 base62 characters, 190 random bits. `id`: of a record that gets a new secret. */
export function generateKey(options: {
  readonly prefix: string
  readonly marker: KeyMarker
  readonly id?: string
  readonly randomBytes: (count: number) => Uint8Array
}): { readonly id: string; readonly text: string } {
  if (!isKeyPrefix(options.prefix)) throw new TypeError('prefix must match [a-z][a-z0-9]{0,15}')
  const id = options.id ?? randomBase62(12, options.randomBytes)
  const body = `${options.prefix}_${options.marker}_${id}_${randomBase62(32, options.randomBytes)}`
  return { id, text: body + keyChecksum(body) }
}

/** Whether a key may begin with this prefix: `[a-z][a-z0-9]{0,15}`. */
export function isKeyPrefix(text: string): boolean {
  return prefixShape.test(text)
}

const table = Int32Array.from({ length: 256 }, (_, index) => {
  let value = index
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1
  return value
})

/**
 * CRC-32/ISO-HDLC of ASCII text, or of its first `length` characters, as an unsigned integer. A checksum against typing
 * errors, not a secret.
 */
export function crc32(text: string, length = text.length): number {
  let crc = -1
  for (let index = 0; index < length; index++) {
    crc = (crc >>> 8) ^ (table[(crc ^ text.charCodeAt(index)) & 0xff] as number)
  }
  return (crc ^ -1) >>> 0
}

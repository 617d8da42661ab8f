/** A key or an id that somebody pastes to find it: shape and checksum of a key are checked here, and only its id goes further. */
const shape =
  /^([a-z][a-z0-9]{0,15})_(live|test|secret|at|sess|code|rt)_([0-9A-Za-z]{12})_([0-9A-Za-z]{32})([0-9A-Za-z]{6})$/
const requestShape =
  /^(?:req_(?!(?:live|test)_)[0-9A-Za-z][0-9A-Za-z_-]{0,120}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/
const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** A text of the shape of a key (docs/protocol/credentials.md §1). `marker` tells what it is. */
export interface KeyParts {
  readonly prefix: string
  readonly marker: string
  readonly id: string
  readonly secret: string
  readonly checksum: string
  /** Whether the checksum is that of the text before it. */
  readonly isIntact: boolean
}

export function readKeyParts(text: string): KeyParts | undefined {
  const [, prefix = '', marker = '', id = '', secret = '', checksum] = shape.exec(text) ?? []
  if (checksum === undefined) return undefined
  const isIntact = keyChecksum(text.slice(0, -6)) === checksum
  return { prefix, marker, id, secret, checksum, isIntact }
}

export type Pasted =
  | { readonly id: string }
  | { readonly requestId: string }
  | { readonly wrong: 'checksum' }
  | undefined

/** The id in a key, an id alone, or the id of a request; `undefined` for anything else. */
export function readPasted(text: string): Pasted {
  if (/^[0-9A-Za-z]{12}$/.test(text)) return { id: text }
  const parts = readKeyParts(text)
  if (parts !== undefined) {
    if (!parts.isIntact) return { wrong: 'checksum' }
    return isKey(parts) ? { id: parts.id } : undefined
  }
  return requestShape.test(text) ? { requestId: text } : undefined
}

/**
 * Whether a text has the secret of a credential in it, whole or in part: such a text goes into no address. Also true for any 32
 * letters and digits in a row, which no name has and each secret of ours has.
 */
export function mayHoldSecret(text: string): boolean {
  return /(?:live|test|secret|at|sess|code|rt)_[0-9A-Za-z]{12}_[0-9A-Za-z]|[0-9A-Za-z]{32}|\beyJ[\w-]*\./.test(text)
}

/** True for an API key; false for a token, and for the secret of a client. */
export function isKey({ marker }: Pick<KeyParts, 'marker'>): boolean {
  return marker === 'live' || marker === 'test'
}

/** CRC-32/ISO-HDLC in base62. */
export function keyChecksum(text: string): string {
  let crc = -1
  for (const character of text) {
    crc ^= character.charCodeAt(0)
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1
  }
  let rest = (crc ^ -1) >>> 0
  let written = ''
  for (; rest > 0; rest = Math.floor(rest / 62)) written = `${digits[rest % 62]}${written}`
  return written.padStart(6, '0')
}

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const sextets = new Int8Array(128).fill(-1)
for (let sextet = 0; sextet < 64; sextet++) sextets[alphabet.charCodeAt(sextet)] = sextet

/**
 * Decodes base64url (RFC 4648 §5) without padding, in its one canonical spelling: no `=`, no `+` or `/`, no whitespace,
 * no spare bits. `undefined` for other text: with two spellings of one token, a revoked one would come back spelled
 * differently.
 *
 * Written by hand because every runtime's decoder is lenient in its own way. Finding out what it passed over takes more
 * calls than decoding: between two signatures, when the processor's caches hold OpenSSL, these cost 5 µs a token.
 */
export function decodeBase64url(text: string): Uint8Array<ArrayBuffer> | undefined {
  const bytes = new Uint8Array(decodedLength(text))
  return decodeBase64urlInto(text, bytes) ? bytes : undefined
}

/** The number of bytes that a text decodes to. */
export function decodedLength(text: string): number {
  return (text.length * 3) >> 2
}

/** Decodes into memory of that length. When it gives false, the memory may hold anything. */
export function decodeBase64urlInto(text: string, bytes: Uint8Array): boolean {
  const rest = text.length % 4
  if (rest === 1) return false
  // A character outside the alphabet shows in the ORs: as a negative sextet, or as a code that is not ASCII.
  let sextetsSeen = 0
  let codesSeen = 0
  let at = 0
  for (let index = 0; index < text.length - rest; index += 4) {
    const a = text.charCodeAt(index)
    const b = text.charCodeAt(index + 1)
    const c = text.charCodeAt(index + 2)
    const d = text.charCodeAt(index + 3)
    const group = (sextets[a & 127]! << 18) | (sextets[b & 127]! << 12) | (sextets[c & 127]! << 6) | sextets[d & 127]!
    codesSeen |= a | b | c | d
    sextetsSeen |= group
    bytes[at] = group >> 16
    bytes[at + 1] = group >> 8
    bytes[at + 2] = group
    at += 3
  }
  if (sextetsSeen < 0 || codesSeen > 127) return false
  return rest === 0 || decodeRest(text, text.length - rest, rest, bytes)
}

/** Two characters for each twelve bits. */
const pairs = Array.from({ length: 4096 }, (_, bits) => (alphabet[bits >> 6] as string) + alphabet[bits & 63])

/** Encodes bytes in base64url (RFC 4648 §5), without padding. */
export function encodeBase64url(bytes: Uint8Array): string {
  let text = ''
  const whole = bytes.length - (bytes.length % 3)
  for (let index = 0; index < whole; index += 3) {
    const bits = (bytes[index]! << 16) | (bytes[index + 1]! << 8) | bytes[index + 2]!
    text += pairs[bits >> 12]! + pairs[bits & 4095]!
  }
  if (whole === bytes.length) return text
  if (whole + 1 === bytes.length) return text + pairs[bytes[whole]! << 4]
  const bits = (bytes[whole]! << 10) | (bytes[whole + 1]! << 2)
  return text + pairs[bits >> 6] + alphabet[bits & 63]
}

/** The two or three characters at the end. */
function decodeRest(text: string, index: number, rest: number, bytes: Uint8Array): boolean {
  const a = sextetAt(text, index)
  const b = sextetAt(text, index + 1)
  const c = rest === 3 ? sextetAt(text, index + 2) : 0
  if (a < 0 || b < 0 || c < 0 || !endsCanonically(text)) return false
  bytes[bytes.length - rest + 1] = (a << 2) | (b >> 4)
  if (rest === 3) bytes[bytes.length - 1] = (b << 4) | (c >> 2)
  return true
}

/** Whether the spare bits of the last character are zero; otherwise the same bytes had several spellings. */
function endsCanonically(text: string): boolean {
  const rest = text.length % 4
  if (rest === 0) return true
  const last = sextetAt(text, text.length - 1)
  return rest === 3 ? (last & 3) === 0 : rest === 2 && (last & 15) === 0
}

function sextetAt(text: string, index: number): number {
  const code = text.charCodeAt(index)
  return code < 128 ? sextets[code]! : -1
}

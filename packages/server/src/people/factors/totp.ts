/**
 * Codes of an authenticator app: RFC 6238 over RFC 4226. Six digits, 30 seconds and SHA-1, since some apps ignore any
 * other choice without a word.
 */
import { createHmac } from 'node:crypto'
import { type Seconds, timingSafeEqual } from '@countersign/core'

const stepSeconds = 30
const digits = 6
/** RFC 6238 §5.2: one step each way, for clocks that differ and for a code that is typed at its end. */
const drift = [0, -1, 1] as const

export const totpSecretBytes = 20

/** The number of the step at this time. */
export function stepAt(now: Seconds): number {
  return Math.floor(now / stepSeconds)
}

export function totpCode(secret: Uint8Array, step: number): string {
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(step))
  const mac = createHmac('sha1', secret).update(counter).digest()
  const offset = (mac.at(-1) as number) & 0xf
  const number = mac.readUInt32BE(offset) & 0x7fffffff
  return String(number % 10 ** digits).padStart(digits, '0')
}

/** The step that the code is of, among those at this time that come after `after`: each step is good once. */
export function findStep(secret: Uint8Array, code: string, now: Seconds, after: number): number | undefined {
  const given = code.replace(/\s/g, '')
  const steps = drift.map((each) => stepAt(now) + each).filter((step) => step > after && step >= 0)
  return steps.find((step) => timingSafeEqual(totpCode(secret, step), given))
}

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/** RFC 4648 §6 without padding, as apps take it. */
export function formatBase32(bytes: Uint8Array): string {
  let text = ''
  let bits = 0
  let value = 0
  for (const byte of bytes) {
    value = (value << 8) | byte
    for (bits += 8; bits >= 5; bits -= 5) text += alphabet[(value >>> (bits - 5)) & 31]
    value &= (1 << bits) - 1
  }
  return bits === 0 ? text : text + alphabet[(value << (5 - bits)) & 31]
}

/** The text of the QR code, by which an app takes the secret with a name for it. */
export function totpUri(
  secret: Uint8Array,
  { issuer, name }: { readonly issuer: string; readonly name: string },
): string {
  const label = `${encodeURIComponent(issuer)}:${encodeURIComponent(name)}`
  return `otpauth://totp/${label}?secret=${formatBase32(secret)}&issuer=${encodeURIComponent(issuer)}`
}

import { numericDateMax } from './jwt/limits.ts'

/** Seconds since the epoch, NumericDate of RFC 7519 §2. Whole numbers on the wire; a clock may pass fractions. */
export type Seconds = number

/** A value, or a promise where the runtime has no synchronous primitive. */
export type MaybePromise<T> = T | Promise<T>

/** Writes a time as RFC 3339 in UTC, the only form of a time in JSON answers. */
export function formatTime(at: Seconds): string {
  return new Date(Math.floor(at) * 1000).toISOString().replace('.000Z', 'Z')
}

/**
 * Reads an RFC 3339 date-time as seconds, rounded down. `undefined` for other text, for dates that do not exist, and
 * for dates whose offset puts them outside the years 0 to 9999.
 */
export function parseTime(text: string): Seconds | undefined {
  const match = /^(\d{4})-(\d{2})-(\d{2})[Tt](\d{2}):(\d{2}):(\d{2})(?:\.\d{1,9})?(?:[Zz]|[+-]\d{2}:\d{2})$/.exec(text)
  if (match === null) return undefined
  const day = Number(match[3])
  const daysInMonth = new Date(Date.UTC(Number(match[1]), Number(match[2]), 0)).getUTCDate()
  if (day < 1 || day > daysInMonth) return undefined
  const milliseconds = Date.parse(text.toUpperCase())
  if (Number.isNaN(milliseconds)) return undefined
  const seconds = Math.floor(milliseconds / 1000)
  return seconds > numericDateMax || seconds < yearZero ? undefined : seconds
}

/** 0000-01-01T00:00:00Z. */
const yearZero = -62_167_219_200

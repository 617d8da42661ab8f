import { asciiToText } from '#crypto'
import { backslash, closeBrace, colon, comma, openBrace, quote } from '../json.ts'
import type { JwtClaims } from './claims.ts'
import { numericDateMax } from './limits.ts'

/**
 * Reads the claims of most tokens, ours above all: one flat JSON object without whitespace, of the members in `Known`
 * and no others, each at most once, whose values are printable ASCII without escapes, or whole numbers from 1 of at
 * most 15 digits. `undefined` for other texts, which is no verdict: the rules of `json.ts` then read them. Both give
 * the same result for claims that are read here.
 *
 * Written by hand because this runs between two signatures, when the processor's caches hold OpenSSL: `JSON.parse`, the
 * proof that names are unique and removing the prototype take 1 µs in isolation, and several times that there.
 */
export function readPlainClaims(bytes: Uint8Array): JwtClaims | undefined {
  const reader = new PlainReader(bytes)
  if (!reader.passes(openBrace)) return undefined
  const claims: Known = new PlainClaims()
  do {
    const name = reader.name()
    if (name === 0) return undefined
    const value = reader.isAt(quote) ? reader.text(name) : reader.count()
    if (value === undefined) return undefined
    const isTaken = typeof value === 'string' ? takeText(claims, name, value) : takeCount(claims, name, value)
    if (!isTaken) return undefined
  } while (reader.passes(comma))
  return reader.passes(closeBrace) && reader.isAtEnd ? claims : undefined
}

interface Known {
  iss?: string
  sub?: string
  aud?: string
  client_id?: string
  jti?: string
  scope?: string
  iat?: number
  exp?: number
  nbf?: number
  cs_pos?: number
  [name: string]: unknown
}

/** Inherits nothing, like the objects of `json.ts`: its prototype is emptied once, not for each object. */
class PlainClaims {
  [name: string]: unknown
}
Reflect.deleteProperty(PlainClaims.prototype, 'constructor')
Object.freeze(Object.setPrototypeOf(PlainClaims.prototype, null))

const zero = 0x30

const digitsMax = 15
const nameLengthMax = 9
/** Names consist of `_` and `a` to `z`; this is the code before the first of them. */
const nameBase = 0x5e
const nameDigits = openBrace - nameBase

/**
 * A name as a number that no other name has, since its digits are never 0. It is below 2^53 for up to nine characters.
 */
function nameNumber(name: string): number {
  let number = 0
  for (const character of name) number = number * nameDigits + character.charCodeAt(0) - nameBase
  return number
}

const iss = nameNumber('iss')
const sub = nameNumber('sub')
const aud = nameNumber('aud')
const clientId = nameNumber('client_id')
const jti = nameNumber('jti')
const scope = nameNumber('scope')
const iat = nameNumber('iat')
const exp = nameNumber('exp')
const nbf = nameNumber('nbf')
const position = nameNumber('cs_pos')

/**
 * Sets a text. False for a second one of the same name, and for a name whose value is no text. Each member is written by
 * its own name, so that all claims have one shape for the engine; this and `takeCount` repeat that on purpose.
 */
function takeText(claims: Known, name: number, text: string): boolean {
  switch (name) {
    case iss:
      if (claims.iss !== undefined) return false
      claims.iss = text
      return true
    case sub:
      if (claims.sub !== undefined) return false
      claims.sub = text
      return true
    case aud:
      if (claims.aud !== undefined) return false
      claims.aud = text
      return true
    case clientId:
      if (claims.client_id !== undefined) return false
      claims.client_id = text
      return true
    case jti:
      if (claims.jti !== undefined) return false
      claims.jti = text
      return true
    case scope:
      if (claims.scope !== undefined) return false
      claims.scope = text
      return true
    default:
      return false
  }
}

/** Sets a whole number. False likewise, and for dates that cannot be. */
function takeCount(claims: Known, name: number, count: number): boolean {
  if (count > numericDateMax && name !== position) return false
  switch (name) {
    case iat:
      if (claims.iat !== undefined) return false
      claims.iat = count
      return true
    case exp:
      if (claims.exp !== undefined) return false
      claims.exp = count
      return true
    case nbf:
      if (claims.nbf !== undefined) return false
      claims.nbf = count
      return true
    case position:
      if (claims.cs_pos !== undefined) return false
      claims.cs_pos = count
      return true
    default:
      return false
  }
}

/** Each method reads one thing at the present index and goes on behind it. It stays where a thing cannot be read. */
class PlainReader {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length
  }

  isAt(code: number): boolean {
    return this.#bytes[this.#at] === code
  }

  passes(code: number): boolean {
    if (!this.isAt(code)) return false
    this.#at++
    return true
  }

  /** Reads a name in quotes and the colon after it. Gives the name's number, or 0. */
  name(): number {
    if (!this.passes(quote)) return 0
    const bytes = this.#bytes
    let name = 0
    for (let index = 0; index <= nameLengthMax; index++) {
      const code = bytes[this.#at++]!
      if (code === quote) return this.passes(colon) ? name : 0
      if (!(code > nameBase && code < openBrace)) return 0
      name = name * nameDigits + code - nameBase
    }
    return 0
  }

  /** Reads a text in quotes; the same string object as before where this name has the same value again. */
  text(name: number): string | undefined {
    const start = this.#at + 1
    const slot = name % recent.length
    const known = recent[slot]
    if (known !== undefined && holdsAt(this.#bytes, start, known.quoted)) {
      this.#at = start + known.quoted.length
      return known.text
    }
    const end = endOfText(this.#bytes, start)
    if (end === -1) return undefined
    this.#at = end + 1
    const text = asciiToText(this.#bytes, start, end)
    const isShared = name !== jti && text.length <= recentLengthMax
    if (isShared) recent[slot] = { text, quoted: Uint8Array.from(this.#bytes.subarray(start, end + 1)) }
    return text
  }

  /** Reads a whole number from 1. */
  count(): number | undefined {
    const bytes = this.#bytes
    const start = this.#at
    let end = start
    let count = 0
    for (let digit = bytes[end]! - zero; digit >= 0 && digit <= 9; digit = bytes[++end]! - zero) {
      count = count * 10 + digit
    }
    if (end === start || end > start + digitsMax || bytes[start] === zero) return undefined
    this.#at = end
    return count
  }
}

/** A text, and its bytes with the quote after them. */
interface Recent {
  readonly text: string
  readonly quoted: Uint8Array
}

/**
 * The last text of each name but `jti`. Issuer, audience, client and scope are the same in many tokens: one copy is
 * kept in memory, and a `Map` that is asked about it need not hash it anew. The index is the remainder of the name's
 * number, which differs for each name with 31 places.
 */
const recent: (Recent | undefined)[] = Array(31).fill(undefined)
const recentLengthMax = 256

function holdsAt(bytes: Uint8Array, start: number, expected: Uint8Array): boolean {
  for (let index = 0; index < expected.length; index++) if (bytes[start + index] !== expected[index]) return false
  return true
}

/** The index of the next quote; -1 where there is none, or a character before it that is not read here. */
function endOfText(bytes: Uint8Array, start: number): number {
  for (let index = start; index < bytes.length; index++) {
    const code = bytes[index]!
    if (code === quote) return index
    if (code < 0x20 || code > 0x7e || code === backslash) return -1
  }
  return -1
}

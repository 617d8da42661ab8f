import { utf8ToText } from '#crypto'
import { jsonDepthMax, jsonMembersMax } from './jwt/limits.ts'

/** A parsed object without a prototype: `constructor` and `__proto__` are there only if the text had them. */
export interface JsonObject {
  readonly [name: string]: unknown
}

/**
 * Parses the text of a JOSE header or a claims set: exactly one JSON object (RFC 8259), every member name once at every
 * depth, every number finite, at most `jsonDepthMax` levels and `jsonMembersMax` members. `undefined` for other text.
 *
 * RFC 7515 §4 and RFC 7519 §4 let a parser take the last of two duplicates; another parser takes the first, and a
 * token would say two things. So duplicates are looked for in the text, before `JSON.parse` hides them; only a short
 * text is parsed first, and believed only where writing it again gives the same text. The bound on members, by count or
 * by length, also keeps integer-like names from colliding in `JSON.parse`.
 */
export function parseJsonObject(text: string): JsonObject | undefined {
  const value = text.length <= shortMax ? parsePlain(text) : undefined
  if (value !== undefined) return value
  return hasUniqueNames(text) ? settled(parseJson(text)) : undefined
}

/** A text this short cannot exceed the bound on members: each takes at least five characters. */
const shortMax = 1_024

/**
 * Most texts, ours above all, were written by `JSON.stringify`, and writing them again gives the very same text: a name
 * that stood twice would have been lost. Comparing takes half the time of looking for names. Other texts are
 * `undefined` here and read by the rules.
 */
function parsePlain(text: string): JsonObject | undefined {
  const value = parseJson(text)
  if (value === undefined || JSON.stringify(value) !== text) return undefined
  // A flat object needs no further check, and its numbers have come back unchanged.
  const isFlat = text.startsWith('{') && !text.includes('{', 1) && !text.includes('[')
  return isFlat ? Object.setPrototypeOf(value, null) : settled(value)
}

function settled(value: unknown): JsonObject | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  return settle(value, 1) ? (value as JsonObject) : undefined
}

/** Parses bytes likewise, which must be UTF-8. A byte order mark is not JSON (RFC 8259 §8.1). */
export function parseJsonObjectBytes(bytes: Uint8Array): JsonObject | undefined {
  const text = utf8ToText(bytes)
  return text === undefined ? undefined : parseJsonObject(text)
}

export const quote = 0x22
export const comma = 0x2c
export const colon = 0x3a
const openBracket = 0x5b
export const backslash = 0x5c
const closeBracket = 0x5d
export const openBrace = 0x7b
export const closeBrace = 0x7d

/**
 * One pass over the text. It looks only at strings and structural characters and needs not judge the grammar: text
 * that is not JSON is refused by `JSON.parse` afterwards, and text that is has its names found right.
 */
function hasUniqueNames(text: string): boolean {
  const open: (string[] | undefined)[] = []
  let names: string[] | undefined
  let members = 0
  let nameIsNext = false
  for (let index = 0; index < text.length; index++) {
    switch (text.charCodeAt(index)) {
      case quote: {
        const end = stringEnd(text, index + 1)
        if (end === -1) return false
        if (nameIsNext && names !== undefined) {
          const name = unescapeName(text.slice(index + 1, end))
          if (name === undefined || ++members > jsonMembersMax || names.includes(name)) return false
          names.push(name)
        }
        index = end
        break
      }
      case openBrace:
      case openBracket:
        if (open.length === jsonDepthMax) return false
        open.push(names)
        names = text.charCodeAt(index) === openBrace ? [] : undefined
        nameIsNext = true
        break
      case closeBrace:
      case closeBracket:
        if (open.length === 0) return false
        names = open.pop()
        break
      case comma:
        nameIsNext = true
        break
      case colon:
        nameIsNext = false
        break
    }
  }
  return true
}

/**
 * The index of the quote that ends the string begun before `start`. Each backslash is read once, so the time is linear.
 */
function stringEnd(text: string, start: number): number {
  let end = text.indexOf('"', start)
  while (end !== -1) {
    let before = end - 1
    while (before >= start && text.charCodeAt(before) === backslash) before--
    if ((end - before) % 2 === 1) return end
    end = text.indexOf('"', end + 1)
  }
  return -1
}

/** `"a"` and `"\u0061"` are the same name. */
function unescapeName(raw: string): string | undefined {
  if (!raw.includes('\\')) return raw
  const name = parseJson(`"${raw}"`)
  return typeof name === 'string' ? name : undefined
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/**
 * Removes the prototypes, and tells whether all numbers are finite and the depth is allowed: `1e999` is JSON and
 * becomes `Infinity`.
 */
function settle(value: object, depth: number): boolean {
  if (depth > jsonDepthMax) return false
  // for-in is several times faster than Object.values here, and inherited members do no harm to these checks.
  for (const name in value) {
    const member = (value as JsonObject)[name]
    const holds = typeof member === 'number' ? Number.isFinite(member) : !isObject(member) || settle(member, depth + 1)
    if (!holds) return false
  }
  if (!Array.isArray(value)) Object.setPrototypeOf(value, null)
  return true
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

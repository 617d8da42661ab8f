/** Looks at JSON as text, for the two things that `JSON.parse` says nothing of: a key that occurs twice, and comments. */
import { limits } from './limits.ts'
import { OpenApiError } from './openapi_error.ts'

/** Counts the depth in the text, outside strings, before any parser recurses into it. */
export function refuseTooDeep(text: string): void {
  let depth = 0
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === quote) i = endOfString(text, i)
    else if (code === openBrace || code === openBracket) depth++
    else if (code === closeBrace || code === closeBracket) depth--
    if (depth > limits.documentDepthMax) {
      const message = `The document is nested deeper than ${limits.documentDepthMax} levels.`
      throw new OpenApiError('document_too_deep', message)
    }
  }
}

/**
 * `text` is valid JSON. Two readers of a key that occurs twice see two documents, and one of them may be public where
 * the other is guarded (RFC 8259 §4).
 */
export function refuseDuplicateKeys(text: string): void {
  /** The keys of each object that is open; `undefined` stands for a list. */
  const open: (Set<string> | undefined)[] = []
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === openBrace) open.push(new Set())
    else if (code === openBracket) open.push(undefined)
    else if (code === closeBrace || code === closeBracket) open.pop()
    if (code !== quote) continue
    const end = endOfString(text, i)
    const keys = open.at(-1)
    if (keys !== undefined && isKey(text, end)) addKey(keys, text, i, end)
    i = end
  }
}

/** Only a key has a colon behind it. */
function isKey(text: string, end: number): boolean {
  let i = end + 1
  while (/\s/.test(text[i] ?? '')) i++
  return text[i] === ':'
}

function addKey(keys: Set<string>, text: string, start: number, end: number): void {
  const raw = text.slice(start + 1, end)
  // The same key may be spelled in two ways: "get" and "\u0067et".
  const key: string = raw.includes('\\') ? JSON.parse(text.slice(start, end + 1)) : raw
  if (keys.has(key)) {
    const shown = JSON.stringify(key.length > 80 ? `${key.slice(0, 80)}…` : key)
    throw new OpenApiError('duplicate_key', `The key ${shown} occurs twice: keep one.`, positionIn(text, start))
  }
  keys.add(key)
}

/**
 * A comment in a text that looks like JSON. YAML would read it as part of the next key, and so lose that key: a
 * `security` behind a comment would not count. Not a comment: the slashes of `http://`, or of plain text.
 */
export function refuseComments(text: string): void {
  /** The place of the last character that is no white space. */
  let last = -1
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === quote) i = endOfString(text, i)
    const isComment = code === slash && (text[i + 1] === '/' || text[i + 1] === '*') && text[i - 1] !== ':'
    if (isComment && /(?:[{}[\],:"\d]|true|false|null)$/.test(text.slice(Math.max(0, last - 4), last + 1))) {
      const message = 'The document is JSON with a comment, and JSON has none: remove the comments.'
      throw new OpenApiError('invalid_syntax', message, positionIn(text, i))
    }
    if (code > space) last = i
  }
}

/** `line:column`, both counted from 1. */
function positionIn(text: string, offset: number): string {
  const before = text.slice(0, offset).split('\n')
  return `${before.length}:${(before.at(-1)?.length ?? 0) + 1}`
}

function endOfString(text: string, start: number): number {
  for (let i = start + 1; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === backslash) i++
    else if (code === quote) return i
  }
  return text.length
}

const space = 0x20
const quote = 0x22
const slash = 0x2f
const backslash = 0x5c
const openBrace = 0x7b
const closeBrace = 0x7d
const openBracket = 0x5b
const closeBracket = 0x5d

/** Patterns of claims, by which an operator says whose JWTs of a trusted issuer may do something. No regular expressions. */
import { limits } from '../limits.ts'

/**
 * Whether a text is what a pattern describes. Characters stand for themselves, in this case and this form; `*` stands for one
 * or more of them within one segment, so it never takes in `/` or `:`. `repo:acme/*:ref:refs/heads/main` is any repository of
 * `acme`, and none of anybody else.
 */
export function matchesPattern(pattern: string, text: string): boolean {
  // A star takes in no separator, so both must have the same separators in the same order.
  const [segments, others] = [pattern.split(separators), text.split(separators)]
  return segments.length === others.length && segments.every((segment, index) => fits(segment, others[index] as string))
}

/** In parentheses, so that `split` keeps them as parts of their own. */
const separators = /([/:])/

/** One segment. After the first part and before the last one, each part is taken where it comes first: that leaves most. */
function fits(pattern: string, text: string): boolean {
  const parts = pattern.split('*')
  const [first = ''] = parts
  if (parts.length === 1) return pattern === text
  const last = parts.at(-1) as string
  if (!text.startsWith(first)) return false
  let at = first.length
  for (const part of parts.slice(1, -1)) {
    const found = text.indexOf(part, at + 1)
    if (found === -1) return false
    at = found + part.length
  }
  return text.endsWith(last) && text.length - last.length > at
}

/** Whether a pattern has a character of its own. One without is met by whatever is there. */
export function saysSomething(pattern: string): boolean {
  return /[^*/:]/.test(pattern)
}

/**
 * Whether a claim has a value that the pattern describes: the claim's text, or one member of its list. Numbers and
 * truth values count as their JSON. Objects, `null` and absent claims have none.
 */
export function claimMatches(claims: { readonly [name: string]: unknown }, name: string, pattern: string): boolean {
  const value = claimOf(claims, name)
  const values = Array.isArray(value) ? value : [value]
  return values.some((each) => {
    const text = textOf(each)
    return text !== undefined && text.length <= limits.claimValueCharactersMax && matchesPattern(pattern, text)
  })
}

/** A name that begins with `/` is a JSON pointer (RFC 6901), since claims may stand within others. */
function claimOf(claims: unknown, name: string): unknown {
  if (!name.startsWith('/')) return memberOf(claims, name)
  const names = name.slice(1).split('/')
  return names.reduce((value, each) => memberOf(value, each.replaceAll('~1', '/').replaceAll('~0', '~')), claims)
}

function memberOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  return Object.hasOwn(value, name) ? (value as { readonly [name: string]: unknown })[name] : undefined
}

function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  return typeof value === 'boolean' || Number.isSafeInteger(value) ? String(value) : undefined
}

import { limits } from './limits.ts'

/** A set of scope tokens, RFC 6749 §3.3, in the order first named, without repeats. */
export type Scope = readonly string[]

/** What callers may write: an RFC 6749 string, a list, or `{"users": {"actions": ["read"]}}`, meaning `read:users`. */
export type ScopeInput =
  | string
  | readonly string[]
  | { readonly [resource: string]: { readonly actions: readonly string[] } }

/** RFC 6749 §3.3: `%x21 / %x23-5B / %x5D-7E`, at least one. */
export function isScopeToken(text: string): boolean {
  return text.length <= limits.scopeTokenBytesMax && /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(text)
}

/** Any of the three forms to a scope; a `string` result is the reason it is none, fit for an error message. */
export function readScope(input: unknown): { readonly scope: Scope } | { readonly problem: string } {
  if (typeof input === 'string') return readTokens(input === '' ? [] : splitScope(input))
  if (Array.isArray(input)) return readTokens(input)
  if (typeof input !== 'object' || input === null) return { problem: 'scope must be a string, a list or an object' }
  return readStructured(input as Record<string, unknown>)
}

/** Scopes by their text: credentials are many and their scopes few, so that most share one list. */
const parsed = new Map<string, Scope>()
const parsedMax = 1_000
const parsedBytesMax = 1_024

/** A scope we wrote ourselves, from text to list. Text from outside goes through `readScope`. */
export function parseScope(text: string): Scope {
  const known = parsed.get(text)
  if (known !== undefined) return known
  const scope = Object.freeze(text === '' ? [] : [...new Set(text.split(' '))])
  if (text.length > parsedBytesMax) return scope
  if (parsed.size >= parsedMax) parsed.clear()
  parsed.set(text, scope)
  return scope
}

/** A scope in the forms that a decision and a grant need. */
export interface ScopeView {
  readonly set: ReadonlySet<string>
  /** The RFC 6749 string. */
  readonly text: string
  /** Whether every one of these is in it. */
  readonly has: (...tokens: readonly string[]) => boolean
}

/** Made once for each list: credentials are many and their scopes few. */
export function scopeView(scope: Scope): ScopeView {
  const known = views.get(scope)
  if (known !== undefined) return known
  const set = new Set(scope)
  const view = {
    set,
    text: formatScope(scope),
    has: (...tokens: readonly string[]) => tokens.every((it) => set.has(it)),
  }
  views.set(scope, view)
  return view
}

const views = new WeakMap<Scope, ScopeView>()

/** The RFC 6749 string. */
export function formatScope(scope: Scope): string {
  return scope.join(' ')
}

/** What both have; order of the first, and the first itself when the other has all of it. */
export function intersectScope(scope: Scope, other: Scope): Scope {
  const allowed = scopeView(other).set
  return scope.every((token) => allowed.has(token)) ? scope : scope.filter((token) => allowed.has(token))
}

/** What either has; the first’s before the second’s. */
export function unionScope(scope: Scope, other: Scope): Scope {
  return [...new Set([...scope, ...other])]
}

/** The tokens of `scope` that `allowed` lacks; empty when it is no wider. */
export function missingScope(scope: Scope, allowed: Scope): Scope {
  const have = scopeView(allowed).set
  return scope.filter((token) => !have.has(token))
}

function splitScope(text: string): readonly string[] {
  return text.length > limits.scopeBytesMax ? [text] : text.split(' ')
}

function readTokens(tokens: readonly unknown[]): { readonly scope: Scope } | { readonly problem: string } {
  if (tokens.length > limits.scopeTokensMax) return { problem: `scope has more than ${limits.scopeTokensMax} tokens` }
  const scope = new Set<string>()
  for (const token of tokens) {
    if (typeof token !== 'string' || !isScopeToken(token)) {
      return {
        problem: 'scope tokens are printable ASCII without space, " and \\, separated by single spaces (RFC 6749 §3.3)',
      }
    }
    scope.add(token)
  }
  return { scope: [...scope] }
}

function readStructured(input: Record<string, unknown>): { readonly scope: Scope } | { readonly problem: string } {
  const tokens: unknown[] = []
  for (const [resource, entry] of Object.entries(input)) {
    const actions = typeof entry === 'object' && entry !== null ? (entry as { actions?: unknown }).actions : undefined
    if (!Array.isArray(actions) || Object.keys(entry as object).length !== 1) {
      return { problem: 'structured scope is {"resource": {"actions": ["action", …]}}' }
    }
    for (const action of actions) tokens.push(typeof action === 'string' ? `${action}:${resource}` : action)
    if (tokens.length > limits.scopeTokensMax) break
  }
  return readTokens(tokens)
}

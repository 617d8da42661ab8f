import { limits } from './limits.ts'

/** A set of scope tokens, RFC 6749 §3.3, in the order first named, without repeats. */
export type Scope = readonly string[]

/**
 * The forms in which callers may write a scope: an RFC 6749 string, a list, or `{"users": {"actions": ["read"]}}` for
 * `read:users`.
 */
export type ScopeInput =
  | string
  | readonly string[]
  | { readonly [resource: string]: { readonly actions: readonly string[] } }

/** Whether a text is one scope token: one or more of `%x21 / %x23-5B / %x5D-7E` (RFC 6749 §3.3). */
export function isScopeToken(text: string): boolean {
  return text.length <= limits.scopeTokenBytesMax && /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(text)
}

/** How `{"users": {"actions": ["read"]}}` is read where an API may call that scope `users:read`. */
export interface ScopeReading {
  /** The scope tokens of the API. One that is among them only as `users:read` means that. */
  readonly known: Scope
  /** Where both are among them: `refuse` is a problem that names both, `neither` leaves the token out. */
  readonly onBoth: 'refuse' | 'neither'
}

/**
 * Reads any of the three forms. `problem` is the reason why the input is no scope, fit for an error message. Without
 * `reading`, as in the requirements of code, the structured form means `read:users`.
 */
export function readScope(
  input: unknown,
  reading?: ScopeReading,
): { readonly scope: Scope } | { readonly problem: string } {
  if (typeof input === 'string') return readTokens(input === '' ? [] : splitScope(input))
  if (Array.isArray(input)) return readTokens(input)
  if (typeof input !== 'object' || input === null) return { problem: 'scope must be a string, a list or an object' }
  return readStructured(input as Record<string, unknown>, reading)
}

/** The form that a text holds where only texts can be sent: JSON of a list or an object, else the string itself. */
export function scopeInputOf(text: string): unknown {
  if (!/^[[{]/.test(text) || text.length > limits.scopeBytesMax) return text
  try {
    return JSON.parse(text)
  } catch {
    // A scope token may begin so.
    return text
  }
}

/** Writes a scope in the structured form. A token without exactly one colon has none and is left out. */
export function structureScope(scope: Scope): { readonly [resource: string]: { readonly actions: readonly string[] } } {
  const actions = new Map<string, string[]>()
  for (const token of scope) {
    const [action = '', resource, ...more] = token.split(':')
    if (resource === undefined || more.length > 0) continue
    const known = actions.get(resource)
    if (known === undefined) actions.set(resource, [action])
    else known.push(action)
  }
  return Object.fromEntries([...actions].map(([resource, list]) => [resource, { actions: list }]))
}

/** Scopes by their text. There are many credentials and few scopes, so most credentials share one list. */
const parsed = new Map<string, Scope>()
const parsedMax = 1_000
const parsedBytesMax = 1_024

/** Parses a scope that we wrote ourselves. Text from outside goes through `readScope`. */
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
  /** Whether each of these tokens is in the scope. */
  readonly has: (...tokens: readonly string[]) => boolean
}

/** The view of a scope, made once for each list. */
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

/** Writes a scope as the RFC 6749 string. */
export function formatScope(scope: Scope): string {
  return scope.join(' ')
}

/** The tokens that both have, in the order of the first; the first itself when the other has all of it. */
export function intersectScope(scope: Scope, other: Scope): Scope {
  const allowed = scopeView(other).set
  return scope.every((token) => allowed.has(token)) ? scope : scope.filter((token) => allowed.has(token))
}

/** The tokens that either has; the first’s before the second’s. */
export function unionScope(scope: Scope, other: Scope): Scope {
  return [...new Set([...scope, ...other])]
}

/** The tokens of `scope` that `allowed` lacks; empty when `scope` is no wider. */
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

function readStructured(
  input: Record<string, unknown>,
  reading: ScopeReading | undefined,
): { readonly scope: Scope } | { readonly problem: string } {
  const known = reading === undefined ? undefined : scopeView(reading.known).set
  const tokens: unknown[] = []
  for (const [resource, entry] of Object.entries(input)) {
    const actions = typeof entry === 'object' && entry !== null ? (entry as { actions?: unknown }).actions : undefined
    if (!Array.isArray(actions) || Object.keys(entry as object).length !== 1) {
      return { problem: 'structured scope is {"resource": {"actions": ["action", …]}}' }
    }
    for (const action of actions) {
      const [usual, other] = [`${action}:${resource}`, `${resource}:${action}`]
      if (typeof action !== 'string') tokens.push(action)
      else if (known?.has(other) !== true || usual === other) tokens.push(usual)
      else if (!known.has(usual)) tokens.push(other)
      else if (reading?.onBoth === 'refuse') {
        const isShown = isScopeToken(usual) && isScopeToken(other)
        return {
          problem: `structured scope could mean ${isShown ? `${usual} or ${other}` : 'two tokens'}: send a string`,
        }
      }
    }
    if (tokens.length > limits.scopeTokensMax) break
  }
  return readTokens(tokens)
}

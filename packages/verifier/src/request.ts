import {
  type CredentialHeaders,
  type CredentialPlaces,
  limits,
  parseAddress,
  type Rejection,
  readCredential,
  readScope,
  type Scope,
  type ScopeInput,
} from '@countersign/core'
import type { Question } from './engine.ts'

/** The expectation of one request. Without `scope` and `anyScope`, any active credential for the audience will do. */
export interface RequestExpectation {
  /** All of these scope tokens are needed. */
  readonly scope?: ScopeInput
  /** At least one of these scope tokens is needed. */
  readonly anyScope?: ScopeInput
  /** The peer's address as text. A credential bound to addresses is refused without it. */
  readonly ip?: string
  /**
   * The amount that the call spends from every rate limit: a whole number, 0 to 1,000,000. Default 1; 0 spends nothing.
   */
  readonly cost?: number
}

/** For our adapters: see `Question.countLater`. */
export const countLater = Symbol('countLater')
/** For our adapters: see `Question.refusedAs`. */
export const refusedAs = Symbol('refusedAs')

/** An expectation as our adapters have it. */
export type DeferredExpectation = RequestExpectation & {
  readonly [countLater]?: Question['countLater']
  readonly [refusedAs]?: Question['refusedAs']
}

/**
 * Reads the credential fields of a `node:http` request's raw list: name, value, name, value, … `places`: those that the
 * API names. `basic`: a key may come as the user name of `Authorization: Basic`, as at every API but our own.
 */
export function credentialHeadersOf(
  rawHeaders: readonly string[],
  places?: CredentialPlaces,
  { basic = true }: { readonly basic?: boolean } = {},
): CredentialHeaders {
  const authorization: string[] = []
  const apiKey: string[] = []
  const fetchSite: string[] = []
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = (rawHeaders[index] as string).toLowerCase()
    if (name === 'authorization') authorization.push(rawHeaders[index + 1] as string)
    else if (name === 'x-api-key') apiKey.push(rawHeaders[index + 1] as string)
    else if (name === 'sec-fetch-site') fetchSite.push(rawHeaders[index + 1] as string)
  }
  if (places !== undefined) return { authorization, apiKey, fetchSite, ...namedValues(rawHeaders, places) }
  return basic ? { authorization, apiKey, fetchSite } : { authorization, apiKey }
}

function namedValues(
  rawHeaders: readonly string[],
  { names, isSchemeOptional }: CredentialPlaces,
): Pick<CredentialHeaders, 'named' | 'isSchemeOptional'> {
  const named = new Map<string, string>()
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = (rawHeaders[index] as string).toLowerCase()
    if (!names.includes(name)) continue
    const value = rawHeaders[index + 1] as string
    const before = named.get(name)
    named.set(name, before === undefined ? value : `${before},${value}`)
  }
  return { named: [...named.values()], isSchemeOptional }
}

/**
 * Reads the `Origin` of a `node:http` request. Two count as none, and a constraint then refuses: no browser sends two.
 */
export function originOf(rawHeaders: readonly string[]): string | undefined {
  let origin: string | undefined
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] as string
    if (name.length !== 6 || name.toLowerCase() !== 'origin') continue
    if (origin !== undefined) return undefined
    origin = rawHeaders[index + 1]
  }
  return origin
}

const none: readonly string[] = []

/**
 * Reads the credential fields of a web `Headers`, which joins repeated ones by commas. No credential holds a comma.
 * `places`: those that the API names.
 */
export function credentialHeadersOfWeb(headers: Headers, places?: CredentialPlaces): CredentialHeaders {
  const authorization = headers.get('authorization')
  const apiKey = headers.get('x-api-key')
  const fetchSite = headers.get('sec-fetch-site')
  const listed = (value: string | null): readonly string[] => (value === null ? none : [value])
  const usual = { authorization: listed(authorization), apiKey: listed(apiKey), fetchSite: listed(fetchSite) }
  if (places === undefined) return usual
  const named = places.names.flatMap((name) => listed(headers.get(name)))
  return { ...usual, named, isSchemeOptional: places.isSchemeOptional }
}

/**
 * The scopes of an expectation as alternatives, each needed as a whole. Throws `TypeError` for a malformed expectation.
 */
export function requirementOf(expectation: RequestExpectation): readonly Scope[] {
  const { scope = '' } = expectation
  if (typeof scope === 'string' && expectation.anyScope === undefined) return requirementOfText(scope)
  const all = scopeOf(scope)
  if (expectation.anyScope === undefined) return [all]
  return scopeOf(expectation.anyScope).map((token) => [...all, token])
}

/**
 * Requirements by their text: each request of a route asks for the same one, and one list need not be compared with
 * itself.
 */
const known = new Map<string, readonly Scope[]>()
const knownMax = 1_000
const knownCharactersMax = 1_024

function requirementOfText(text: string): readonly Scope[] {
  const found = known.get(text)
  if (found !== undefined) return found
  const requirement = [scopeOf(text)]
  if (text.length > knownCharactersMax) return requirement
  if (known.size >= knownMax) known.clear()
  known.set(text, requirement)
  return requirement
}

/** The cost of an expectation; `undefined` means 1. Throws `TypeError` for a malformed cost. */
export function costOf({ cost }: RequestExpectation): number | undefined {
  if (cost === undefined || isCost(cost)) return cost
  throw new TypeError(`cost must be a whole number from 0 to ${limits.costMax}`)
}

/** Whether a value is a cost: a whole number, 0 to 1,000,000. */
export function isCost(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= limits.costMax
}

/** The expectation of one request as a question needs it. */
export interface Expected {
  /** The audience of the API that is called. */
  readonly audience: string
  /** The alternatives of scope tokens that would do. */
  readonly requires: readonly Scope[]
  /** The address of the caller, as text. */
  readonly ip?: string | undefined
  /** The `Origin` of the request. */
  readonly origin?: string | undefined
  /** As in `Question`. */
  readonly cost?: number | undefined
  /** As in `Question`. */
  readonly countLater?: Question['countLater']
  /** As in `Question`. */
  readonly refusedAs?: Question['refusedAs']
  /** As in `Question`. */
  readonly operation?: Question['operation']
}

/**
 * Makes a question for the engine from headers and expectation, or a rejection where the headers hold no one
 * credential.
 */
export function questionOf(
  headers: CredentialHeaders,
  expected: Expected,
): Question | { readonly rejection: Rejection } {
  const read = readCredential(headers)
  if ('rejection' in read) return read
  return {
    credential: read.text,
    audience: expected.audience,
    requires: expected.requires,
    address: expected.ip === undefined ? undefined : parseAddress(expected.ip),
    origin: expected.origin,
    cost: expected.cost,
    countLater: expected.countLater,
    refusedAs: expected.refusedAs,
    operation: expected.operation,
  }
}

/**
 * The rejection of a request whose API came to name other headers while the engine waited: `headers` are its fields as
 * they are read now. `undefined` where the credential that was judged is still the only one.
 */
export function readAgain(
  headers: CredentialHeaders,
  { credential }: Pick<Question, 'credential'>,
): Rejection | undefined {
  const read = readCredential(headers)
  if ('rejection' in read) return read.rejection
  return read.text === credential ? undefined : { code: 'invalid_request', detail: 'present exactly one credential' }
}

function scopeOf(input: ScopeInput): Scope {
  const read = readScope(input)
  if ('problem' in read) throw new TypeError(read.problem)
  return read.scope
}

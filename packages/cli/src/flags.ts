/** Reads the values behind flags. A mistake is exit 2 with one line. */
import { readFileSync } from 'node:fs'
import type { Body } from '@countersign/client'
import { parseTime, scopeInputOf } from '@countersign/core'
import { Command, InvalidArgumentError } from 'commander'
import { CommandError } from './exit.ts'

/** A command that does something: `--json` is everywhere. */
export function leaf(name: string): Command {
  return new Command(name).option('--json', 'machine-readable: one JSON object on one line')
}

export type ScopeFlag = NonNullable<Body<'createKey'>['scope']>

/** A string of tokens, or JSON of one of the other forms. The server says what is wrong with it. */
export function scopeFlag(text: string): ScopeFlag {
  return scopeInputOf(text) as ScopeFlag
}

/** 0 lets the system choose. */
export function parsePort(text: string): number {
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535) throw new InvalidArgumentError('must be a port, 0 to 65535')
  return Number(text)
}

export function parseCount(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('must be a whole number')
  return Number(text)
}

function parsePageSize(text: string): number {
  const count = parseCount(text)
  if (count < 1 || count > 100) throw new InvalidArgumentError('must be a whole number from 1 to 100')
  return count
}

/** At least one. */
export function parsePositive(text: string): number {
  const count = parseCount(text)
  if (count === 0) throw new InvalidArgumentError('must be at least 1')
  return count
}

const unitSeconds = { s: 1, m: 60, h: 3_600, d: 86_400, w: 604_800 } as const

const durationText = /^(\d{1,9})([smhdw])$/

/** `90s`, `15m`, `1h`, `30d`, `4w`: seconds. A bare number is none: nobody can tell which unit was meant. */
export function parseDuration(text: string): number {
  const match = durationText.exec(text)
  if (match === null) throw new InvalidArgumentError('must be a duration with its unit, such as 90s, 15m, 1h, 30d')
  return Number(match[1]) * unitSeconds[match[2] as keyof typeof unitSeconds]
}

/**
 * `--wait KEY_ID`: a flag with an optional value would take the id for it. What cannot be meant as a duration stays an
 * argument. Ids are longer than any duration.
 */
export function separateWait(words: readonly string[]): readonly string[] {
  return words.map((word, index) => {
    const next = words[index + 1]
    return word !== '--wait' || next === undefined || /^\d{1,9}[a-z]?$/.test(next) ? word : `--wait=${waitDefault}`
  })
}

/** How long `--wait` alone waits. */
export const waitDefault = '1m'

/** A value out of a few. */
export function oneOf<const T extends string>(...values: readonly T[]): (text: string) => T {
  return (text) => {
    const value = values.find((each) => each === text)
    if (value === undefined) throw new InvalidArgumentError(`must be one of ${values.join(', ')}`)
    return value
  }
}

export interface Page {
  readonly limit?: number
  readonly after?: string
}

/** The flags of a list. */
export function withPage(command: Command): Command {
  return command
    .option('--limit <count>', '1 to 100, default 25', parsePageSize)
    .option('--after <cursor>', 'the next page: the value that the page before named')
}

export function pageOf({ limit, after }: Page): Page {
  return { ...(limit === undefined ? {} : { limit }), ...(after === undefined ? {} : { after }) }
}

export interface Listing extends Page {
  readonly q?: string
  readonly sort?: string
}

/** The flags of a list that can be searched and ordered; these are what it may be ordered by. */
export function withListing(command: Command, ...orders: readonly string[]): Command {
  const names = orders.flatMap((name) => [name, `-${name}`])
  return withPage(command)
    .option('--q <text>', 'only what has this text in its name, id, external id, subject or address')
    .option('--sort <order>', `${orders.join(', ')}; - before it for descending`, oneOf(...names))
}

/** With the type of the one list: the flag was checked against its orders. */
export function listingOf<Q>({ q, sort, ...page }: Listing): Q {
  return { ...pageOf(page), ...(q === undefined ? {} : { q }), ...(sort === undefined ? {} : { sort }) } as Q
}

/** RFC 3339, or a date alone, which begins at midnight UTC. */
export function parseTimeFlag(text: string): string {
  const time = /^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00:00Z` : text
  if (parseTime(time) === undefined) throw new InvalidArgumentError('must be a time such as 2027-01-31T12:00:00Z')
  return time
}

export interface RateLimitFlag {
  readonly limit: number
  readonly windowSeconds: number
}

/** `100/60s`, `1000/1h`. */
export function parseRateLimit(text: string): RateLimitFlag {
  const match = /^(\d{1,10})\/(\w{1,12})$/.exec(text)
  if (match === null) throw new InvalidArgumentError('must be a rate such as 100/60s')
  return { limit: Number(match[1]), windowSeconds: parseDuration(match[2] as string) }
}

/** A limit by its name; the one that needs none is called `default`. */
export interface RatePolicyFlag extends RateLimitFlag {
  readonly name: string
}

/** A flag given several times: `100/60s`, `burst=10/1s`. */
export function collectRateLimit(text: string, before: readonly RatePolicyFlag[] = []): readonly RatePolicyFlag[] {
  const match = /^(?:([a-z][a-z0-9_-]{0,31})=)?(.*)$/s.exec(text)
  const name = match?.[1] ?? 'default'
  if (before.some((policy) => policy.name === name)) throw new InvalidArgumentError(`names ${name} twice`)
  return [...before, { name, ...parseRateLimit(match?.[2] ?? '') }]
}

/** As a body says it. What was not said is left as it is, and those with a name replace all that had one. */
export function readRateLimits(flag: readonly RatePolicyFlag[] | 'none' | undefined) {
  if (flag === 'none') return { rateLimit: null, rateLimits: null }
  const [first] = (flag ?? []).filter(({ name }) => name === 'default')
  const others = (flag ?? []).filter(({ name }) => name !== 'default')
  return {
    ...(first === undefined ? {} : { rateLimit: { limit: first.limit, windowSeconds: first.windowSeconds } }),
    ...(others.length === 0 ? {} : { rateLimits: others }),
  }
}

export const rateLimitHelp = 'such as 100/60s, or by a name burst=10/1s, once for each; or none'

export function parseJsonFlag(text: string): { readonly [name: string]: unknown } {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  } catch {
    // Said below, in the same words.
  }
  throw new InvalidArgumentError(`must be a JSON object such as '{"team":"blue"}'`)
}

/** A flag given several times, or several values with commas between them. */
export function collect(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, ...text.split(/[\s,]+/).filter((part) => part !== '')]
}

/** A flag given several times. */
export function collectWhole(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, text]
}

/** `none` takes away what is there. Commander would take a null for a flag without a value. */
export function orNone<T>(parse: (text: string, before?: T) => T): (text: string, before?: T | 'none') => T | 'none' {
  return (text, before) => (text === 'none' ? 'none' : parse(text, before === 'none' ? undefined : before))
}

export interface Force {
  readonly force?: true | undefined
}

export const forceOption = [
  '--force',
  'do it even when nobody is left who has all management scopes; the audit log keeps it',
] as const

export function readForce({ force }: Force): { readonly force?: true } {
  return force === true ? { force } : {}
}

type Jwks = NonNullable<Body<'createClient'>['jwks']>

/** The JSON of a file that the command line names. */
export function readJsonFile(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT'
    throw new CommandError(isMissing ? 'notFound' : 'error', `${file} ${isMissing ? 'does not exist' : 'is not JSON'}`)
  }
}

/** A JWK Set, or one JWK. What is private never leaves this machine. */
export function readJwks(file: string): Jwks {
  const value = readJsonFile(file) as { readonly keys?: unknown } | undefined
  const keys = (Array.isArray(value?.keys) ? value.keys : [value]) as { readonly [member: string]: unknown }[]
  if (keys.some((key) => typeof key !== 'object' || key === null || 'd' in key || 'k' in key)) {
    throw new CommandError('usage', `${file} must hold public keys: one of them has a private part or is no JWK`)
  }
  return { keys } as Jwks
}

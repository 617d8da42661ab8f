/**
 * The checks of a decision one by one, for whoever may see the credential. Nothing is decided here: `findRejection` does,
 * and a test holds that the check which fails is the one that it names.
 */
import { allowsAddress } from './address/allowed_places.ts'
import type { Expectation } from './decision.ts'
import type { EffectiveGrant, Established, Standing } from './effective_grant.ts'
import type { Status } from './feed/state.ts'
import { limits } from './limits.ts'
import { type RateLimitOutcome, tightest } from './rate_limit/gcra.ts'
import type { Rejection, RejectionCode } from './rejection.ts'
import { formatScope, type Scope } from './scope.ts'
import { formatTime, type Seconds } from './seconds.ts'

/** Every check, in the order in which they are made. */
export const checkNames = [
  'operation',
  'format',
  'known',
  'signature',
  'issuer',
  'revoked',
  'disabled',
  'expiry',
  'start',
  'audience',
  'access',
  'address',
  'origin',
  'scope',
  'rate_limit',
] as const

/** One of `checkNames`. */
export type CheckName = (typeof checkNames)[number]

/** A check and how it went. */
export interface Check {
  /** The subject of the check. */
  readonly name: CheckName
  /** `skipped`: it was not made, since there was nothing to compare, or a check before it failed. */
  readonly result: 'passed' | 'failed' | 'skipped'
  /** The value that credential or request has. */
  readonly has?: string
  /** The value that is needed. */
  readonly needs?: string
}

/** Everything that a decision was made from, in one turn. */
export interface Judged {
  /** The credential as it was issued. */
  readonly established: Established
  /** The changes of it and of all it depends on, as said since. */
  readonly standing: Standing
  /** Both together. */
  readonly effective: EffectiveGrant
  /** The outcomes of its limits; empty where none was asked. */
  readonly taken: readonly RateLimitOutcome[]
  /** The time of the decision. */
  readonly now: Seconds
}

type Result = Omit<Check, 'name'>

/** The check that a code is about. `wrong_audience` may be about `access` as well. */
const checkOf: Readonly<Record<RejectionCode, CheckName>> = {
  missing_credential: 'format',
  invalid_request: 'format',
  malformed: 'format',
  unknown: 'known',
  bad_signature: 'signature',
  wrong_issuer: 'issuer',
  revoked: 'revoked',
  disabled: 'disabled',
  expired: 'expiry',
  not_yet_valid: 'start',
  wrong_audience: 'audience',
  address_not_allowed: 'address',
  origin_not_allowed: 'origin',
  insufficient_scope: 'scope',
  rate_limited: 'rate_limit',
}

/** The checks of a credential that was judged. `notMade`: those that the question had nothing for. Default: none. */
export function explainJudged(
  judged: Judged,
  expected: Expectation,
  notMade: readonly CheckName[] = [],
): readonly Check[] {
  let isOver = false
  return checkNames.map((name): Check => {
    if (isOver || notMade.includes(name)) return { name, result: 'skipped' }
    const check = { name, ...checks[name](judged, expected) }
    isOver = check.result === 'failed'
    return check
  })
}

/**
 * The checks of a refusal of which the code alone is known; none for a code that is not. `isEstablished`: the credential was
 * found. `isSigned`: it is a JWT whose signature
 * holds; default false. A check that perhaps had nothing to compare is `skipped`. `notMade`: as in `explainJudged`.
 */
export function explainCode(
  code: string,
  {
    isEstablished,
    isSigned = false,
    notMade = [],
    ...shown
  }: {
    readonly isEstablished: boolean
    readonly isSigned?: boolean
    readonly notMade?: readonly CheckName[]
    readonly has?: string
    readonly needs?: string
  },
): readonly Check[] {
  if (!Object.hasOwn(checkOf, code)) return []
  const failing = checkNames.indexOf(checkOf[code as RejectionCode])
  return checkNames.map((name, at): Check => {
    if (at === failing) return { name, result: 'failed', ...shown }
    const isMade =
      at < failing && !notMade.includes(name) && isSurelyMade(name, code as RejectionCode, { isEstablished, isSigned })
    if (!isMade) return { name, result: 'skipped' }
    return name === 'known' && isSigned ? { name, ...bySignature } : { name, result: 'passed' }
  })
}

/** Whether a check before the failing one was made, whatever the credential and the request were. */
function isSurelyMade(
  name: CheckName,
  code: RejectionCode,
  { isEstablished, isSigned }: { readonly isEstablished: boolean; readonly isSigned: boolean },
): boolean {
  switch (name) {
    case 'format':
      return true
    case 'known':
      return code !== 'bad_signature'
    case 'signature':
      return isSigned || code === 'wrong_issuer'
    case 'issuer':
      return isSigned
    case 'revoked':
    case 'disabled':
    case 'audience':
    case 'access':
      return isEstablished
    default:
      return false
  }
}

/** The method and path of a request that a credential is judged for. */
export interface AskedOperation {
  /** The HTTP method. */
  readonly method: string
  /** The path. */
  readonly uri: string
}

/** The refusal of a request for which the API's document has no operation. */
export const undescribedOperation: Rejection = {
  code: 'insufficient_scope',
  detail: 'no operation of the API is described at this method and path',
  neededScope: [],
  missingScope: [],
  requires: [],
}

/**
 * The checks with that of the operation, which is made before all others. `isDescribed`: whether the API's document has it, so
 * that the others were made at all; `undefined` where no document was asked.
 */
export function explainOperation(
  checks: readonly Check[],
  operation: AskedOperation | undefined,
  isDescribed: boolean | undefined,
): readonly Check[] {
  if (operation === undefined || isDescribed === undefined) return checks
  const has = `${operation.method} ${operation.uri}`
  if (isDescribed)
    return checks.map((check) => (check.name === 'operation' ? { ...check, result: 'passed', has } : check))
  return checkNames.map(
    (name): Check => (name === 'operation' ? { name, result: 'failed', has } : { name, result: 'skipped' }),
  )
}

const passed: Result = { result: 'passed' }
const skipped: Result = { result: 'skipped' }
/** A JWT is looked up nowhere: its signature says that it was issued. */
const bySignature: Result = { result: 'passed', has: 'by its signature' }

function result(isGood: boolean, shown: { readonly has?: string; readonly needs?: string }): Result {
  return { result: isGood ? 'passed' : 'failed', ...shown }
}

const checks: Readonly<Record<CheckName, (judged: Judged, expected: Expectation) => Result>> = {
  // Nothing here knows the document of the API.
  operation: () => skipped,
  format: () => passed,
  known: ({ established }) => (established.format === 'jwt' ? bySignature : passed),
  signature: ({ established }) => (established.format === 'jwt' ? passed : skipped),
  issuer: ({ established }) => (established.format === 'jwt' ? passed : skipped),
  revoked: (judged) => faultResult(judged, 'revoked'),
  disabled: (judged) => faultResult(judged, 'disabled'),
  expiry({ effective, now }) {
    if (effective.endsAt === Number.POSITIVE_INFINITY) return skipped
    return result(now < effective.endsAt, {
      has: formatTime(effective.grant.expiresAt ?? 0),
      needs: `later than ${formatTime(now)}`,
    })
  },
  start({ effective: { notBefore }, now }) {
    if (notBefore === 0) return skipped
    return result(now + limits.clockLeewaySeconds >= notBefore, {
      has: formatTime(notBefore),
      needs: `no later than ${formatTime(now)}`,
    })
  },
  audience: ({ effective: { grant } }, { audience }) =>
    result(grant.audience === audience, { has: grant.audience, needs: audience }),
  access: ({ effective }) => result(effective.hasAccess, {}),
  address({ effective }, { address }) {
    if (effective.addressRanges.length === 0) return skipped
    return result(allowsAddress(effective, address), {})
  },
  origin({ effective: { origins } }, { origin }) {
    if (origins.length === 0) return skipped
    return result(
      origins.every((allowed) => origin !== undefined && allowed.has(origin)),
      {
        ...(origin === undefined ? {} : { has: origin }),
        needs: origins.map((allowed) => [...allowed].join(' ')).join(' and '),
      },
    )
  },
  scope({ effective: { grant, scope } }, { requires }) {
    if (requires.some(({ length }) => length === 0)) return skipped
    const isGood = requires.some((needed) => needed.every((token) => scope.has(token)))
    return result(isGood, { has: grant.scope, needs: alternativesText(requires) })
  },
  rate_limit({ taken }) {
    const least = tightest(taken)
    if (least === undefined) return skipped
    const { name, limit, windowSeconds, remaining } = least
    return result(least.allowed, { has: `${remaining} left`, needs: `${name}: ${limit} in ${windowSeconds} s` })
  },
}

/** Alternatives as one text, as counts of usage have them: tokens with a space, alternatives with ` | ` between them. */
export function alternativesText(requires: readonly Scope[]): string {
  return requires.map(formatScope).join(' | ')
}

function faultResult({ established, standing, effective }: Judged, fault: 'revoked' | 'disabled'): Result {
  if (effective.fault !== fault) return passed
  const parts = partsWith(fault, established, standing)
  return { result: 'failed', ...(parts.length === 0 ? {} : { has: `${fault}: ${parts.join(', ')}` }) }
}

type State = { readonly status: Status } | 'revoked' | undefined

function partsWith(fault: 'revoked' | 'disabled', established: Established, standing: Standing): readonly string[] {
  const { tenant, api, client, subject, own, ancestors } = standing
  const { position } = established
  const has = (state: State): boolean => (typeof state === 'object' ? state.status : state) === fault
  const isBehind = (sequence: number): boolean => fault === 'revoked' && position !== undefined && position < sequence
  const cutOff = (state: typeof client | typeof subject): number => (typeof state === 'object' ? state.cutOff : 0)
  const parts: readonly (readonly [string, boolean])[] = [
    ['tenant', has(tenant)],
    ['API', has(api) || isBehind(typeof api === 'object' ? api.createdSequence : 0)],
    ['client', has(client) || has(established.client) || isBehind(cutOff(client))],
    ['subject', has(subject) || isBehind(cutOff(subject))],
    ['ancestor', ancestors.some(has)],
    ['credential', has(own) || has(established)],
  ]
  return parts.flatMap(([part, isIt]) => (isIt ? [part] : []))
}

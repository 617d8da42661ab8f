/**
 * The part that every adapter shares, whatever its framework: asks the verifier, and lets the request pass or says why
 * not. An adapter hands over the request as it came and writes the answer; it decides nothing.
 */
import {
  type Grant,
  type ProblemAnswer,
  type Rejection,
  rateLimitHeaders,
  rejectionAnswer,
  type Scope,
  type ScopeInput,
  unavailableAnswer,
} from '@countersign/core'
import type { Verifier } from '../create_verifier.ts'
import type { Outcome } from '../outcome.ts'
import { costOf, type RequestExpectation, requirementOf } from '../request.ts'
import { type ClientAddress, createClientAddress } from './client_address.ts'
import { sharedVerifier } from './shared_verifier.ts'

/** Options of `protect` in every adapter. An unknown one throws. */
export interface ProtectOptions {
  /**
   * Default: one for the process, from `COUNTERSIGN_URL`, `COUNTERSIGN_AUDIENCE` and `COUNTERSIGN_KEY` or `_KEY_FILE`.
   */
  readonly verifier?: Verifier
  /**
   * `true` lets a request *without* a credential through, with no grant; never one with a bad credential. Default
   * false.
   */
  readonly optional?: boolean
  /** Address ranges (CIDR) of proxies whose `X-Forwarded-For` is believed. Default none. */
  readonly trustedProxies?: readonly string[]
  /** All of these scope tokens are needed. Default none. */
  readonly scope?: ScopeInput
  /** At least one of these scope tokens is needed. Default: no such requirement. */
  readonly anyScope?: ScopeInput
  /** The amount that a request spends from every rate limit: a whole number, 0 to 1,000,000. Default 1. */
  readonly cost?: number
}

/** A request as an adapter has it. */
export interface Incoming {
  /** The object that stands for the request in this framework, the same in all its middleware. */
  readonly key: object
  /** The address of the other end of the connection, where the runtime tells. */
  readonly peer: string | undefined
  /** All values of `X-Forwarded-For`, in order, joined by commas. */
  readonly forwardedFor: () => string | undefined
  readonly ask: (verifier: Verifier, expectation: RequestExpectation) => Promise<Outcome>
}

export type Passage =
  /** The request passes. `grant` is undefined only where `optional` let a request without a credential through. */
  | { readonly grant: Grant | undefined; readonly headers: Readonly<Record<string, string>> }
  | { readonly refusal: Refusal }

/** An answer instead of the API's own. */
export interface Refusal {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export type Gate = (incoming: Incoming) => Promise<Passage>

/**
 * The result for each request: a later `requireScope` looks here, not at a property that other middleware may write.
 */
const judged = new WeakMap<object, { readonly grant: Grant | undefined }>()

/** The options that `protect` has in every adapter; an adapter with more of them names its own. */
export const protectOptions = {
  verifier: true,
  optional: true,
  trustedProxies: true,
  scope: true,
  anyScope: true,
  cost: true,
} satisfies Record<keyof ProtectOptions, true>

/**
 * The gate of one `protect`. `known` names the adapter's options.
 *
 * @throws TypeError for an unknown or bad option, and when no verifier is given and the environment names none.
 */
export function createGate(options: ProtectOptions, known: Readonly<Record<string, true>> = protectOptions): Gate {
  for (const name of Object.keys(options)) {
    if (!Object.hasOwn(known, name)) throw new TypeError(`protect has no option "${name}"`)
  }
  if (options.optional !== undefined && typeof options.optional !== 'boolean') {
    throw new TypeError('optional must be true or false')
  }
  const { optional = false, verifier = sharedVerifier(), trustedProxies = [] } = options
  const expectation = expectationOf(options)
  const clientAddress = createClientAddress(trustedProxies)
  return (incoming) => pass(incoming, verifier, expectation, clientAddress, optional)
}

/** Looks at the grant that `protect` found; where there was no `protect`, it protects by itself. */
export function createScopeGate(kind: 'scope' | 'anyScope', tokens: readonly string[]): Gate {
  if (tokens.length === 0) throw new TypeError('name at least one scope')
  const expectation = expectationOf({ [kind]: tokens })
  const requires = requirementOf(expectation)
  const clientAddress = createClientAddress([])
  return async (incoming) => {
    const known = judged.get(incoming.key)
    if (known === undefined) return pass(incoming, sharedVerifier(), expectation, clientAddress, false)
    if (known.grant === undefined) return refuse(rejectionAnswer(missing))
    const rejection = findMissingScope(known.grant, requires)
    return rejection === undefined ? { grant: known.grant, headers: {} } : refuse(rejectionAnswer(rejection))
  }
}

const missing: Rejection = { code: 'missing_credential', detail: 'no credential was presented' }

async function pass(
  incoming: Incoming,
  verifier: Verifier,
  expectation: RequestExpectation,
  clientAddress: ClientAddress,
  optional: boolean,
): Promise<Passage> {
  const ip = clientAddress(incoming.peer, incoming.forwardedFor)
  const outcome = await incoming.ask(verifier, ip === undefined ? expectation : { ...expectation, ip })
  switch (outcome.outcome) {
    case 'verified': {
      const { grant, rateLimits = [] } = outcome
      judged.set(incoming.key, { grant })
      return { grant, headers: rateLimitHeaders(rateLimits) }
    }
    case 'unavailable':
      return refuse(unavailableAnswer(outcome.retryAfterSeconds))
    case 'rejected':
      // Nothing but the absence of a credential is optional: a bad one is refused (CVE-2021-21378).
      if (!optional || outcome.rejection.code !== 'missing_credential')
        return refuse(rejectionAnswer(outcome.rejection))
      judged.set(incoming.key, { grant: undefined })
      return { grant: undefined, headers: {} }
  }
}

/** Checked when the gate is made, so that a mistake shows at start and not with the first request. */
function expectationOf({ scope, anyScope, cost }: ProtectOptions): RequestExpectation {
  const expectation = {
    ...(scope === undefined ? {} : { scope }),
    ...(anyScope === undefined ? {} : { anyScope }),
    ...(cost === undefined ? {} : { cost }),
  }
  costOf(expectation)
  if (requirementOf(expectation).length === 0) throw new TypeError('anyScope must name at least one scope')
  return expectation
}

function findMissingScope(grant: Grant, requires: readonly Scope[]): Rejection | undefined {
  if (requires.some((needed) => grant.has(...needed))) return undefined
  const neededScope = requires[0] ?? []
  const missingScope = neededScope.filter((token) => !grant.has(token))
  return { code: 'insufficient_scope', detail: `it lacks ${missingScope.join(' ')}`, neededScope, missingScope }
}

/** The answer as RFC 9457, with an id by which a caller can ask about it. */
function refuse({ status, headers, body }: ProblemAnswer): Passage {
  return { refusal: { status, headers, body: JSON.stringify({ ...body, requestId: crypto.randomUUID() }) } }
}

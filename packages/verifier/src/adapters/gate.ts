/**
 * The part that every adapter shares, whatever its framework: asks the verifier, and lets the request pass or says why
 * not. An adapter hands over the request as it came and writes the answer; it decides nothing.
 */
import {
  type Grant,
  insufficientScope,
  type ProblemAnswer,
  type Rejection,
  rateLimitHeaders,
  rejectionAnswer,
  requireOptions,
  type Scope,
  type ScopeInput,
  unavailableAnswer,
  withErrorPage,
} from '@countersign/core'
import type { Verifier } from '../create_verifier.ts'
import type { Outcome, OutcomeCode } from '../outcome.ts'
import {
  costOf,
  countLater,
  type DeferredExpectation,
  type RequestExpectation,
  refusedAs,
  requirementOf,
} from '../request.ts'
import type { CountOnce, RefusedInTheEnd } from '../usage/usage_counter.ts'
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
  /**
   * The name under which the grant is found, where another library has taken `auth` (`express-oauth2-jwt-bearer`, for
   * one): of the request, or of Hono's variables. Default `auth`. TypeScript knows `auth` alone: declare yours.
   */
  readonly property?: string
  /**
   * Called with each refusal before it is answered, for a log or for a body of your own. Status, challenge and
   * `Retry-After` stay as they are. `undefined` leaves the body too. What it throws fails the request.
   */
  readonly onRefusal?: (refusal: RefusalInfo) => OwnBody | undefined
}

/** A refusal as `onRefusal` is told of it. It holds no credential. */
export interface RefusalInfo {
  /** 400, 401, 403, 429 or 503. */
  readonly status: number
  /** The code: `unknown`, `insufficient_scope`, `unavailable`, …; docs/protocol/errors.md has all. */
  readonly code: string
  /** One sentence for people. */
  readonly detail: string
  /** The id in the body that is otherwise answered. */
  readonly requestId: string
  /** The header fields of the answer, the challenge among them. */
  readonly headers: Readonly<Record<string, string>>
}

/** A body instead of the problem document. */
export interface OwnBody {
  /** Text as it is, or a value that is sent as JSON. */
  readonly body: unknown
  /** Default: `text/plain; charset=utf-8` for text, `application/json` for values. */
  readonly contentType?: string
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
  /** Calls `settle` when the request is over: then it is known whether a later step has refused it. */
  readonly whenOver: (settle: () => void) => void
}

export type Passage =
  /** The request passes. `grant` is undefined only where `optional` let a request without a credential through. */
  | {
      readonly grant: Grant | undefined
      readonly headers: Readonly<Record<string, string>>
      /** Where the adapter puts the grant. */
      readonly property: string
    }
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
const judged = new WeakMap<object, Judged>()

interface Judged {
  readonly grant: Grant | undefined
  readonly ways: Ways
  readonly address: string | undefined
  /** The request is counted by these when it is over: the last that was asked for, or the first refusal. */
  asked: readonly Scope[]
  code: OutcomeCode
  refused?: RefusedInTheEnd
}

/** The choices of `protect` about answers, for itself and for what stands behind it. */
interface Ways {
  readonly property: string
  readonly onRefusal: ProtectOptions['onRefusal']
  /** The issuer whose pages tell about the codes of refusals. */
  readonly issuer: string | undefined
}

const usualWays = { property: 'auth', onRefusal: undefined } as const

/** The options that `protect` has in every adapter; an adapter with more of them names its own. */
export const protectOptions = {
  verifier: true,
  optional: true,
  trustedProxies: true,
  scope: true,
  anyScope: true,
  cost: true,
  property: true,
  onRefusal: true,
} satisfies Record<keyof ProtectOptions, true>

/**
 * The gate of one `protect`. `known` names the adapter's options.
 *
 * @throws TypeError for an unknown or bad option, and when no verifier is given and the environment names none.
 */
export function createGate(options: ProtectOptions, known: Readonly<Record<string, true>> = protectOptions): Gate {
  requireOptions('protect', options, known)
  if (options.optional !== undefined && typeof options.optional !== 'boolean') {
    throw new TypeError('optional must be true or false')
  }
  const { optional = false, verifier = sharedVerifier(), trustedProxies = [] } = options
  const expectation = expectationOf(options)
  const clientAddress = createClientAddress(trustedProxies)
  const ways = { ...waysOf(options), issuer: verifier.issuer }
  return (incoming) => pass(incoming, { verifier, expectation, clientAddress, optional, ways })
}

function waysOf({ property = 'auth', onRefusal }: ProtectOptions): Omit<Ways, 'issuer'> {
  if (typeof property !== 'string' || !/^[A-Za-z_$][\w$]*$/.test(property) || property in Object.prototype) {
    throw new TypeError('property must be a name such as "countersign"')
  }
  if (onRefusal !== undefined && typeof onRefusal !== 'function') throw new TypeError('onRefusal must be a function')
  return { property, onRefusal }
}

/** Looks at the grant that `protect` found; where there was no `protect`, it protects by itself. */
export function createScopeGate(kind: 'scope' | 'anyScope', tokens: readonly string[]): Gate {
  if (tokens.length === 0) throw new TypeError('name at least one scope')
  const expectation = expectationOf({ [kind]: tokens })
  const requires = requirementOf(expectation)
  const clientAddress = createClientAddress([])
  return async (incoming) => {
    const known = judged.get(incoming.key)
    if (known === undefined) {
      const verifier = sharedVerifier()
      return pass(incoming, {
        verifier,
        expectation,
        clientAddress,
        optional: false,
        ways: { ...usualWays, issuer: verifier.issuer },
      })
    }
    const { grant, ways } = known
    if (grant === undefined) return refuse(rejectionAnswer(missing), ways)
    const rejection = findMissingScope(grant, requires)
    if (known.code === 'verified') known.asked = requires
    if (rejection !== undefined) {
      const requestId = crypto.randomUUID()
      if (rejection.code === 'insufficient_scope' && known.code === 'verified')
        known.refused = { request: { requestId, address: known.address }, missingScope: rejection.missingScope }
      known.code = rejection.code
      return refuse(rejectionAnswer(rejection), ways, requestId)
    }
    return { grant, headers: {}, property: ways.property }
  }
}

const missing: Rejection = { code: 'missing_credential', detail: 'no credential was presented' }

interface Passing {
  readonly verifier: Verifier
  readonly expectation: RequestExpectation
  readonly clientAddress: ClientAddress
  readonly optional: boolean
  readonly ways: Ways
}

async function pass(
  incoming: Incoming,
  { verifier, expectation, clientAddress, optional, ways }: Passing,
): Promise<Passage> {
  const ip = clientAddress(incoming.peer, incoming.forwardedFor)
  let count: CountOnce | undefined
  let requestId: string | undefined
  const asking: DeferredExpectation = {
    ...expectation,
    [countLater]: (once) => {
      count = once
    },
    [refusedAs]() {
      requestId = crypto.randomUUID()
      return { requestId, address: ip }
    },
  }
  const outcome = await incoming.ask(verifier, ip === undefined ? asking : { ...asking, ip })
  switch (outcome.outcome) {
    case 'verified': {
      const { grant, rateLimits = [] } = outcome
      const known: Judged = { grant, ways, address: ip, asked: requirementOf(expectation), code: 'verified' }
      judged.set(incoming.key, known)
      if (count !== undefined) incoming.whenOver(() => count?.(known.asked, known.code, known.refused))
      return { grant, headers: rateLimitHeaders(rateLimits), property: ways.property }
    }
    case 'unavailable':
      return refuse(unavailableAnswer(outcome.retryAfterSeconds), ways)
    case 'rejected':
      // Nothing but the absence of a credential is optional: a bad one is refused (CVE-2021-21378).
      if (!optional || outcome.rejection.code !== 'missing_credential')
        return refuse(rejectionAnswer(outcome.rejection), ways, requestId)
      judged.set(incoming.key, { grant: undefined, ways, address: ip, asked: [], code: 'missing_credential' })
      return { grant: undefined, headers: {}, property: ways.property }
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
  return insufficientScope((token) => grant.has(token), requires)
}

/** The answer as RFC 9457, with an id by which a caller can ask about it, or in a body of the API's own. */
function refuse(
  { status, headers, body }: ProblemAnswer,
  { onRefusal, issuer }: Ways,
  requestId: string = crypto.randomUUID(),
): Passage {
  const { code, detail } = body
  const own = onRefusal?.({ status, code, detail, requestId, headers })
  if (own === undefined)
    return { refusal: { status, headers, body: JSON.stringify({ ...withErrorPage(body, issuer), requestId }) } }
  const isText = typeof own.body === 'string'
  const contentType = own.contentType ?? (isText ? 'text/plain; charset=utf-8' : 'application/json')
  const text = isText ? (own.body as string) : JSON.stringify(own.body)
  return { refusal: { status, headers: { ...headers, 'Content-Type': contentType }, body: text ?? '' } }
}

/**
 * The steps of a request before it reaches the upstream, in this order and nothing else:
 *
 *     host → request target → route → preflight → credential → engine → assertion → (forward.ts)
 *
 * A request that a step does not let through ends there. The default is a refusal: a request that no operation
 * describes is never forwarded (flaw 99).
 */
import type { IncomingMessage } from 'node:http'
import {
  type AddressRange,
  type CredentialPlaces,
  type Grant,
  problemAnswer,
  type RateLimitOutcome,
  type Rejection,
  rejectionAnswer,
  unavailableAnswer,
  undescribedAnswer,
} from '@countersign/core'
import { type Operation, type RouteTable, routeOf } from '@countersign/openapi'
import {
  type BookKeeper,
  credentialHeadersOf,
  type Engine,
  type Failures,
  mayFail,
  type Outcome,
  type PlacesNow,
  type Question,
  questionOf,
  readAgain,
  originOf as requestOriginOf,
  tooManyFailures,
} from '@countersign/verifier/engine'
import type { Assertions, Attested } from './assertion.ts'
import { type Origin, originOf } from './client_address.ts'
import type { Cors } from './cors.ts'
import { anonymousHeaders, identityHeaders } from './headers/identity.ts'
import { type RawHeaders, valuesOf } from './headers/raw.ts'
import type { Refusal } from './http_exchange.ts'
import { findRequestFlaw } from './request_flaw.ts'
import { type BookMark, markOf } from './watch.ts'

/** A request that goes on to the upstream, with all that its later steps need. */
export interface Admission {
  readonly decision: 'verified' | 'public' | 'preflight'
  readonly why: string
  readonly origin: Origin
  /** Our own header fields for the upstream. */
  readonly identity: RawHeaders
  /** The places where this request's credential could be: what stands there does not go to the upstream. */
  readonly places: CredentialPlaces | undefined
  /** Present exactly when the decision is `verified`. */
  readonly judged: Judged | undefined
}

export interface Judged {
  readonly question: Question
  readonly grant: Grant
  readonly rateLimits: readonly RateLimitOutcome[] | undefined
  readonly mark: BookMark
}

export interface PipelineOptions {
  readonly engine: Engine
  readonly keeper: BookKeeper
  readonly routes: RouteTable
  readonly audience: string
  readonly placesNow: PlacesNow
  readonly assertions: Assertions
  readonly trustedProxies: readonly AddressRange[]
  readonly failures: Failures
  readonly allowedHosts: ((host: string) => boolean) | undefined
  /** Present where the gateway answers preflights itself. */
  readonly cors: Cors | undefined
}

/** The number of times that an assertion is fetched while the book keeps changing its content. */
const roundsMax = 5

/** `onMatch` is told the operation, before anything is judged. */
export async function admit(
  request: IncomingMessage,
  requestId: string,
  options: PipelineOptions,
  onMatch: (operation: Operation) => void,
): Promise<Admission | Refusal> {
  const { engine, routes, audience, allowedHosts } = options
  const { rawHeaders } = request
  const method = request.method ?? ''
  const target = request.url ?? ''

  // 1. The host. A page of another site that was rebound to this address (DNS rebinding) is refused.
  const hosts = valuesOf(rawHeaders, 'host')
  if (allowedHosts !== undefined && !(hosts.length > 0 && hosts.every(allowedHosts))) {
    return refusal(421, 'host_not_allowed', 'This gateway does not answer for that host.')
  }

  // 2. The request target and the framing. Both must have exactly one reading.
  const flaw = findRequestFlaw(request)
  if (flaw !== undefined) return refusal(400, 'bad_request', sentence(flaw))

  const origin = originOf(rawHeaders, request.socket.remoteAddress, options.trustedProxies)

  // 3 and 4. The route. A preflight never carries a credential (Fetch, CORS protocol), so it comes first.
  const preflight = admitPreflight(request, origin, options)
  if (preflight !== undefined) return preflight
  const match = routes.match(method, target)
  if (match.kind !== 'operation') return unmatchedRefusal(match)
  onMatch(match.operation)
  const places = options.placesNow()
  if (match.operation.public) {
    const why = nameOf(match.operation)
    return { decision: 'public', why, origin, identity: anonymousHeaders, places, judged: undefined }
  }

  // 5. The credential, from the header fields as they came.
  const question = readQuestion(request, requestId, match.operation, { audience, places, origin })
  if ('rejection' in question) return rejectionRefusal(question.rejection)

  // 6. The engine.
  const mark = markOf(options.keeper)
  const answer = engine.verify(question)
  const outcome = answer instanceof Promise ? await answer : answer
  if (outcome.outcome !== 'verified') {
    const refused = outcomeRefusal(outcome)
    const isAnswered = refused.answer.status !== 401 || mayFail(options.failures, audience, origin.address)
    return isAnswered ? refused : tooMany
  }
  const placesNow = options.placesNow()
  const rejection = placesNow === places ? undefined : readAgain(credentialHeadersOf(rawHeaders, placesNow), question)
  if (rejection !== undefined) return rejectionRefusal(rejection)

  // 7. The assertion. A request that waited for one is judged again, in the turn in which it goes on.
  return attest(question, outcome, origin, places, options, mark)
}

interface Asked {
  readonly audience: string
  readonly places: CredentialPlaces | undefined
  readonly origin: Origin
}

function readQuestion(
  { method, rawHeaders }: IncomingMessage,
  requestId: string,
  operation: Operation,
  { audience, places, origin }: Asked,
) {
  return questionOf(credentialHeadersOf(rawHeaders, places), {
    audience,
    requires: operation.requires,
    cost: operation.cost,
    ip: origin.address,
    origin: requestOriginOf(rawHeaders),
    refusedAs: () => ({ requestId, method, route: routeOf(operation), address: origin.address }),
    operation,
  })
}

const tooMany: Refusal = {
  answer: tooManyFailures,
  decision: 'rate_limited',
  why: 'too many credentials from this address have failed',
}

function unmatchedRefusal(match: Exclude<ReturnType<RouteTable['match']>, { readonly kind: 'operation' }>): Refusal {
  if (match.kind === 'ambiguous') return refusal(400, 'ambiguous_path', sentence(match.detail))
  const answer = undescribedAnswer(match.kind === 'not_found' ? undefined : match.allow)
  return { answer, decision: answer.body.code, why: answer.body.detail }
}

/** A preflight of a described path goes to the upstream, unless the operator named the origins. */
function admitPreflight(
  { method = '', url = '', rawHeaders }: IncomingMessage,
  origin: Origin,
  { routes, cors, placesNow }: PipelineOptions,
): Admission | Refusal | undefined {
  const known = isPreflight(method, rawHeaders) ? routes.knows(url) : undefined
  if (known === undefined) return undefined
  if (cors === undefined) {
    return {
      decision: 'preflight',
      why: 'a CORS preflight',
      origin,
      identity: [],
      places: placesNow(),
      judged: undefined,
    }
  }
  const headers = cors.preflightFields(rawHeaders, known.allow)
  return { answer: { status: 204, headers }, decision: 'preflight', why: 'a CORS preflight, answered here' }
}

/** Judges a request again that has waited since it was let in. Spends nothing from a rate limit. */
export async function admitAgain(admission: Admission, options: PipelineOptions): Promise<Admission | Refusal> {
  const { judged, origin } = admission
  if (judged === undefined) return admission
  const mark = markOf(options.keeper)
  const answer = options.engine.verify({ ...judged.question, isRepeat: true })
  const outcome = answer instanceof Promise ? await answer : answer
  if (outcome.outcome !== 'verified') return outcomeRefusal(outcome)
  const again = { ...outcome, ...rateLimitsOf(judged) }
  return attest(judged.question, again, origin, admission.places, options, mark)
}

function rateLimitsOf({ rateLimits }: Judged): Pick<Verified, 'rateLimits'> {
  return rateLimits === undefined ? {} : { rateLimits }
}

async function attest(
  question: Question,
  first: Verified,
  origin: Origin,
  places: CredentialPlaces | undefined,
  { engine, keeper, assertions }: PipelineOptions,
  firstMark: BookMark,
): Promise<Admission | Refusal> {
  let { grant } = first
  let mark = firstMark
  for (let round = 0; round < roundsMax; round++) {
    const { credential } = question
    let attested: Attested
    try {
      const asked = assertions.get({
        grant,
        credential,
        ip: origin.address,
        origin: question.origin,
        minSequence: keeper.book?.place.sequence ?? 0,
      })
      if (!(asked instanceof Promise)) return verified(question, { ...first, grant }, asked, origin, places, mark)
      attested = await asked
    } catch {
      return { answer: unavailableAnswer(1), decision: 'unavailable', why: 'no assertion could be obtained' }
    }
    mark = markOf(keeper)
    const answer = engine.verify({ ...question, isRepeat: true })
    const outcome = answer instanceof Promise ? await answer : answer
    if (outcome.outcome !== 'verified') return outcomeRefusal(outcome)
    if (outcome.grant === grant) return verified(question, { ...first, grant }, attested, origin, places, mark)
    grant = outcome.grant
  }
  return { answer: unavailableAnswer(1), decision: 'unavailable', why: 'the credential changes too fast' }
}

type Verified = Extract<Outcome, { readonly outcome: 'verified' }>

function verified(
  question: Question,
  { grant, rateLimits }: Verified,
  attested: Attested,
  origin: Origin,
  places: CredentialPlaces | undefined,
  mark: BookMark,
): Admission {
  return {
    decision: 'verified',
    why: `${grant.kind} ${grant.credentialId} of ${grant.clientId}`,
    origin,
    identity: identityHeaders(grant, attested),
    places,
    judged: { question, grant, rateLimits, mark },
  }
}

function outcomeRefusal(outcome: Exclude<Outcome, Verified>): Refusal {
  if (outcome.outcome === 'rejected') return rejectionRefusal(outcome.rejection)
  return {
    answer: unavailableAnswer(outcome.retryAfterSeconds),
    decision: 'unavailable',
    why: 'the credential could not be judged',
  }
}

function rejectionRefusal(rejection: Rejection): Refusal {
  return { answer: rejectionAnswer(rejection), decision: rejection.code, why: rejection.detail }
}

/** The code of the problem is the decision's name. */
export function refusal(
  status: number,
  decision: Refusal['decision'],
  detail: string,
  headers: Readonly<Record<string, string>> = {},
): Refusal {
  return { answer: problemAnswer(status, decision, detail, headers), decision, why: detail }
}

function isPreflight(method: string, rawHeaders: RawHeaders): boolean {
  if (method !== 'OPTIONS') return false
  return valuesOf(rawHeaders, 'origin').length > 0 && valuesOf(rawHeaders, 'access-control-request-method').length > 0
}

function nameOf(operation: Operation): string {
  return `${operation.method} ${routeOf(operation)} is public`
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`
}

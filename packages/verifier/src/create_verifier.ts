import { limits, type MaybePromise, requireIssuer, requireOptions, type Seconds } from '@countersign/core'
import type { BookKeeper } from './book_keeper.ts'
import { type FieldReader, followPlaces, judgeRequest } from './credential_places.ts'
import type { Engine } from './engine.ts'
import { HttpStatusError } from './http/client.ts'
import { type Connection, connect } from './http/connect.ts'
import { type Outcome, rejected } from './outcome.ts'
import {
  costOf,
  countLater,
  credentialHeadersOf,
  credentialHeadersOfWeb,
  type DeferredExpectation,
  originOf,
  questionOf,
  type RequestExpectation,
  refusedAs,
  requirementOf,
} from './request.ts'

/** The options of a verifier. Options that protect have no default. */
export interface VerifierOptions {
  /** The authorization server's issuer (RFC 8414 §2): a URL, with the tenant's path, without a slash at its end. */
  readonly issuer: string
  /** The API that this process guards, as registered. */
  readonly audience: string
  /** An API key with the scope `credentials:verify` whose client guards the audience. */
  readonly credential: string
  /** Without proof of freshness for this long, requests are answered `unavailable`. 1 to 300 seconds, default 10. */
  readonly maxStalenessSeconds?: number
  /**
   * `true` tells `grant.clientMetadata` for the JWTs that the server issued too, which need no look-up otherwise: one for
   * each client and hour. Default false: for keys, opaque tokens and JWTs that clients sign, whose look-up tells it.
   * Where it cannot be had it is absent, and nothing is refused.
   */
  readonly clientMetadata?: boolean
  /**
   * Called with what keeps this verifier from working (a key that is wrong or guards nothing, a server that cannot be
   * reached, a clock that is off): once for each cause until it is over, and also written to standard error. Never
   * holds a credential. What it throws is dropped.
   */
  readonly onProblem?: (problem: string) => void
  /** Counts verifications and reports them to the server, one batch a second while there are any. Default true. */
  readonly usage?: boolean
  /**
   * Allows plain http to an issuer beyond this machine: anybody on the way can then read the credential. Default false.
   */
  readonly dangerouslyAllowInsecureHttp?: boolean
  /** Replaces the global `fetch`. */
  readonly fetch?: typeof fetch
  /** The wall clock, in seconds since the epoch. Default `Date.now() / 1000`. */
  readonly now?: () => Seconds
}

/** A verifier of one API's callers. Each method resolves; only a mistake in the expectation throws. */
export interface Verifier {
  /** The issuer that it follows. */
  readonly issuer: string
  /** Judges a web `Request` by its `Authorization` or `X-API-Key` header, or another that the API names. */
  verifyRequest(request: Request, expectation?: RequestExpectation): Promise<Outcome>
  /** Judges a `node:http` request by its raw headers. */
  verifyRawHeaders(rawHeaders: readonly string[], expectation?: RequestExpectation): Promise<Outcome>
  /** Judges a credential in hand; synchronous once it is known. */
  verify(credential: string, expectation?: RequestExpectation & { readonly origin?: string }): MaybePromise<Outcome>
  /** Resolves after the first attempt to load the book; verifying waits for it by itself. */
  ready(): Promise<void>
  /** Ends the stream and the timers. Resolves when the remaining counts are reported, after at most 1 s. */
  close(): Promise<void>
}

const optionNames = {
  issuer: true,
  audience: true,
  credential: true,
  maxStalenessSeconds: true,
  clientMetadata: true,
  onProblem: true,
  usage: true,
  dangerouslyAllowInsecureHttp: true,
  fetch: true,
  now: true,
} satisfies Record<keyof VerifierOptions, true>

/**
 * Verifies API keys, JWTs and opaque tokens in your own process: the first use takes one round trip, later ones are
 * answered from memory. Every revocation or change is known within `maxStalenessSeconds`; otherwise the answer is
 * `unavailable`.
 *
 * @throws TypeError when an option is missing, unknown or out of range.
 * @example
 * const verifier = createVerifier({ issuer, audience, credential })
 * const outcome = await verifier.verifyRequest(request, { scope: 'orders:read' })
 * if (outcome.outcome === 'verified') console.log(outcome.grant.clientId)
 */
export function createVerifier(options: VerifierOptions): Verifier {
  const { issuer, audience, credential } = checkOptions(options)
  const onProblem = problemTeller(options)
  const connection = connect({ ...options, issuer, audience, credential, onProblem })
  const { engine, keeper, ready, close } = connection
  watchGuarding(connection, audience, onProblem)
  return verifierOver({ engine, keeper }, audience, { issuer, ready, close })
}

/** The verifier of an audience over any engine and its keeper. */
export function verifierOver(
  { engine, keeper }: { readonly engine: Engine; readonly keeper: BookKeeper },
  audience: string,
  { issuer, ready, close }: Pick<Verifier, 'issuer' | 'ready' | 'close'>,
): Verifier {
  const judge = { engine, keeper, placesNow: followPlaces(keeper, audience) }

  async function verifyFields<Fields>(
    reader: FieldReader<Fields>,
    fields: Fields,
    expectation: DeferredExpectation,
    origin: string | undefined,
  ): Promise<Outcome> {
    const { ip, [countLater]: later, [refusedAs]: named } = expectation
    const expected = {
      audience,
      requires: requirementOf(expectation),
      ip,
      origin,
      cost: costOf(expectation),
      countLater: later,
      refusedAs: named,
    }
    return judgeRequest(judge, reader, fields, expected)
  }

  return Object.freeze({
    issuer,
    verifyRequest: (request: Request, expectation: RequestExpectation = {}) =>
      verifyFields(webFields, request.headers, expectation, request.headers.get('origin') ?? undefined),
    verifyRawHeaders: (rawHeaders: readonly string[], expectation: RequestExpectation = {}) =>
      verifyFields(rawFields, rawHeaders, expectation, originOf(rawHeaders)),
    verify(credential: string, expectation: RequestExpectation & { readonly origin?: string } = {}) {
      const { ip, origin } = expectation
      const expected = { audience, requires: requirementOf(expectation), ip, origin, cost: costOf(expectation) }
      const question = questionOf({ authorization: none, apiKey: [credential] }, expected)
      return 'rejection' in question ? rejected(question.rejection) : engine.verify(question)
    },
    ready,
    close,
  })
}

const none: readonly string[] = []

const webFields: FieldReader<Headers> = {
  credentials: credentialHeadersOfWeb,
  names: (headers) => [...headers.keys()],
}

const rawFields: FieldReader<readonly string[]> = {
  credentials: credentialHeadersOf,
  names: (rawHeaders) => rawHeaders.filter((_, index) => index % 2 === 0),
}

function checkOptions(options: VerifierOptions): VerifierOptions {
  requireOptions('createVerifier', options, optionNames)
  for (const name of ['issuer', 'audience', 'credential'] as const) {
    if (typeof options[name] !== 'string' || options[name] === '') throw new TypeError(`createVerifier needs "${name}"`)
  }
  const { maxStalenessSeconds = limits.maxStalenessSecondsDefault } = options
  if (!isMaxStaleness(maxStalenessSeconds)) throw new TypeError('maxStalenessSeconds must lie between 1 and 300')
  for (const name of ['usage', 'clientMetadata'] as const) {
    if (![undefined, true, false].includes(options[name])) throw new TypeError(`${name} must be true or false`)
  }
  if (!['undefined', 'function'].includes(typeof options.onProblem)) throw new TypeError('onProblem must be a function')
  requireIssuer(options.issuer, options.dangerouslyAllowInsecureHttp)
  return options
}

export function isMaxStaleness(value: unknown): value is number {
  const { maxStalenessSecondsMin: min, maxStalenessSecondsMax: max } = limits
  return typeof value === 'number' && value >= min && value <= max
}

/** On standard error, whatever else is done with it: a verifier that is silent and refuses everything helps nobody. */
function problemTeller({ issuer, audience, onProblem }: VerifierOptions): (problem: string) => void {
  return (problem) => {
    const { host, pathname } = new URL(issuer)
    // A library has no log of its own, and every runtime has this one.
    console.error(`countersign: verifier of ${audience} at ${host}${pathname.replace(/\/$/, '')}: ${problem}`)
    try {
      onProblem?.(problem)
    } catch {
      // The verifier goes on.
    }
  }
}

/**
 * Once the book is fresh for the first time, asks whether the key may verify for this audience: where it may not, every
 * credential is `unknown`, and nothing else would say why.
 */
function watchGuarding({ keeper, client }: Connection, audience: string, onProblem: (problem: string) => void): void {
  const unsubscribe = keeper.subscribe(() => {
    if (!keeper.isFresh()) return
    unsubscribe()
    const question = { credential: 'none', audience }
    client.post('/v1/assertions', question, new AbortController().signal).catch((error: unknown) => {
      // No credential was meant: any other answer says that the question was allowed, or says nothing of it.
      if (!(error instanceof HttpStatusError) || error.status !== 403) return
      onProblem(
        `the verifier’s key does not guard ${audience}, so every credential is unknown; countersign verifiers create --audience ${audience} makes one that does`,
      )
    })
  })
}

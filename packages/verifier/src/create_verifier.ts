import { limits, type MaybePromise, type Seconds } from '@countersign/core'
import { connect } from './connect.ts'
import { type Outcome, rejected } from './outcome.ts'
import {
  costOf,
  credentialHeadersOf,
  credentialHeadersOfWeb,
  originOf,
  questionOf,
  type RequestExpectation,
  requirementOf,
} from './request.ts'

/** Everything a verifier needs to know. What protects has no default. */
export interface VerifierOptions {
  /** The authorization server's issuer, a URL, a tenant's path included. */
  readonly issuer: string
  /** The API that this process guards, as registered. */
  readonly audience: string
  /** An API key with the scope `credentials:verify` whose client guards the audience. */
  readonly credential: string
  /** Without proof of freshness for this long, requests are answered `unavailable`. 1 to 300 seconds, default 10. */
  readonly maxStalenessSeconds?: number
  /** Count verifications and report them to the server, a batch a second while there are any. Default true. */
  readonly usage?: boolean
  /** Allows plain http to an issuer beyond this machine. Whoever is on the way then reads the credential. */
  readonly dangerouslyAllowInsecureHttp?: boolean
  /** Instead of the global one. */
  readonly fetch?: typeof fetch
  /** The wall clock, in seconds since the epoch. Default `Date.now() / 1000`. */
  readonly now?: () => Seconds
}

/** A verifier of one API's callers. Each method resolves; only a mistake in the expectation throws. */
export interface Verifier {
  /** Judge a web `Request` by its `Authorization` or `X-API-Key` header. */
  verifyRequest(request: Request, expectation?: RequestExpectation): Promise<Outcome>
  /** Judge a `node:http` request by its raw headers. */
  verifyRawHeaders(rawHeaders: readonly string[], expectation?: RequestExpectation): Promise<Outcome>
  /** Judge a credential in hand; synchronous once it is known. */
  verify(credential: string, expectation?: RequestExpectation & { readonly origin?: string }): MaybePromise<Outcome>
  /** Resolves after the first attempt to load the book; verifying waits for it by itself. */
  ready(): Promise<void>
  /** End the stream and the timers. Resolves when what was counted is reported too, after at most a second. */
  close(): Promise<void>
}

const optionNames = {
  issuer: true,
  audience: true,
  credential: true,
  maxStalenessSeconds: true,
  usage: true,
  dangerouslyAllowInsecureHttp: true,
  fetch: true,
  now: true,
} satisfies Record<keyof VerifierOptions, true>

/**
 * Verify API keys, JWTs and opaque tokens in your own process: one round trip on first use, memory after that, and every
 * revocation or change within `maxStalenessSeconds`, or the answer is `unavailable`.
 *
 * @throws TypeError when an option is missing, unknown or out of range.
 * @example
 * const verifier = createVerifier({ issuer, audience, credential })
 * const outcome = await verifier.verifyRequest(request, { scope: 'orders:read' })
 * if (outcome.outcome === 'verified') console.log(outcome.grant.clientId)
 */
export function createVerifier(options: VerifierOptions): Verifier {
  const { issuer, audience, credential } = checkOptions(options)
  const { engine, ready, close } = connect({ ...options, issuer, audience, credential })

  async function verifyHeaders(
    headers: Parameters<typeof questionOf>[0],
    expectation: RequestExpectation,
    origin: string | undefined,
  ): Promise<Outcome> {
    const { ip } = expectation
    const expected = { audience, requires: requirementOf(expectation), ip, origin, cost: costOf(expectation) }
    const question = questionOf(headers, expected)
    return 'rejection' in question ? rejected(question.rejection) : engine.verify(question)
  }

  return Object.freeze({
    verifyRequest: (request: Request, expectation: RequestExpectation = {}) =>
      verifyHeaders(credentialHeadersOfWeb(request.headers), expectation, request.headers.get('origin') ?? undefined),
    verifyRawHeaders: (rawHeaders: readonly string[], expectation: RequestExpectation = {}) =>
      verifyHeaders(credentialHeadersOf(rawHeaders), expectation, originOf(rawHeaders)),
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

function checkOptions(options: VerifierOptions): VerifierOptions {
  for (const name of Object.keys(options)) {
    if (!Object.hasOwn(optionNames, name)) throw new TypeError(`createVerifier has no option "${name}"`)
  }
  for (const name of ['issuer', 'audience', 'credential'] as const) {
    if (typeof options[name] !== 'string' || options[name] === '') throw new TypeError(`createVerifier needs "${name}"`)
  }
  const { maxStalenessSeconds = limits.maxStalenessSecondsDefault } = options
  const inRange =
    typeof maxStalenessSeconds === 'number' &&
    maxStalenessSeconds >= limits.maxStalenessSecondsMin &&
    maxStalenessSeconds <= limits.maxStalenessSecondsMax
  if (!inRange) throw new TypeError('maxStalenessSeconds must lie between 1 and 300')
  if (![undefined, true, false].includes(options.usage)) throw new TypeError('usage must be true or false')
  checkIssuer(options.issuer, options.dangerouslyAllowInsecureHttp === true)
  return options
}

function checkIssuer(issuer: string, allowInsecure: boolean): void {
  const url = URL.canParse(issuer) ? new URL(issuer) : undefined
  if (url === undefined || issuer.endsWith('/') || url.search !== '' || url.hash !== '') {
    throw new TypeError('issuer must be the URL of the authorization server, without a slash at its end')
  }
  const isLoopback = ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname)
  if (url.protocol === 'https:' || (url.protocol === 'http:' && (isLoopback || allowInsecure))) return
  throw new TypeError('issuer must be https, or on this machine, or dangerouslyAllowInsecureHttp be true')
}

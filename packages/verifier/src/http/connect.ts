import { limits, type Seconds } from '@countersign/core'
import type { BookKeeper } from '../book_keeper.ts'
import { systemClock } from '../clock.ts'
import type { Engine } from '../engine.ts'
import { createFeedFollower } from '../feed/feed_follower.ts'
import type { FeedSource } from '../feed/feed_source.ts'
import { memoryLimiter } from '../limiter.ts'
import { createEngine } from '../verify.ts'
import { createHttpClient, type HttpClient } from './client.ts'
import { createHttpDirectory } from './directory.ts'
import { createHttpFeedSource } from './feed_source.ts'
import { createProblems, type Problems } from './problems.ts'
import { createHttpUsage } from './usage.ts'

/** The options of `connect`, which are those of `createVerifier`, and `onProblem`. */
export interface ConnectOptions {
  /** The issuer of the tenant, its path included: an `https` URL without a slash at its end. */
  readonly issuer: string
  /** The audience of the API that is guarded. */
  readonly audience: string
  /** The key or token of a client with `credentials:verify` that guards this audience. */
  readonly credential: string
  /** The bound in seconds, 1 to 300. Default 10. */
  readonly maxStalenessSeconds?: number
  /** Look up the metadata of clients whose credentials do not tell it. Default false. */
  readonly clientMetadata?: boolean
  /** Count verifications and report them to the server. Default true. */
  readonly usage?: boolean
  /** Replaces the global `fetch`. */
  readonly fetch?: typeof fetch
  /** Replaces the wall clock, in seconds since the epoch. */
  readonly now?: () => Seconds
  /**
   * Called with a problem of the connection that its operator should see, once for each cause until it is over. Never
   * holds a credential.
   */
  readonly onProblem?: (problem: string) => void
}

/** An engine in this process whose feed and directory are a server's, over HTTP. */
export interface Connection {
  /** The engine that judges. */
  readonly engine: Engine
  /** The keeper of its status book. */
  readonly keeper: BookKeeper
  /** The HTTP client that all its parts use. */
  readonly client: HttpClient
  /** Resolves after the first attempt to load the book. */
  ready(): Promise<void>
  /** Ends the stream and the timers. Reports the remaining counts first, for at most 1 s. */
  close(): Promise<void>
}

/**
 * Joins clock, follower, directory and limiter to one engine, for the SDK and for a gateway in a process of its own.
 */
export function connect(options: ConnectOptions): Connection {
  const clock = systemClock(options.now)
  const abort = new AbortController()
  const { issuer, credential } = options
  const problems = createProblems(
    (problem) => options.onProblem?.(problem),
    () => clock.stamp().monotonicMs,
  )
  const client = createHttpClient({ issuer, credential, fetch: options.fetch ?? globalThis.fetch })
  const keeper = createFeedFollower({
    source: told(createHttpFeedSource(client), problems),
    clock,
    schedule,
    random: Math.random,
    verifierId: crypto.randomUUID(),
    maxStalenessSeconds: options.maxStalenessSeconds ?? limits.maxStalenessSecondsDefault,
    audience: options.audience,
    onReload: () => engine.clear(),
    onProblem: problems.tell,
  })
  const directory = createHttpDirectory(client, abort.signal, problems.tell)
  const usage =
    options.usage === false
      ? undefined
      : createHttpUsage({
          client,
          clock,
          schedule,
          random: Math.random,
          // Where the book is stale, its cause was said, and is this one's too.
          onProblem: (problem) => (keeper.isFresh() ? problems.tell(problem) : undefined),
        })
  const engine = createEngine({
    keeper,
    directory,
    limiter: memoryLimiter(),
    clock,
    clientMetadata: options.clientMetadata === true,
    ...(usage === undefined ? {} : { usage: usage.counter }),
  })
  const started = keeper.start()
  return {
    engine,
    keeper,
    client,
    ready: () => started,
    async close() {
      abort.abort()
      keeper.close()
      await usage?.reporter.close()
    },
  }
}

/** An answer about the feed ends what was said of the server. */
function told(source: FeedSource, problems: Problems): FeedSource {
  return {
    ...source,
    async position(question, signal) {
      const answer = await source.position(question, signal)
      problems.mended()
      return answer
    },
  }
}

/** Timers that keep no process alive. */
function schedule(delayMs: number, run: () => void): () => void {
  const timer: unknown = setTimeout(run, delayMs)
  if (typeof timer === 'object' && timer !== null && 'unref' in timer) (timer as { unref(): void }).unref()
  return () => clearTimeout(timer as number)
}

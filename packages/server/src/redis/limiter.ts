import type { MaybePromise, RateLimitOutcome, Seconds, Spend } from '@countersign/core'
import { type Limiter, memoryLimiter } from '@countersign/verifier/engine'
import { serverLimits } from '../limits.ts'
import type { Log } from '../observe/log.ts'
import { connectRedis, type RedisConnection, RedisUnavailableError, within } from './connection.ts'
import { takeFromRedis } from './script.ts'
import { formatRedisTarget, type RedisTarget } from './target.ts'

/** Counts for a server, alone or with others. */
export interface ServerLimiter extends Limiter {
  /** Whether other processes count with this one at this moment. */
  isShared(): boolean
  /** Calls that were counted by this process alone though they should have been shared. */
  fallbacks(): number
  close(): void
}

/** Limits of this process alone, as it was asked to. */
export function processLimiter(): ServerLimiter {
  return { ...memoryLimiter(), isShared: () => false, fallbacks: () => 0, close() {} }
}

/**
 * Limits counted in Redis for all processes that name it. It never rejects: when Redis does not answer in time, or not as
 * it should, this process counts alone, at once and without asking, until Redis has answered again. Default for
 * `takeTimeoutMs`, which no verification waits longer for: 50.
 *
 * Away at start, it is said and asked again, as when it goes later.
 *
 * @throws RedisUnavailableError when it answers at start that it cannot be used so: that is a mistake.
 */
export async function openRedisLimiter(
  target: RedisTarget,
  log: Log,
  takeTimeoutMs: number = serverLimits.redisTakeTimeoutMs,
): Promise<ServerLimiter> {
  const limiter = new SharedLimiter(target, log, takeTimeoutMs)
  await limiter.open()
  return limiter
}

class SharedLimiter implements ServerLimiter {
  readonly #target: RedisTarget
  readonly #log: Log
  readonly #takeTimeoutMs: number
  readonly #memory = memoryLimiter()
  #connection: RedisConnection | undefined
  #retry: NodeJS.Timeout | undefined
  #fallbacks = 0
  #isClosed = false

  constructor(target: RedisTarget, log: Log, takeTimeoutMs: number) {
    this.#target = target
    this.#log = log
    this.#takeTimeoutMs = takeTimeoutMs
  }

  async open(): Promise<void> {
    try {
      this.#use(await connectProven(this.#target))
    } catch (error) {
      const unavailable = new RedisUnavailableError(this.#target, error)
      if (!unavailable.isAway) throw unavailable
      this.#warn(unavailable, 'limits are counted per process until Redis answers')
      this.#retryLater()
    }
  }

  take(spends: readonly Spend[], now: Seconds): MaybePromise<readonly RateLimitOutcome[]> {
    const connection = this.#connection
    if (connection === undefined) return this.#takeHere(spends, now)
    return within(takeFromRedis(connection, spends), this.#takeTimeoutMs).catch((error: unknown) => {
      this.#lose(connection, error)
      return this.#takeHere(spends, now)
    })
  }

  #takeHere(spends: readonly Spend[], now: Seconds): MaybePromise<readonly RateLimitOutcome[]> {
    this.#fallbacks++
    return this.#memory.take(spends, now)
  }

  #use(connection: RedisConnection): void {
    this.#connection = connection
    connection.onLost((error) => this.#lose(connection, error))
  }

  #lose(lost: RedisConnection, error: unknown): void {
    if (this.#connection !== lost) return
    this.#connection = undefined
    // Waiting calls are told at once. They count in this process alone.
    lost.close()
    this.#warn(new RedisUnavailableError(this.#target, error), 'limits are counted per process')
    this.#retryLater()
  }

  #warn({ message: reason }: RedisUnavailableError, message: string): void {
    this.#log.warn({ redis: formatRedisTarget(this.#target), reason }, message)
  }

  #retryLater(): void {
    if (this.#isClosed) return
    this.#retry = setTimeout(() => void this.#reconnect(), serverLimits.redisRetryMs).unref()
  }

  async #reconnect(): Promise<void> {
    const next = await connectProven(this.#target).catch(() => undefined)
    if (this.#isClosed) return next?.close()
    if (next === undefined) return this.#retryLater()
    this.#use(next)
    this.#log.info({ redis: formatRedisTarget(this.#target) }, 'limits are shared again')
  }

  isShared(): boolean {
    return this.#connection !== undefined
  }

  fallbacks(): number {
    return this.#fallbacks
  }

  close(): void {
    this.#isClosed = true
    clearTimeout(this.#retry)
    const connection = this.#connection
    // First of all not ours any more: that it goes now is no loss.
    this.#connection = undefined
    connection?.close()
  }
}

/** Whether limits can be shared there. Throws `RedisUnavailableError`. */
export async function probeRedis(target: RedisTarget): Promise<void> {
  const connection = await connectProven(target).catch((error: unknown) => {
    throw new RedisUnavailableError(target, error)
  })
  connection.close()
}

/** Connected, every server of it there, and one that takes what a limit writes: a replica or a full one does not. */
async function connectProven(target: RedisTarget): Promise<RedisConnection> {
  const connection = await connectRedis(target, serverLimits.redisConnectTimeoutMs)
  const probe = { key: '{probe}', rate: { name: 'probe', limit: 1_000_000, windowSeconds: 1 }, cost: 1 }
  try {
    await within(
      Promise.all([connection.ping(), takeFromRedis(connection, [probe])]),
      serverLimits.redisConnectTimeoutMs,
    )
    return connection
  } catch (error) {
    connection.close()
    throw error
  }
}

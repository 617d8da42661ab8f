import { type Limiter, memoryLimiter } from '@countersign/verifier'
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
  const memory = memoryLimiter()
  const at = formatRedisTarget(target)
  let connection: RedisConnection | undefined
  let retry: NodeJS.Timeout | undefined
  let fallbacks = 0
  let isClosed = false

  function use(next: RedisConnection): void {
    connection = next
    next.onLost((error) => lose(next, error))
  }

  function lose(lost: RedisConnection, error: unknown): void {
    if (connection !== lost) return
    connection = undefined
    // Waiting calls are told at once. They count in this process alone.
    lost.close()
    log.warn({ redis: at, reason: new RedisUnavailableError(target, error).message }, 'limits are counted per process')
    retryLater()
  }

  function retryLater(): void {
    if (!isClosed) retry = setTimeout(() => void reconnect(), serverLimits.redisRetryMs).unref()
  }

  async function reconnect(): Promise<void> {
    const next = await connectProven(target).catch(() => undefined)
    if (isClosed) return next?.close()
    if (next === undefined) return retryLater()
    use(next)
    log.info({ redis: at }, 'limits are shared again')
  }

  try {
    use(await connectProven(target))
  } catch (error) {
    const unavailable = new RedisUnavailableError(target, error)
    if (!unavailable.isAway) throw unavailable
    log.warn({ redis: at, reason: unavailable.message }, 'limits are counted per process until Redis answers')
    retryLater()
  }

  return {
    take(spends, now) {
      const current = connection
      if (current !== undefined) {
        return within(takeFromRedis(current, spends), takeTimeoutMs).catch((error: unknown) => {
          lose(current, error)
          fallbacks++
          return memory.take(spends, now)
        })
      }
      fallbacks++
      return memory.take(spends, now)
    },
    isShared: () => connection !== undefined,
    fallbacks: () => fallbacks,
    close() {
      isClosed = true
      clearTimeout(retry)
      const current = connection
      // First of all not ours any more: that it goes now is no loss.
      connection = undefined
      current?.close()
    },
  }
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

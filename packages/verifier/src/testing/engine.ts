import type { Engine, EngineOptions } from '../engine.ts'
import { createFeedFollower, type FeedFollower, type FeedFollowerOptions } from '../feed/feed_follower.ts'
import type { FeedSource } from '../feed/feed_source.ts'
import { memoryLimiter } from '../limiter.ts'
import { createEngine } from '../verify.ts'
import type { Authority } from './authority.ts'
import type { TestTime } from './time.ts'

/** A follower of the authority under a test's clock, not yet started. */
export function createFollower(
  authority: Authority,
  time: TestTime,
  more: Partial<FeedFollowerOptions> = {},
): FeedFollower {
  return createFeedFollower({
    source: authority.source,
    clock: time,
    schedule: (delayMs, run) => time.schedule(delayMs, run),
    random: () => 0.5,
    verifierId: 'verifier-1',
    maxStalenessSeconds: 10,
    audience: authority.audience,
    onReload: () => {},
    ...more,
  })
}

/** An engine that follows the authority with all real parts, and has loaded its book. */
export async function startEngine(
  authority: Authority,
  time: TestTime,
  options: Partial<EngineOptions> & { readonly maxStalenessSeconds?: number; readonly source?: FeedSource } = {},
): Promise<{ readonly engine: Engine; readonly keeper: FeedFollower }> {
  const { maxStalenessSeconds = 10, source = authority.source, ...more } = options
  const keeper = createFollower(authority, time, { source, maxStalenessSeconds, onReload: () => engine.clear() })
  const engine = createEngine({
    keeper,
    directory: authority.directory,
    limiter: memoryLimiter(),
    clock: time,
    ...more,
  })
  await keeper.start()
  return { engine, keeper }
}

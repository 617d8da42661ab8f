/** The limits of one call in one round trip: every counter read, and all of them spent from or none. */
import { hash } from 'node:crypto'
import { type RateLimitOutcome, rateLimitOutcome, type Spend } from '@countersign/core'
import type { RedisConnection } from './connection.ts'

/**
 * `gcra` of core, in Redis's own time, so that the clocks of processes do not matter. A counter holds what is used and
 * when that was so, in microseconds, and is gone when it would be empty. Numbers travel as text with 17 digits: Redis
 * cuts those it is given to whole ones, and Lua writes 14 digits unless told.
 */
const script = `
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local used, fits = {}, true
for i = 1, #KEYS do
  local limit, window, cost = tonumber(ARGV[i * 3 - 2]), tonumber(ARGV[i * 3 - 1]) * 1000000, tonumber(ARGV[i * 3])
  local before, at = string.match(redis.call('GET', KEYS[i]) or '', '^(%S+) (%S+)$')
  before, at = tonumber(before or 0) or 0, tonumber(at or now) or now
  used[i] = math.max(0, math.min(before, limit) - math.max(0, now - at) * limit / window)
  if limit <= 0 or used[i] + cost > limit + 0.000001 then fits = false end
end
local reply = { fits and 1 or 0 }
for i = 1, #KEYS do
  local limit, window, cost = tonumber(ARGV[i * 3 - 2]), tonumber(ARGV[i * 3 - 1]) * 1000000, tonumber(ARGV[i * 3])
  reply[i + 1] = string.format('%.17g', used[i])
  if fits and cost > 0 then
    local kept = used[i] + cost
    local life = math.ceil(kept * window / limit / 1000)
    redis.call('SET', KEYS[i], string.format('%.17g %.0f', kept, now), 'PX', string.format('%.0f', life))
  end
end
return reply
`
const digest = hash('sha1', script)

/** @throws when Redis does, or answers what the script cannot have said. */
export async function takeFromRedis(
  connection: RedisConnection,
  spends: readonly Spend[],
): Promise<readonly RateLimitOutcome[]> {
  const keys = spends.map(({ key }) => `cs:${key}`)
  const numbers = spends.flatMap(({ rate, cost }) => [rate.limit, rate.windowSeconds, cost].map(String))
  const rest = [String(keys.length), ...keys, ...numbers]
  const reply = await connection.send(keys, ['EVALSHA', digest, ...rest]).catch((error: Error) =>
    // A server that was restarted or flushed has to be shown the script again.
    error.message.startsWith('NOSCRIPT') ? connection.send(keys, ['EVAL', script, ...rest]) : Promise.reject(error),
  )
  const [fits, ...used] = Array.isArray(reply) ? reply : []
  return spends.map(({ rate, cost }, index) => {
    const before = used[index] === undefined ? Number.NaN : Number(used[index])
    if (!Number.isFinite(before) || (fits !== 0 && fits !== 1)) throw new Error('an answer of another shape')
    return rateLimitOutcome(rate, before, cost, fits === 1)
  })
}

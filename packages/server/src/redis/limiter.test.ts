import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { RateLimitOutcome, Spend } from '@countersign/core'
import { gcra, type RateUse } from '@countersign/core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { openRedisLimiter, type ServerLimiter } from './limiter.ts'
import { describeWithRedis, startRedis, startRedisCluster, type TestRedis, targetOf, until } from './redis.fixture.ts'
import type { RedisTarget } from './target.ts'

const logged: string[] = []
const note = (fields: object, message: string) => void logged.push(`${message} ${JSON.stringify(fields)}`)
const log = { info: note, warn: note, error: note }

/** Where it is counting that is tested, a machine that is busy with other tests must not look like an outage. */
const patientMs = 5_000

const opened: ServerLimiter[] = []
async function open(target: RedisTarget, takeTimeoutMs?: number): Promise<ServerLimiter> {
  const limiter = await openRedisLimiter(target, log, takeTimeoutMs)
  opened.push(limiter)
  return limiter
}

let last = 0
/** A counter nobody else has. */
const fresh = (): string => `{t api}:key:k${++last}:default`
const spend = (key: string, limit: number, cost = 1, windowSeconds = 3_600): Spend => ({
  key,
  rate: { name: 'default', limit, windowSeconds },
  cost,
})
const isAllowed = (outcomes: readonly RateLimitOutcome[]): boolean => outcomes.every(({ allowed }) => allowed)

/** Not one may reject. */
async function passedOf(limiters: readonly ServerLimiter[], spends: readonly Spend[], count: number): Promise<number> {
  const takes = Array.from({ length: count }, (_, index) => limiters[index % limiters.length]!.take(spends, index))
  return (await Promise.all(takes)).filter(isAllowed).length
}

describeWithRedis('with Redis', () => {
  let redis: TestRedis
  beforeAll(async () => {
    redis = await startRedis()
  })
  afterAll(() => redis.remove())
  afterEach(() => {
    for (const limiter of opened.splice(0)) limiter.close()
  })

  describe('limits shared between processes', () => {
    it('are counted exactly: of a thousand at once from two of them, a limit of 100 lets 100 pass', async () => {
      const limiters = [await open(redis.target, patientMs), await open(redis.target, patientMs)]
      expect(await passedOf(limiters, [spend(fresh(), 100)], 1_000)).toBe(100)
      expect(limiters.map((limiter) => [limiter.isShared(), limiter.fallbacks()])).toEqual([
        [true, 0],
        [true, 0],
      ])
    })

    it('of several policies are spent from all or none', async () => {
      const limiter = await open(redis.target, patientMs)
      const [one, other] = [spend(fresh(), 50, 2), spend(fresh(), 10, 2)]
      expect(await passedOf([limiter], [one, other], 100)).toBe(5)
      const outcomes = await limiter.take([one, other], 0)
      expect(outcomes).toMatchObject([
        { allowed: true, remaining: 40 },
        { allowed: false, remaining: 0, retryAfterSeconds: 720 },
      ])
    })

    it('are counted as in memory, whatever a call costs', async () => {
      const limiter = await open(redis.target, patientMs)
      const rate = { name: 'default', limit: 97, windowSeconds: 86_400 * 31 }
      const key = fresh()
      let use: RateUse | undefined
      for (let index = 0; index < 60; index++) {
        const cost = (index * 7) % 11
        const expected = gcra(rate, use, 0, cost)
        use = expected.use
        const [outcome] = await limiter.take([{ key, rate, cost }], 0)
        const { allowed, remaining } = expected.outcome
        expect(outcome, `${index}`).toMatchObject({ name: 'default', allowed, remaining })
      }
    })

    it('never let pass what costs more than they allow, nor anything where they are 0', async () => {
      const limiter = await open(redis.target, patientMs)
      expect(await limiter.take([spend(fresh(), 5, 6)], 0)).toMatchObject([
        { allowed: false, remaining: 5, retryAfterSeconds: Number.POSITIVE_INFINITY },
      ])
      expect(await limiter.take([spend(fresh(), 0)], 0)).toMatchObject([{ allowed: false, retryAfterSeconds: 3_600 }])
    })

    it('come back at their pace, by the clock of Redis and not of whoever asks', async () => {
      const limiter = await open(redis.target, patientMs)
      const spends = [spend(fresh(), 2, 1, 1)]
      expect(await passedOf([limiter], spends, 5)).toBe(2)
      expect(isAllowed(await limiter.take(spends, 1e9))).toBe(false)
      await until(() => redis.command('exists', `cs:${spends[0]!.key}`) === '0')
      expect(isAllowed(await limiter.take(spends, 0))).toBe(true)
    })

    it('leave nothing behind: a counter is gone when it would be empty, and asking makes none', async () => {
      const limiter = await open(redis.target, patientMs)
      const [spent, asked] = [fresh(), fresh()]
      await limiter.take([spend(spent, 10, 5, 100)], 0)
      await limiter.take([spend(asked, 10, 0)], 0)
      const life = Number(redis.command('pttl', `cs:${spent}`))
      expect(life).toBeGreaterThan(40_000)
      expect(life).toBeLessThanOrEqual(50_000)
      expect(redis.command('exists', `cs:${asked}`)).toBe('0')
      const keys = redis.command('--scan').split('\n')
      expect(keys.filter((key) => redis.command('pttl', key) === '-1')).toEqual([])
    })

    it('go on when everything in Redis is deleted, the script too', async () => {
      const limiter = await open(redis.target, patientMs)
      const spends = [spend(fresh(), 1)]
      expect(await passedOf([limiter], spends, 3)).toBe(1)
      redis.command('flushall')
      redis.command('script', 'flush')
      expect(await passedOf([limiter], spends, 3)).toBe(1)
      expect(limiter.fallbacks()).toBe(0)
    })

    it('begin anew where a counter holds what nobody wrote', async () => {
      const limiter = await open(redis.target, patientMs)
      const key = fresh()
      for (const text of ['', 'x', '1', 'nan nan', '1 2 3', '-5 99']) {
        redis.command('set', `cs:${key}`, text)
        expect(isAllowed(await limiter.take([spend(key, 1)], 0)), text).toBe(true)
      }
      expect(limiter.fallbacks()).toBe(0)
    })
  })

  describe('with Redis gone, no take fails, the process counts alone, and it is shared again within 5 s', () => {
    /** The calls that go on all the while. */
    async function outage(begin: () => unknown, end: () => unknown): Promise<void> {
      const limiter = await open(redis.target)
      const spends = [spend(fresh(), 1_000_000)]
      await limiter.take(spends, 0)
      await begin()
      const began = performance.now()
      expect(await passedOf([limiter], spends, 200)).toBe(200)
      // All of them waited together, once.
      expect(performance.now() - began).toBeLessThan(1_000)
      await until(() => !limiter.isShared())
      // From now on nobody waits: the answer is there in the same turn.
      for (let index = 0; index < 50; index++) expect(limiter.take(spends, 0)).not.toBeInstanceOf(Promise)
      expect(limiter.fallbacks()).toBeGreaterThanOrEqual(50)
      expect(logged.at(-1)).toContain('limits are counted per process')
      await end()
      expect(await until(() => limiter.isShared())).toBeLessThan(5_000)
      const before = limiter.fallbacks()
      expect(await passedOf([limiter], spends, 100)).toBe(100)
      expect(limiter.fallbacks()).toBe(before)
    }

    it('killed and started again; the log says that the connection was closed', async () => {
      const before = logged.length
      await outage(
        () => redis.kill(),
        () => redis.start(),
      )
      expect(logged[before]).toMatch(/per process .*(closed the connection|ECONNRESET)/)
    }, 20_000)

    it(
      'hung, and going on',
      () =>
        outage(
          () => redis.hang(),
          () => redis.go(),
        ),
      20_000,
    )

    it(
      'hung, killed and started again',
      () =>
        outage(
          () => redis.hang(),
          async () => {
            await redis.kill()
            await redis.start()
          },
        ),
      20_000,
    )

    it(
      'made a replica, which takes no writes',
      () =>
        outage(
          () => redis.command('replicaof', '127.0.0.1', '1'),
          () => redis.command('replicaof', 'no', 'one'),
        ),
      20_000,
    )

    it(
      'full',
      () =>
        outage(
          () => redis.command('config', 'set', 'maxmemory', '1'),
          () => redis.command('config', 'set', 'maxmemory', '0'),
        ),
      20_000,
    )

    it('for a limit that is spent, it is the limit of each process that holds', async () => {
      const limiters = [await open(redis.target), await open(redis.target)]
      redis.hang()
      expect(await passedOf(limiters, [spend(fresh(), 10)], 100)).toBe(20)
      redis.go()
    })

    it('closed is not lost: nothing is said, and nothing tried', async () => {
      const limiter = await open(redis.target)
      const before = logged.length
      limiter.close()
      await until(() => redis.command('client', 'list').split('\n').length === 1)
      expect([limiter.isShared(), logged.length]).toEqual([false, before])
    })

    it('closed while it tries to come back, it stays closed', async () => {
      const limiter = await open(redis.target)
      redis.hang()
      await limiter.take([spend(fresh(), 1)], 0)
      limiter.close()
      redis.go()
      expect(limiter.isShared()).toBe(false)
      expect(isAllowed(await limiter.take([spend(fresh(), 1)], 0))).toBe(true)
    })
  })

  describe('at start', () => {
    const refusal = async (url: string) => {
      const began = performance.now()
      const error = await openRedisLimiter(targetOf(url), log).then(
        () => expect.fail('it was opened'),
        (refused: unknown) => refused as Error,
      )
      expect(performance.now() - began).toBeLessThan(5_000)
      expect(error.name).toBe('RedisUnavailableError')
      expect(error.message).not.toMatch(/\n|geheim/)
      return error.message
    }

    it.each([
      ['redis://me:geheim@127.0.0.1:1', 'COUNTERSIGN_REDIS: redis://[redacted]@127.0.0.1:1 refuses the connection'],
      ['redis://nowhere.invalid:1', 'has no address'],
      ['redis://127.0.0.1:1,127.0.0.1:2', 'refuses the connection'],
    ])('one that is away is said in a line, and this process counts alone', async (url, why) => {
      const said: { readonly reason?: string }[] = []
      const limiter = await openRedisLimiter(targetOf(url), { ...log, warn: (fields) => void said.push(fields) })
      expect(said).toEqual([{ redis: expect.not.stringContaining('geheim'), reason: expect.stringContaining(why) }])
      expect(limiter.isShared()).toBe(false)
      const name = fresh()
      expect(isAllowed(await limiter.take([spend(name, 1)], 0))).toBe(true)
      expect(isAllowed(await limiter.take([spend(name, 1)], 0))).toBe(false)
      limiter.close()
    })

    it('one that is something else is told from one that is not there', async () => {
      const web = createServer((_, response) => response.end('hello'))
      await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve))
      const { port } = web.address() as AddressInfo
      expect(await refusal(`redis://127.0.0.1:${port}`)).toContain(`127.0.0.1:${port} `)
      web.close()
    })

    it.each(['', '?cluster=true'])('one that hangs is away too%s', async (query) => {
      const said: { readonly reason?: string }[] = []
      const hearing = { ...log, warn: (fields: object) => void said.push(fields) }
      redis.hang()
      const limiter = await openRedisLimiter(targetOf(`redis://127.0.0.1:${redis.port}${query}`), hearing).finally(
        redis.go,
      )
      expect(said).toMatchObject([{ reason: expect.stringContaining('does not answer as Redis does') }])
      expect(limiter.isShared()).toBe(false)
      // It answers again, and is no cluster: only the first is shared with.
      if (query === '') await expect.poll(() => limiter.isShared(), { timeout: 10_000 }).toBe(true)
      limiter.close()
    })

    it('credentials it does not take, a cluster it is not', async () => {
      expect(await refusal(`redis://me:geheim@127.0.0.1:${redis.port}`)).toContain('refuses the credentials')
      expect(await refusal(`redis://127.0.0.1:${redis.port}?cluster=true`)).toContain('is no cluster')
      redis.command('replicaof', '127.0.0.1', '1')
      expect(await refusal(`redis://127.0.0.1:${redis.port}`)).toContain('READONLY')
      redis.command('replicaof', 'no', 'one')
    })

    it('a user who may do no more than it takes is enough', async () => {
      const commands = ['eval', 'evalsha', 'ping', 'info', 'time', 'get', 'set'].map((command) => `+${command}`)
      redis.command('acl', 'setuser', 'me', 'on', '>ge heim/@:', '~cs:*', '-@all', ...commands)
      const limiter = await open(targetOf(`redis://me:${encodeURIComponent('ge heim/@:')}@127.0.0.1:${redis.port}`))
      expect(await passedOf([limiter], [spend(fresh(), 3)], 9)).toBe(3)
      expect(limiter.isShared()).toBe(true)
      expect(logged.join('\n')).not.toContain('ge heim')
    })
  })
})

describeWithRedis('with a Redis cluster of three', () => {
  let nodes: readonly TestRedis[] = []
  let target: RedisTarget
  beforeAll(async () => {
    const cluster = await startRedisCluster()
    nodes = cluster.nodes
    target = cluster.target
  }, 60_000)
  afterAll(() => Promise.all(nodes.map((node) => node.remove())))
  afterEach(() => {
    for (const limiter of opened.splice(0)) limiter.close()
  })

  it('limits are counted exactly, those of one call in one slot and those of APIs in all of them', async () => {
    const limiters = [await open(target, patientMs), await open(target, patientMs)]
    for (let index = 0; index < 20; index++) {
      const spends = ['key:a', 'client:b', 'api:'].map((rest) => spend(`{t api_${index}}:${rest}:default`, 10))
      expect(await passedOf(limiters, spends, 40)).toBe(10)
    }
    expect(limiters.map((limiter) => limiter.fallbacks())).toEqual([0, 0])
    for (const node of nodes) expect(Number(node.command('dbsize'))).toBeGreaterThan(0)
  })

  it('one host of it is enough to find the others, and it must be said to be one', async () => {
    const [{ port }] = nodes as [TestRedis]
    const limiter = await open(targetOf(`redis://127.0.0.1:${port}?cluster=true`))
    for (let index = 0; index < 9; index++) await limiter.take([spend(`{t other_${index}}:k`, 10)], 0)
    expect(limiter.fallbacks()).toBe(0)
    const alone = openRedisLimiter(targetOf(`redis://127.0.0.1:${port}`), log)
    await expect(alone).rejects.toThrow('is a cluster: add ?cluster=true')
  })

  it('with one of them hung no take fails, and it is shared again within 5 s of its return', async () => {
    const limiter = await open(target)
    nodes[1]!.hang()
    const takes = Array.from({ length: 60 }, (_, index) => limiter.take([spend(`{t hung_${index}}:k`, 10)], 0))
    expect((await Promise.all(takes)).every(isAllowed)).toBe(true)
    expect(limiter.isShared()).toBe(false)
    nodes[1]!.go()
    expect(await until(() => limiter.isShared())).toBeLessThan(5_000)
  }, 20_000)
})

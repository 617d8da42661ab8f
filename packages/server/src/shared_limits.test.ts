import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { silentLog } from './observe/log.ts'
import { openRedisLimiter } from './redis/limiter.ts'
import { describeWithRedis, startRedis, type TestRedis, until } from './redis/redis.fixture.ts'
import { audience, startWorld, type World } from './server.fixture.ts'
import type { CountersignServer } from './server.ts'
import type { Wire } from './wire.fixture.ts'

describeWithRedis('two servers over one database and one Redis', () => {
  let redis: TestRedis
  let world: World
  let urls: readonly string[]
  const listeners: Server[] = []
  beforeAll(async () => {
    redis = await startRedis()
    world = await startWorld({ limiter: await openRedisLimiter(redis.target, silentLog, 1_000) })
    const limiter = await openRedisLimiter(redis.target, silentLog, 1_000)
    const servers = [world.server, await world.second(undefined, { limiter })]
    urls = await Promise.all(servers.map(listen))
  })
  afterAll(async () => {
    for (const listener of listeners) listener.closeAllConnections()
    await Promise.all(listeners.map((listener) => new Promise((resolve) => listener.close(resolve))))
    await world.close()
    await redis.remove()
  })

  async function listen(server: CountersignServer): Promise<string> {
    const listener = server.createListener()
    listeners.push(listener)
    await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
    return `http://127.0.0.1:${(listener.address() as AddressInfo).port}`
  }

  async function verify(credential: string, at: number, path = '/v1/verify', as = world.admin): Promise<Wire> {
    const response = await fetch(`${urls[at % urls.length]}${path}`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${as}`, 'Content-Type': 'application/json' },
      body: JSON.stringify({ credential, audience }),
    })
    expect(response.status).toBe(200)
    return (await response.json()) as Wire
  }

  const activeOf = async (credential: string, count: number): Promise<number> => {
    const verdicts = await Promise.all(Array.from({ length: count }, (_, at) => verify(credential, at)))
    return verdicts.filter(({ active }) => active).length
  }
  const shown = async () =>
    Promise.all(
      urls.map(async (url) => {
        const response = await fetch(`${url}/readyz`)
        const metrics = await (await fetch(`${url}/metrics`)).text()
        const value = (name: string) => Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(metrics)?.[1])
        return {
          status: response.status,
          limits: ((await response.json()) as Wire).limits,
          gauge: value('countersign_limits_shared'),
          fallbacks: value('countersign_limits_fallbacks_total'),
        }
      }),
    )

  it('share every limit: what one let pass, the other has less of', async () => {
    const { key } = await world.key({ rateLimit: { limit: 30, windowSeconds: 3_600 } })
    expect(await activeOf(key, 100)).toBe(30)
    expect(await verify(key, 0)).toMatchObject({ active: false, code: 'rate_limited', rateLimit: { remaining: 0 } })
    expect(await shown()).toEqual([0, 1].map(() => ({ status: 200, limits: 'shared', gauge: 1, fallbacks: 0 })))
  })

  it('count tenants apart, though their APIs have the same audience', async () => {
    const { adminKey } = await world.ok('POST', '/v1/tenants', { slug: 'acme', name: 'Acme' })
    const post = async (path: string, body: object) =>
      (await world.call('POST', path, { as: adminKey, at: '/t/acme', body })).body
    const rateLimit = { limit: 1, windowSeconds: 3_600 }
    await post('/v1/apis', { audience, name: 'Orders', rateLimit })
    const { clientId } = await post('/v1/clients', { name: 'c', type: 'service', access: [{ audience, scope: 'a' }] })
    const { key } = await post('/v1/keys', { clientId, audience, scope: 'a', name: 'k' })
    await world.ok('PATCH', `/v1/apis/${world.apiId}`, { rateLimit })
    const own = await world.key()
    expect((await post('/v1/verify', { credential: key, audience })).active).toBe(true)
    expect((await post('/v1/verify', { credential: key, audience })).code).toBe('rate_limited')
    expect((await verify(own.key, 1)).active).toBe(true)
    await world.ok('PATCH', `/v1/apis/${world.apiId}`, { rateLimit: null })
    // The other server learns of it by asking the database: what follows is not about how soon.
    await vi.waitFor(async () => {
      for (const at of [0, 1, 0, 1]) expect((await verify(own.key, at)).active).toBe(true)
    })
  })

  it('go on with Redis gone: not one verification fails, health and metrics say so, and it mends by itself', async () => {
    const { key } = await world.key({ rateLimit: { limit: 1_000, windowSeconds: 3_600 } })
    redis.hang()
    expect(await activeOf(key, 60)).toBe(60)
    const alone = await shown()
    expect(alone).toMatchObject([0, 1].map(() => ({ status: 200, limits: 'per process', gauge: 0 })))
    for (const { fallbacks } of alone) expect(fallbacks).toBeGreaterThan(0)
    await redis.kill()
    expect(await activeOf(key, 60)).toBe(60)
    await redis.start()
    expect(await until(() => world.server.services.limiter.isShared())).toBeLessThan(5_000)
    expect(await activeOf(key, 60)).toBe(60)
  }, 20_000)
})

/** Limits between processes: several workers of `serve`, each a process, and one Redis. */

import { Agent } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { freePort } from '../../../scripts/free_port.ts'
import { describeWithRedis, startRedis, type TestRedis } from '../../server/src/redis/redis.fixture.ts'
import { callOver, makeFolder, type Running, startUntilReady } from './countersign.fixture.ts'

const workers = 3
const audience = 'https://orders.test'

describeWithRedis('workers that share one Redis', () => {
  const folder = makeFolder()
  let redis: TestRedis
  let running: Running
  let origin: string
  let adminKey: string

  beforeAll(async () => {
    redis = await startRedis()
    const port = await freePort()
    origin = `http://127.0.0.1:${port}`
    const env = {
      COUNTERSIGN_URL: `http://localhost:${port}`,
      COUNTERSIGN_LISTEN: `127.0.0.1:${port}`,
      COUNTERSIGN_REDIS: `redis://127.0.0.1:${redis.port}`,
    }
    running = await startUntilReady(['serve', '--workers', String(workers), '--json'], { cwd: folder.path, env })
    adminKey = JSON.parse(running.line).adminKey
  }, 30_000)
  afterAll(async () => {
    expect(await running.stop()).toBe(0)
    await redis.remove()
    folder.remove()
  })

  it('say that their limits are shared as one server does', async () => {
    const response = await fetch(`${origin}/metrics`)
    expect(await response.text()).toMatch(/^countersign_limits_shared 1$/m)
  })

  it('let pass together what one of them may', async () => {
    const agents = Array.from({ length: workers }, () => new Agent({ keepAlive: true, maxSockets: 1 }))
    const post = (at: number, path: string, body: object) =>
      callOver(agents[at % workers] as Agent, { origin, key: adminKey }, 'POST', path, body)
    await post(0, '/v1/apis', { audience, name: 'Orders', scopes: [{ name: 'orders:read' }] })
    const access = [{ audience, scope: 'orders:read' }]
    const { clientId } = (await post(0, '/v1/clients', { name: 'c', type: 'service', access })).body
    const rateLimit = { limit: 30, windowSeconds: 3_600 }
    const askAll = async () => {
      const wanted = { clientId, audience, scope: 'orders:read', name: 'k', rateLimit }
      const { key } = (await post(0, '/v1/keys', wanted)).body
      const questions = Array.from({ length: 90 }, (_, at) => post(at, '/v1/verify', { credential: key, audience }))
      return (await Promise.all(questions)).map(({ body }) => body as { active?: unknown; code?: string })
    }
    let answers = await askAll()
    // No verification waits longer than 50 ms for Redis: on a busy machine a limit is then of each process for a while.
    for (let again = 0; again < 5 && answers.every(({ active }) => active === true); again++) {
      await wait(1_000)
      answers = await askAll()
    }
    expect(answers.filter(({ active }) => active === true)).toHaveLength(30)
    expect(answers.filter(({ code }) => code === 'rate_limited')).toHaveLength(60)
    // By each of the processes, not by one that happened to have all connections.
    for (let at = 0; at < workers; at++) {
      expect(answers.filter(({ active }, index) => active === true && index % workers === at).length).toBeGreaterThan(0)
    }
  })
})

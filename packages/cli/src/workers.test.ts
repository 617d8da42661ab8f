/** `serve --workers`: several processes over one database, as one server to whoever asks. */

import { readFileSync, writeFileSync } from 'node:fs'
import { Agent } from 'node:http'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, expect, inject, it, vi } from 'vitest'
import { freePort } from '../../../scripts/free_port.ts'
import { type Answer, callOver, makeFolder, type Running, run, startUntilReady } from './countersign.fixture.ts'

const folder = makeFolder()
const workers = 3
let running: Running
let origin: string
let adminKey: string

beforeAll(async () => {
  const port = await freePort()
  origin = `http://127.0.0.1:${port}`
  const env = { COUNTERSIGN_URL: `http://localhost:${port}`, COUNTERSIGN_LISTEN: `127.0.0.1:${port}` }
  running = await startUntilReady(['serve', '--workers', String(workers), '--json'], { cwd: folder.path, env })
  adminKey = JSON.parse(running.line).adminKey
}, 30_000)
afterAll(async () => {
  expect(await running.stop()).toBe(0)
  folder.remove()
})

/** Over a connection of the agent, so that a test knows which worker it speaks to. */
const call = (agent: Agent, method: string, path: string, body?: object): Promise<Answer> =>
  callOver(agent, { origin, key: adminKey }, method, path, body)

const one = (): Agent => new Agent({ keepAlive: true, maxSockets: 1 })

let made: { readonly clientId: string; readonly audience: string } | undefined

async function makeKey(agent: Agent): Promise<{ readonly id: string; readonly key: string }> {
  const audience = 'https://orders.test'
  if (made === undefined) {
    await call(agent, 'POST', '/v1/apis', { audience, name: 'Orders', scopes: [{ name: 'orders:read' }] })
    const access = [{ audience, scope: 'orders:read' }]
    const client = await call(agent, 'POST', '/v1/clients', { name: 'a client', type: 'service', access })
    made = { clientId: client.body.clientId as string, audience }
  }
  const key = await call(agent, 'POST', '/v1/keys', { ...made, scope: 'orders:read', name: 'a key' })
  return key.body as { id: string; key: string }
}

const verify = (agent: Agent, credential: string): Promise<Answer> =>
  call(agent, 'POST', '/v1/verify', { credential, audience: 'https://orders.test' })

/** The short form runs beside other tests, which take the processors for longer than that. */
const place = inject('isFull') ? 98 : 49

it(`a change made through one worker is seen by all others within 100 ms, at the ${place + 1}th of 100`, async () => {
  const agents = Array.from({ length: workers }, one)
  const delays: number[] = []
  for (let round = 0; round < 100; round++) {
    const by = agents[round % workers] as Agent
    const { id, key } = await makeKey(by)
    for (const agent of agents) expect((await verify(agent, key)).body).toMatchObject({ active: true })
    await call(by, 'POST', `/v1/keys/${id}/revoke`)
    const revokedAt = performance.now()
    const seen = agents.map(async (agent) => {
      while ((await verify(agent, key)).body.code !== 'revoked') await wait(1)
      return performance.now() - revokedAt
    })
    delays.push(Math.max(...(await Promise.all(seen))))
  }
  delays.sort((a, b) => a - b)
  expect(delays[place]).toBeLessThan(100)
}, 60_000)

it('one that is killed is replaced, and the others answer meanwhile', async () => {
  const agents = Array.from({ length: workers }, one)
  const { key } = await makeKey(agents[0] as Agent)
  const pids = await workerPids()
  process.kill(pids[0] as number, 'SIGKILL')
  const answers = await Promise.allSettled(agents.map((agent) => verify(agent, key)))
  expect(answers.filter((answer) => answer.status === 'fulfilled').length).toBeGreaterThanOrEqual(workers - 1)
  const others = async (): Promise<number> => (await workerPids()).filter((pid) => pid !== pids[0]).length
  await expect.poll(others, { timeout: 10_000 }).toBe(workers)
}, 30_000)

it('SIGHUP restarts every worker under load, and nobody is answered with an error', async () => {
  const before = await workerPids()
  const agent = new Agent({ keepAlive: true, maxSockets: 8 })
  const { key } = await makeKey(agent)
  let isOver = false
  let answered = 0
  const problems: unknown[] = []
  const load = Array.from({ length: 8 }, async () => {
    while (!isOver) {
      const answer = await verify(agent, key).catch((error: unknown) => ({ status: 0, body: { error } }))
      if (answer.status === 200) answered += 1
      else problems.push(answer)
      // Eight are always on their way. Without a pause they take the processors from the workers that start.
      await wait(5)
    }
  })
  process.kill(running.pid, 'SIGHUP')
  await expect
    .poll(async () => (await workerPids()).filter((pid) => before.includes(pid)).length, { timeout: 40_000 })
    .toBe(0)
  isOver = true
  await Promise.all(load)
  expect(problems).toEqual([])
  expect(answered).toBeGreaterThan(100)
}, 60_000)

it('SIGHUP when a new worker cannot start leaves those that run, and no more of them', async () => {
  const other = makeFolder()
  const port = await freePort()
  const config = join(other.path, 'settings.json')
  const settings = { url: `http://localhost:${port}`, listen: `127.0.0.1:${port}`, workers: 2 }
  writeFileSync(config, JSON.stringify(settings))
  const server = await startUntilReady(['serve', '--config', config], { cwd: other.path })
  const before = await workerPids(server.pid)
  expect(before).toHaveLength(2)
  writeFileSync(config, 'no longer JSON')
  process.kill(server.pid, 'SIGHUP')
  await expect.poll(() => server.err(), { timeout: 10_000 }).toContain('is not JSON')
  // It is not tried again by itself either, now that it could start.
  writeFileSync(config, JSON.stringify(settings))
  await wait(2_500)
  expect(await workerPids(server.pid)).toEqual(before)
  expect(await server.stop()).toBe(0)
  other.remove()
}, 30_000)

it('metrics are those of all workers together', async () => {
  const agents = Array.from({ length: workers }, one)
  const { key } = await makeKey(agents[0] as Agent)
  const total = async (agent: Agent): Promise<number> => {
    const { body } = await call(agent, 'GET', '/metrics')
    return Number(/^countersign_verifications_total\{outcome="verified"\} (\d+)/m.exec(body.text ?? '')?.[1] ?? 0)
  }
  const before = await total(agents[0] as Agent)
  for (const agent of agents) await verify(agent, key)
  // Each worker collects once a second, for all who ask it meanwhile.
  for (const agent of agents) {
    await vi.waitFor(async () => expect(await total(agent)).toBe(before + workers), { timeout: 5_000, interval: 100 })
  }
})

it('what is wrong with all of them is said once, with the exit code of one', async () => {
  const env = { COUNTERSIGN_URL: origin, COUNTERSIGN_LISTEN: origin.slice('http://'.length) }
  const elsewhere = makeFolder()
  const ran = await run(['serve', '--workers', '3'], { cwd: elsewhere.path, env })
  elsewhere.remove()
  expect(ran.code).toBe(1)
  expect(ran.err.match(/COUNTERSIGN_LISTEN/g)).toHaveLength(1)
})

it.each(['0', '257', '-1', '1.5', 'many'])(
  '--workers %s is refused with the number that is the most',
  async (count) => {
    const { code, err } = await run(['serve', `--workers=${count}`], { cwd: folder.path })
    expect([code, err]).toEqual([2, expect.stringContaining('--workers) must be a whole number from 1 to 256')])
  },
)

async function workerPids(of = running.pid): Promise<readonly number[]> {
  const text = readFileSync(`/proc/${of}/task/${of}/children`, 'utf8').trim()
  return text === '' ? [] : text.split(' ').map(Number)
}

import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startWorld, type World } from '../server.fixture.ts'
import type { RequestLogOptions } from './request_log.ts'

let world: World
const start = async (options: Partial<RequestLogOptions> = {}): Promise<void> => {
  world = await startWorld({ requestLog: { requests: 'refused', addresses: 'full', ...options } })
  world.logged.length = 0
}
beforeEach(() => start())
afterEach(() => world.close())

const lines = () => world.logged.filter(({ message }) => message === 'request').map(({ fields }) => fields)

describe('a refused request', () => {
  it('has one line: who asked for what, and why not; never a query, a credential or what the path held', async () => {
    const { id, key } = await world.ok('POST', '/v1/keys', {
      clientId: world.clientId,
      audience: 'https://orders.test',
      scope: '',
      name: 'n',
    })
    world.logged.length = 0
    const reply = await world.call('GET', `/v1/keys/${String(id)}?secret=hidden`, {
      as: String(key),
      peer: '192.0.2.7',
    })
    expect(reply.status).toBe(401)
    expect(lines()).toEqual([
      {
        requestId: reply.body.requestId,
        method: 'GET',
        route: '/v1/keys/{id}',
        status: 401,
        code: reply.body.code,
        credentialId: null,
        address: '192.0.2.7',
        durationMs: expect.any(Number),
      },
    ])
    for (const secret of [key, 'hidden', id]) expect(JSON.stringify(world.logged)).not.toContain(secret)
  })

  it('names the credential once that is proven, and OAuth’s own code', async () => {
    const { key } = await world.caller('keys:read')
    world.logged.length = 0
    expect((await world.call('DELETE', `/v1/clients/${world.clientId}`, { as: key })).status).toBe(403)
    expect((await world.token({ client_secret: 'wrong' })).status).toBe(401)
    expect((await world.call('GET', '/nowhere')).status).toBe(404)
    expect((await world.call('PUT', '/v1/keys')).status).toBe(405)
    expect(lines()).toMatchObject([
      { status: 403, code: 'insufficient_scope', route: '/v1/clients/{clientId}' },
      { status: 401, code: 'invalid_client', route: '/oauth/token' },
      { status: 404, code: 'not_found', route: null },
      { status: 405, code: 'method_not_allowed', route: null },
    ])
  })

  it('has the caller’s own id beside ours, as audit has it, where it is 1 to 128 visible ASCII characters', async () => {
    const own = async (value: string) => {
      const reply = await world.call('GET', '/nowhere', { headers: [['X-Request-Id', value]] })
      expect(reply.body.requestId).not.toBe(value)
      return (lines().at(-1) as { callerRequestId?: string }).callerRequestId
    }
    expect(await own('trace/1')).toBe('trace/1')
    expect(await own('x'.repeat(128))).toBe('x'.repeat(128))
    for (const bad of ['', 'x'.repeat(129), 'a b', 'é']) expect(await own(bad)).toBeUndefined()
    const body = { name: 'c', type: 'service', access: [] }
    const made = await world.call('POST', '/v1/clients', { body, headers: [['X-Request-Id', 'trace/2']] })
    const events = await world.ok('GET', `/v1/audit?objectId=${made.body.clientId}`)
    expect(events.data).toMatchObject([{ callerRequestId: 'trace/2', requestId: expect.any(String) }])
    expect(events.data[0]?.actor).not.toHaveProperty('callerRequestId')
    const without = await world.ok('GET', `/v1/audit?objectId=${world.clientId}`)
    expect(without.data[0]).toMatchObject({ callerRequestId: null })
  })
})

it('a request that was answered has none, unless all have; 5xx always has one', async () => {
  await world.ok('GET', '/v1/keys')
  expect(lines()).toEqual([])
  for (const [requests, expected] of [
    ['all', [200, 404, 500]],
    ['refused', [404, 500]],
    ['none', [500]],
  ] as const) {
    await world.close()
    let fails = false
    world = await startWorld({
      requestLog: { requests, addresses: 'full' },
      fails: (call) => {
        if (fails && call.startsWith('read.keys')) throw new Error('broken')
        return false
      },
    })
    world.logged.length = 0
    await world.ok('GET', '/v1/apis')
    await world.call('GET', '/nowhere')
    fails = true
    await world.call('GET', '/v1/keys')
    expect(lines().map((line) => (line as { status: number }).status)).toEqual(expected)
  }
})

it.each([
  ['network', '192.0.2.0/24'],
  ['none', undefined],
] as const)('addresses: %s shows %s', async (addresses, shown) => {
  await world.close()
  await start({ addresses })
  await world.call('GET', '/nowhere', { peer: '192.0.2.7' })
  expect((lines()[0] as { address?: string }).address).toBe(shown)
  expect(JSON.stringify(lines())).not.toContain('192.0.2.7')
})

it('one address has 20 lines a second for one code; the rest is one line with its count', async () => {
  for (let count = 0; count < 50; count++) await world.call('GET', '/nowhere', { peer: '192.0.2.7' })
  await world.call('GET', '/nowhere', { peer: '192.0.2.8' })
  // The fifty may have fallen into two seconds.
  expect(lines().length).toBeLessThanOrEqual(41)
  await expect
    .poll(() => world.logged.find(({ message }) => message === 'requests left out of the log'), { timeout: 5_000 })
    .toMatchObject({
      fields: { byCode: { not_found: expect.any(Number) } },
    })
})

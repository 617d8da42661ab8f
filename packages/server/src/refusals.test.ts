/** Which answers wait until their time tells nothing. */
import { once } from 'node:events'
import { type AddressInfo, connect } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { mount } from './mount.ts'
import { audience, startWorld, type World } from './server.fixture.ts'
import type { CountersignServer } from './server.ts'

let world: World
let server: CountersignServer
/** When each refusal that has waited began. */
let began: number[] = []
let isHeld = false
let waits: () => void = () => {}
beforeAll(async () => {
  world = await startWorld()
  server = await world.second(undefined, {
    limitsFailures: false,
    refusalTimes: {
      async wait(beganAt) {
        began.push(beganAt)
        waits()
        if (isHeld) await wait(5)
      },
    },
  })
})
afterAll(() => world.close())
beforeEach(() => {
  began = []
  isHeld = false
})

describe('an answer 401', () => {
  it('waits, on whichever route', async () => {
    const seen: string[] = []
    for (const { method, path } of mount(server.services)) {
      const target = path.replaceAll(/\{\w+\}/g, 'x_0123456789').replace(/\*$/, 'any/thing')
      const used = method === 'ANY' ? 'POST' : method
      const before = began.length
      const { status } = await world.call(used, target, { as: 'cs_live_unknown', server })
      expect(began.length - before, `${used} ${target}: ${status}`).toBe(status === 401 ? 1 : 0)
      if (status === 401) seen.push(path)
    }
    expect(seen.length).toBeGreaterThan(30)
    const fields = { grant_type: 'client_credentials', client_id: world.clientId, client_secret: 'wrong' }
    expect((await world.form('/oauth/token', fields, { server })).status).toBe(401)
    expect(began).toHaveLength(seen.length + 1)
  })

  it('is not given before it has waited', async () => {
    isHeld = true
    const waiting = Promise.withResolvers<void>()
    waits = waiting.resolve
    let isAnswered = false
    const answered = world.call('GET', '/v1/keys', { as: 'cs_live_unknown', server }).then(() => {
      isAnswered = true
    })
    await Promise.race([answered, waiting.promise])
    expect(isAnswered).toBe(false)
    await answered
  })

  it('counts from when the body had come, which is the caller’s own time before', async () => {
    const listener = server.createListener().listen(0, '127.0.0.1')
    await once(listener, 'listening')
    try {
      const socket = connect((listener.address() as AddressInfo).port, '127.0.0.1')
      const body = `grant_type=client_credentials&client_id=${world.clientId}&client_secret=wrong`
      const type = 'application/x-www-form-urlencoded'
      socket.write(
        `POST /oauth/token HTTP/1.1\r\nHost: x\r\nContent-Type: ${type}\r\nContent-Length: ${body.length}\r\n\r\n`,
      )
      await wait(20)
      const sentAt = performance.now()
      socket.write(body)
      const [answer] = (await once(socket, 'data')) as [Buffer]
      expect(String(answer)).toMatch(/^HTTP\/1.1 401/)
      expect(began[0]).toBeGreaterThanOrEqual(sentAt)
      socket.destroy()
    } finally {
      listener.close()
    }
  })
})

it('no other answer waits', async () => {
  const { key } = await world.key()
  const reads = await world.caller('keys:read')
  const statuses = [
    await world.call('GET', '/v1/keys', { server }),
    await world.call('POST', '/v1/keys', { as: reads.key, body: { clientId: world.clientId, audience }, server }),
    await world.call('GET', '/nothing', { server }),
    await world.call('POST', '/v1/verify', { body: { credential: key, audience }, server }),
  ].map(({ status }) => status)
  expect(statuses).toEqual([200, 403, 404, 200])
  expect(began).toEqual([])
})

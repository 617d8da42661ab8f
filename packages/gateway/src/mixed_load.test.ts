import { randomBytes } from 'node:crypto'
import http from 'node:http'
import { generateKey } from '@countersign/core'
import { expect, test } from 'vitest'
import { openWorld, type World } from './gateway.fixture.ts'

const seconds = 3
const callers = 16

const bearer = (text: string): http.OutgoingHttpHeaders => ({ Authorization: `Bearer ${text}` })

/** Credentials that must never pass, in every way one can be wrong; each as the header fields that carry it. */
async function wrongCredentials(world: World, good: readonly string[]): Promise<readonly http.OutgoingHttpHeaders[]> {
  const [revoked, disabled] = await Promise.all([world.key('orders:read'), world.key('orders:read')])
  // Both have passed before: what was remembered of them must not.
  for (const { text } of [revoked, disabled]) {
    expect((await world.call('GET', '/orders', { key: text })).status).toBe(200)
  }
  world.revoke(revoked.id)
  world.change(disabled.id, { scope: 'orders:read', status: 'disabled' })
  const expired = await world.key('orders:read', { expiresAt: Date.now() / 1000 - 60 })
  const [first = '', second = ''] = good
  const middle = Math.floor(first.length / 2)
  const segments = [{ alg: 'none' }, { iss: 'https://issuer.test', sub: 'client_1', aud: 'https://api.test' }]
  const unsigned = segments.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')
  const texts = [
    revoked.text,
    disabled.text,
    expired.text,
    `${first.slice(0, -1)}${first.endsWith('A') ? 'B' : 'A'}`,
    `${first.slice(0, middle)}${second.slice(middle)}`,
    first.toUpperCase(),
    first.slice(0, -1),
    `${unsigned}.`,
    `${unsigned}.${'A'.repeat(86)}`,
    'nonsense',
  ]
  return [{}, bearer(''), ...texts.map(bearer)]
}

test(`Kong #13050: in ${seconds} s of mixed load, half of it invalid, nothing invalid is accepted and nothing good refused`, async () => {
  const world = await openWorld()
  world.handle = (request, response) => void request.resume().on('end', () => response.end('ok'))
  const agent = new http.Agent({ keepAlive: true, maxSockets: callers })
  const good = (await Promise.all(Array.from({ length: 20 }, () => world.key('orders:read')))).map(({ text }) => text)
  const wrong = await wrongCredentials(world, good)
  const passedBefore = world.seen.length
  const statuses = { good: new Map<number, number>(), wrong: new Map<number, number>() }
  // Well-formed keys that nobody has presented before, too: those are looked up, and found or not.
  const unseen = {
    good: async () => (await world.key('orders:read')).text,
    wrong: async () => generateKey({ prefix: 'cs', marker: 'test', randomBytes }).text,
  }
  // Fewer than the look-ups in vain that an engine makes in a second: beyond those it says 503 to what it does not know.
  let unseenLeft = 180
  const until = Date.now() + seconds * 1000

  async function caller(index: number): Promise<void> {
    for (let turn = index; Date.now() < until; turn++) {
      const kind = turn % 2 === 0 ? 'good' : 'wrong'
      const round = Math.floor(turn / 2)
      const isUnseen = round % 40 === 0 && unseenLeft-- > 0
      const usual = kind === 'good' ? bearer(good[round % good.length] as string) : wrong[round % wrong.length]
      const headers = isUnseen ? bearer(await unseen[kind]()) : (usual as http.OutgoingHttpHeaders)
      const { status } = await world.call('GET', '/orders', { headers, agent })
      statuses[kind].set(status, (statuses[kind].get(status) ?? 0) + 1)
    }
  }

  await Promise.all(Array.from({ length: callers }, (_, index) => caller(index)))
  agent.destroy()
  const passed = world.seen.length - passedBefore
  await world.close()
  expect([...statuses.good.keys()]).toEqual([200])
  expect([...statuses.wrong.keys()].sort()).toEqual([400, 401])
  const count = (of: ReadonlyMap<number, number>): number => [...of.values()].reduce((sum, each) => sum + each, 0)
  expect(passed).toBe(count(statuses.good))
  expect(Math.min(count(statuses.good), count(statuses.wrong))).toBeGreaterThan(200)
})

import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { audience, startWorld, type World } from '../server.fixture.ts'
import { createCleanUp } from './clean_up.ts'
import { createDropTimes } from './drop_time.ts'

const hour = 3_600
const day = 86_400

let world: World
let monotonicMs: number

beforeEach(async () => {
  world = await startWorld()
  monotonicMs = 0
})
afterEach(() => world.close())

/** A round of a process that has counted all that the test let pass. */
function rounds(from = world.server) {
  const { services } = from
  const clock = { stamp: () => ({ monotonicMs, wallMs: services.now() * 1000 }) }
  const times = createDropTimes({ store: services.store, clock, bootClock: () => undefined })
  return { read: () => times.read(), round: createCleanUp(services, times) }
}

function pass(seconds: number): void {
  world.now += seconds
  monotonicMs += seconds * 1000
}

const assert = (claims: object) => world.signedClient().then((client) => client.assertion(claims))

describe('a clock that was ahead for 75 s', () => {
  it('removes nothing that is revoked: not here, not in the database, not after a restart', async () => {
    const { round, read } = rounds()
    await read()
    const token = await world.mint({ ttlSeconds: hour })
    await world.ok('POST', `/v1/tokens/${token.jti}/revoke`)
    world.now += 2 * hour
    for (let times = 0; times < 2; times++) {
      monotonicMs += 37_500
      await round()
    }
    world.now -= 2 * hour
    await round()
    expect(await world.verify(token.token)).toMatchObject({ active: false, code: 'revoked' })
    expect(await world.store.read.statusEntries.find('default', 'token', token.jti)).toBeDefined()
    const restarted = await world.second()
    const verified = await world.call('POST', '/v1/verify', {
      server: restarted,
      body: { credential: token.token, audience },
    })
    expect(verified.body).toMatchObject({ active: false, code: 'revoked' })
    await restarted.close()
  })

  it('lets no client assertion pass a second time', async () => {
    const { round, read } = rounds()
    await read()
    const client = await world.signedClient()
    const assertion = await client.assertion({ exp: world.now + 60 })
    const ask = () =>
      world.form('/oauth/token', {
        grant_type: 'client_credentials',
        audience,
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion: assertion,
      })
    expect((await ask()).status).toBe(200)
    world.now += 2 * hour
    monotonicMs += 75_000
    await round()
    world.now -= 2 * hour
    expect((await ask()).status).toBe(401)
  })
})

it('what ended and is past the drop time by the grace is removed', async () => {
  const { round, read } = rounds()
  await read()
  const token = await world.mint({ ttlSeconds: hour })
  await world.ok('POST', `/v1/tokens/${token.jti}/revoke`)
  for (let passed = 0; passed < hour + 400; passed += 60) {
    pass(60)
    await round()
  }
  expect(await world.store.read.statusEntries.find('default', 'token', token.jti)).toBeUndefined()
  expect(await world.verify(token.token)).toMatchObject({ active: false, code: 'expired' })
})

describe('a server whose clock is behind', () => {
  it('refuses what others have removed, though by its own clock it has not ended', async () => {
    const { round, read } = rounds()
    await read()
    const token = await world.mint({ ttlSeconds: hour })
    await world.ok('POST', `/v1/tokens/${token.jti}/revoke`)
    for (let passed = 0; passed < hour + 400; passed += 60) {
      pass(60)
      await round()
    }
    // Its own book is as the database's: the entry is in neither.
    const slow = await world.second(undefined, { now: () => world.now - 2 * hour })
    const verified = await world.call('POST', '/v1/verify', {
      server: slow,
      body: { credential: token.token, audience },
    })
    expect(verified.body).toMatchObject({ active: false, code: 'expired' })
    await slow.close()
  })

  it('moves no drop time while its clock and the database’s are apart, and says so', async () => {
    const { services } = world.server
    const { dropTime } = services.store
    const apart = { ...services, store: { ...services.store, dropTime: { ...dropTime, read: readAhead } } }
    async function readAhead() {
      const present = await dropTime.read()
      return { ...present, databaseMs: (world.now + 301) * 1000 }
    }
    const clock = { stamp: () => ({ monotonicMs, wallMs: services.now() * 1000 }) }
    const times = createDropTimes({ store: apart.store, clock, bootClock: () => undefined })
    await times.read()
    pass(60)
    await createCleanUp(apart, times)()
    expect((await dropTime.read()).moves).toBe(0)
    expect(world.logged.some(({ level, message }) => level === 'error' && message.includes('300 s'))).toBe(true)
  })
})

describe('a drop time that is ahead of all clocks', () => {
  /** As after a week with a clock a day ahead; here it goes at once. */
  async function moveAhead(seconds: number): Promise<void> {
    const { moves } = await world.store.dropTime.read()
    await world.store.dropTime.move(moves, { timeMs: (world.now + seconds) * 1000, boot: undefined })
  }

  it('refuses what ends before it until each tenant has its floor, once, and then accepts what is issued after', async () => {
    const { round, read } = rounds()
    await read()
    const old = await world.mint({ ttlSeconds: hour })
    const opaque = async () => (await world.token({ audience: await opaqueApi() })).body.access_token
    const oldOpaque = await opaque()
    await moveAhead(2 * hour)
    world.server.services.books.raiseDropTime(world.now + 2 * hour)
    expect(await world.verify(old.token)).toMatchObject({ active: false, code: 'expired' })
    const early = await world.mint({ ttlSeconds: hour })
    expect(await world.verify(early.token)).toMatchObject({ active: false, code: 'expired' })
    await round()
    const later = await world.mint({ ttlSeconds: hour })
    expect((await world.verify(later.token)).active).toBe(true)
    for (const text of [old.token, early.token]) expect(await world.verify(text)).toMatchObject({ code: 'expired' })
    const laterOpaque = await opaque()
    const opaqueAudience = await opaqueApi()
    expect((await world.verify(laterOpaque, { audience: opaqueAudience })).active).toBe(true)
    expect(await world.verify(oldOpaque, { audience: opaqueAudience })).toMatchObject({ code: 'expired' })
    const floors = async () => (await world.ok('GET', '/v1/audit?action=drop_time.floor')).data.length
    expect(await floors()).toBe(1)
    pass(60)
    await round()
    expect(await floors()).toBe(1)
    expect((await world.verify(later.token)).active).toBe(true)
    // Said of what was issued after the floor, it is kept: the drop time stands still until the clocks are past it.
    await world.ok('POST', `/v1/tokens/${later.jti}/revoke`)
    pass(60)
    await round()
    expect(await world.verify(later.token)).toMatchObject({ code: 'revoked' })
  })

  let made: string | undefined
  async function opaqueApi(): Promise<string> {
    const name = 'https://opaque.test'
    if (made === undefined || made !== world.file) {
      made = world.file
      await world.ok('POST', '/v1/apis', {
        audience: name,
        name,
        scopes: [{ name: 'a', description: '' }],
        tokenFormat: 'opaque',
      })
      const { access } = (await world.ok('GET', `/v1/clients/${world.clientId}`)) as unknown as { access: object[] }
      await world.ok('PATCH', `/v1/clients/${world.clientId}`, { access: [...access, { audience: name, scope: 'a' }] })
    }
    return name
  }

  it('judges a self-issued JWT by its iat, and an API key by the clock: its record remembers', async () => {
    const { round, read } = rounds()
    await read()
    const client = await world.signedClient()
    const key = await world.key({ expiresAt: new Date((world.now + hour) * 1000).toISOString() })
    const old = await client.selfIssued()
    await moveAhead(day)
    await round()
    expect(await world.verify(old)).toMatchObject({ active: false, code: 'expired' })
    expect((await world.verify(key.key)).active).toBe(true)
    pass(12)
    expect((await world.verify(await client.selfIssued())).active).toBe(true)
    expect(await world.verify(await client.selfIssued({ iat: world.now - 30 }))).toMatchObject({ code: 'expired' })
  })

  it('takes no single-use value whose mark may be gone', async () => {
    const assertion = await assert({ exp: world.now + 60 })
    await moveAhead(hour)
    const reply = await world.form('/oauth/token', {
      grant_type: 'client_credentials',
      audience,
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: assertion,
    })
    expect(reply.status).toBe(401)
  })
})

it('the round at the end of a process moves the drop time, so that restarts lose little', async () => {
  // A machine whose boot clock counts on with the test's time.
  const server = await world.second(undefined, { bootClock: () => ({ id: 'boot', ms: world.now * 1000 }) })
  const before = await world.store.dropTime.read()
  world.now += 3_600
  await server.close()
  // The process counted milliseconds of its own monotonic clock, and no more, whatever the wall clock says.
  const after = await world.store.dropTime.read()
  expect(after.moves).toBe(before.moves + 1)
  expect(after.timeMs - before.timeMs).toBeLessThan(3_600_000)
})

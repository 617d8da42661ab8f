/**
 * Requests that give something for a person meet one that ends it: refresh and revoke, redemption and removal, mint and
 * sign-out. A seed chooses them and the order of their steps.
 */
import { randomBytes } from 'node:crypto'
import { openSqliteStore } from '@countersign/store'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { MasterKey } from '../keys/master_key.ts'
import { audience, startAt, startWorld, type World } from '../server.fixture.ts'
import { type Browser, signIn } from '../sign_in.fixture.ts'
import { createRandom } from '../simulation/timeline.ts'
import type { Reply, Wire } from '../wire.fixture.ts'
import { codeFlow, codeFor } from './code_flow.fixture.ts'
import { Interleaver } from './interleaver.fixture.ts'

const seeds = inject('isFull') ? 10_000 : 100
const scope = 'orders:read offline_access'

const interleaver = new Interleaver()
let world: World
const flow = codeFlow(() => world)
/** A client and what somebody has given it, which have nothing to do with what is ended. */
let otherClient: Wire
let otherRefreshToken: string

beforeAll(async () => {
  const master = new MasterKey(randomBytes(32))
  const own = { file: ':memory:', auditKey: master.derive('audit'), now: () => startAt, randomBytes }
  const store = interleaver.over(await openSqliteStore(own))
  world = await startWorld({ master, store, limitsFailures: false, refusalTimes: { wait: async () => {} } })
  interleaver.alsoAtSignatures(world.server)
  await world.ok('PATCH', `/v1/apis/${world.apiId}`, { accountScope: 'orders:read orders:write' })
  otherClient = await flow.webClient({ offlineAccess: true })
  otherRefreshToken = String((await flow.signedIn(otherClient, { scope })).answer.refresh_token)
})
afterAll(() => world.close())

interface Person {
  readonly id: string
  readonly client: Wire
  readonly browser: Browser
  readonly sessionId: string
  readonly refreshToken: string
  readonly accessToken: string
  readonly code: string
  readonly consentId: string
}

/** Somebody who has allowed a client twice: one code is redeemed, the other is about to be. */
async function makePerson(): Promise<Person> {
  const { id } = await flow.account({ role: 'operator', scope: 'tokens:write keys:write clients:read' })
  const browser = await signIn(world, id)
  const client = await flow.webClient({ offlineAccess: true })
  const { body, status, text } = await flow.redeem(client, await codeFor(browser, client, { scope }))
  expect(status, text).toBe(200)
  const { data } = (await browser.call('GET', '/v1/consents')).body
  return {
    id,
    client,
    browser,
    sessionId: String(browser.session?.split('_')[2]),
    refreshToken: String(body.refresh_token),
    accessToken: body.access_token,
    code: await codeFor(browser, client, { scope }),
    consentId: String(data[0]?.id),
  }
}

/** An end names each that it ends: the access token that is there, its family, the code, the session, and what they give. */
type Of = 'token' | 'family' | 'code' | 'session'

const givings: readonly { readonly name: string; readonly of: Of; readonly ask: (by: Person) => Promise<Reply> }[] = [
  { name: 'refresh', of: 'family', ask: ({ client, refreshToken }) => flow.refresh(client, refreshToken) },
  { name: 'redeem', of: 'code', ask: ({ client, code }) => flow.redeem(client, code) },
  {
    name: 'mint',
    of: 'session',
    ask: ({ browser }) => {
      const { clientId } = otherClient
      return browser.call('POST', '/v1/tokens', { listed: false, clientId, audience, scope: 'orders:read' })
    },
  },
]

/** A key that a session makes outlives it, and none is made after the session has ended. */
const makeKey = ({ browser }: Person): Promise<Reply> => {
  const { clientId } = otherClient
  return browser.call('POST', '/v1/keys', { clientId, audience, scope: 'orders:read', name: 'a key' })
}

const revokeAt = ({ client }: Person, token: string): Promise<Reply> => {
  const { clientId, clientSecret } = client
  return world.form('/oauth/revoke', { client_id: clientId, client_secret: clientSecret, token })
}

const ends: readonly {
  readonly name: string
  readonly ends: readonly Of[]
  readonly ask: (of: Person) => Promise<Reply>
}[] = [
  {
    name: 'the person removes the consent',
    ends: ['token', 'family', 'code'],
    ask: ({ browser, consentId }) => browser.call('POST', `/v1/consents/${consentId}/revoke`, {}),
  },
  {
    name: 'an operator removes the consent',
    ends: ['token', 'family', 'code'],
    ask: ({ consentId }) => world.call('POST', `/v1/consents/${consentId}/revoke`, { body: {} }),
  },
  {
    name: 'the refresh token is revoked',
    ends: ['token', 'family'],
    ask: (person) => revokeAt(person, person.refreshToken),
  },
  {
    name: 'an access token is revoked',
    ends: ['token'],
    ask: (person) => revokeAt(person, person.accessToken),
  },
  {
    name: 'the client is revoked',
    ends: ['token', 'family', 'code'],
    ask: ({ client }) => world.call('POST', `/v1/clients/${client.clientId}/revoke`, { body: {} }),
  },
  {
    name: 'the person signs out',
    ends: ['session'],
    ask: ({ browser, sessionId }) => browser.call('POST', `/v1/sessions/${sessionId}/revoke`, {}),
  },
  {
    name: 'the account is signed out everywhere',
    ends: ['token', 'family', 'code', 'session'],
    ask: ({ id }) => world.call('POST', `/v1/accounts/${id}/revoke`, { body: {} }),
  },
  {
    name: 'the account is disabled',
    ends: ['token', 'family', 'code', 'session'],
    ask: ({ id }) => world.call('PATCH', `/v1/accounts/${id}`, { body: { status: 'disabled' } }),
  },
  {
    name: 'the account is deleted',
    ends: ['token', 'family', 'code', 'session'],
    ask: ({ id }) => world.call('DELETE', `/v1/accounts/${id}`),
  },
]

interface Tally {
  /** Given by requests that an end has met, and ended with it. */
  ended: number
  refused: number
  standing: number
}

/** One run; gives its steps. */
async function run(seed: number, tally: Tally): Promise<readonly string[]> {
  const random = createRandom(seed)
  const end = random.pick(ends)
  const asked = givings.filter(() => random.chance(0.6))
  const person = await makePerson()
  const refreshOther = () => flow.refresh(otherClient, otherRefreshToken)
  const all = [end.ask, refreshOther, makeKey, ...asked.map(({ ask }) => ask)]
  const { values, steps } = await interleaver.run(
    all.map((ask) => () => ask(person)),
    random,
  )
  const [ended, others, key, ...given] = values as readonly [Reply, Reply, Reply, ...Reply[]]
  const about = `seed ${seed}: ${end.name}, ${asked.map(({ name }) => name).join(' ')}`
  expect(ended.status, `${about}: ${ended.text}`).toBeLessThan(300)

  // Nobody else feels anything of it.
  await expectActive(others, about)
  otherRefreshToken = String(others.body.refresh_token)

  for (const [index, { of, name }] of asked.entries()) {
    const reply = given[index] as Reply
    if (!end.ends.includes(of)) {
      await expectActive(reply, `${about}: ${name}`)
      tally.standing++
    } else if (await isDead(person, reply, `${about}: ${name}`)) tally.ended++
    else tally.refused++
  }
  expect(await isActive(person.accessToken), about).toBe(!end.ends.includes('token'))
  if (end.ends.includes('family'))
    expect((await flow.refresh(person.client, person.refreshToken)).status, about).not.toBe(200)
  if (end.ends.includes('session')) await expectSignedOut(person, about)
  else expect(key.status, `${about}: ${key.text}`).toBe(201)
  return steps
}

async function isActive(credential: string): Promise<boolean> {
  const { active } = await world.verify(credential)
  return active
}

const textOf = ({ body }: Reply): string => body.access_token ?? body.token

async function expectActive(reply: Reply, about: string): Promise<void> {
  expect(reply.status, `${about}: ${reply.text}`).toBeLessThan(300)
  expect(await isActive(textOf(reply)), about).toBe(true)
}

/** True where something was given, which must have ended; false where it was refused. */
async function isDead({ client }: Person, reply: Reply, about: string): Promise<boolean> {
  const { body, status, text } = reply
  expect([200, 201, 400, 401, 403], `${about}: ${text}`).toContain(status)
  if (status >= 300) return false
  expect(await isActive(textOf(reply)), about).toBe(false)
  if (body.refresh_token !== undefined)
    expect((await flow.refresh(client, body.refresh_token)).status, about).not.toBe(200)
  return true
}

/** The audit log says in which order things were done. */
async function expectSignedOut({ browser, id, sessionId }: Person, about: string): Promise<void> {
  expect((await browser.call('GET', '/v1/me')).status, about).toBe(401)
  const { data } = await world.ok('GET', '/v1/audit?limit=20')
  const at = data.findIndex(
    ({ action, objectId }) => [id, sessionId].includes(String(objectId)) && action !== 'session.create',
  )
  expect(at, about).not.toBe(-1)
  const made = data.slice(0, at).filter(({ actor }) => (actor as Wire).credentialId === sessionId)
  expect(made, about).toEqual([])
}

describe('no token outlives an acknowledged end', () => {
  it(`in ${seeds} interleavings of what gives and what ends, and what is not ended stands`, {
    timeout: 60_000 + seeds * 400,
  }, async () => {
    const tally: Tally = { ended: 0, refused: 0, standing: 0 }
    for (let seed = 1; seed <= seeds; seed++) await run(seed, tally)
    // Without all three outcomes it would prove nothing.
    for (const count of Object.values(tally)) expect(count).toBeGreaterThan(seeds / 10)
  })

  it('a seed is the same run every time', async () => {
    const tally: Tally = { ended: 0, refused: 0, standing: 0 }
    for (const seed of [1, 2, 3]) expect(await run(seed, tally)).toEqual(await run(seed, tally))
  })
})

/** Many at once with one code or one refresh token, and what ends them in between. */
import { setImmediate } from 'node:timers/promises'
import { describe, expect, inject } from 'vitest'
import { onEachDatabase, type Setup } from '../oauth/grants/races.fixture.ts'
import { audience } from '../server.fixture.ts'
import type { CountersignServer } from '../server.ts'
import type { Browser } from '../sign_in.fixture.ts'
import type { Reply, Wire } from '../wire.fixture.ts'
import { codeFlow, codeFor } from './code_flow.fixture.ts'

/** A quarter on each database with one server, and with two. */
const rounds = (inject('isFull') ? 1_000 : 16) / 4
/** More in the short form: of few rounds none may meet a code that was redeemed before the end. */
const endRounds = inject('isFull') ? rounds : 10
const atOnce = 200

async function prepare({ world }: Setup) {
  await world.ok('PATCH', `/v1/apis/${world.apiId}`, { accountScope: 'orders:read orders:write' })
  const flow = codeFlow(() => world)
  return { ...flow, client: await flow.webClient({ offlineAccess: true }) }
}

const scope = 'orders:read offline_access'

/** All at once, at the servers by turns. */
function all(
  servers: readonly CountersignServer[],
  ask: (server: CountersignServer) => Promise<Reply>,
  count = atOnce,
) {
  return Promise.all(
    Array.from({ length: count }, (_, index) => ask(servers[index % servers.length] as CountersignServer)),
  )
}

async function catchUp({ servers }: Setup): Promise<void> {
  for (const { services } of servers) await services.books.poll()
}

async function expectDead({ world, servers }: Setup, replies: readonly Reply[]): Promise<number> {
  let count = 0
  for (const { status, body, text } of replies) {
    expect([200, 400, 401, 503], text).toContain(status)
    if (status !== 200) continue
    count++
    for (const server of servers) {
      const asked = { body: { credential: body.access_token, audience }, server }
      expect((await world.call('POST', '/v1/verify', asked)).body.active).toBe(false)
    }
  }
  return count
}

describe('one winner', () => {
  onEachDatabase(`CVE-2023-0264: of ${atOnce} redemptions of one code, ${rounds} rounds`, async (setup) => {
    const { servers } = setup
    const { client, redeem, refresh, signedIn } = await prepare(setup)
    const { browser } = await signedIn(client, { scope })
    for (let round = 0; round < rounds; round++) {
      const code = await codeFor(browser, client, { scope })
      const replies = await all(servers, (server) => redeem(client, code, {}, { server }))
      const won = replies.filter(({ status }) => status === 200)
      expect(won.length).toBe(1)
      expect(replies.filter(({ body }) => body.error === 'invalid_grant').length).toBe(atOnce - 1)
      await catchUp(setup)
      // The others have shown that somebody else has the code.
      await expectDead(setup, won)
      expect((await refresh(client, won[0]?.body.refresh_token)).body.error).toBe('invalid_grant')
    }
  })

  onEachDatabase(`CVE-2026-1035: of ${atOnce} uses of one refresh token, ${rounds} rounds`, async (setup) => {
    const { servers } = setup
    const { client, refresh, signedIn } = await prepare(setup)
    let { refresh_token: token } = (await signedIn(client, { scope })).answer as Readonly<Record<string, unknown>>
    for (let round = 0; round < rounds; round++) {
      const replies = await all(servers, (server) => refresh(client, token, {}, { server }))
      expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([200]))
      const successors = new Set(replies.map(({ body }) => body.refresh_token))
      expect(successors.size).toBe(1)
      ;[token] = successors
    }
  })
})

/** Each ends all that the person gave: by the management API, or by the person. */
const ends: readonly ((
  setup: Setup,
  of: { readonly id: string; readonly browser: Browser; readonly client: Wire },
) => Promise<Reply>)[] = [
  ({ world }, { id }) => world.call('POST', `/v1/accounts/${id}/revoke`, { body: {} }),
  ({ world }, { id }) => world.call('PATCH', `/v1/accounts/${id}`, { body: { status: 'disabled' } }),
  async (_, { browser }) => {
    const { data } = (await browser.call('GET', '/v1/consents')).body
    return browser.call('POST', `/v1/consents/${data[0]?.id}/revoke`, {})
  },
  ({ world }, { client }) => world.call('POST', `/v1/clients/${client.clientId}/revoke`, { body: {} }),
]

describe('no token outlives an acknowledged end that met it on its way', () => {
  onEachDatabase(`Keycloak #51312: ${endRounds} rounds of codes and refresh tokens`, async (setup) => {
    const { servers } = setup
    const flow = await prepare(setup)
    let given = 0
    for (let round = 0; round < endRounds; round++) {
      const client = await flow.webClient({ offlineAccess: true })
      const { answer, browser, id } = await flow.signedIn(client, { scope })
      const code = await codeFor(browser, client, { scope })
      await catchUp(setup)
      const asked = [
        all(servers, (server) => flow.refresh(client, answer.refresh_token, {}, { server }), 6),
        // One alone: a second use would end it by itself.
        all(
          [servers[round % servers.length] as CountersignServer],
          (server) => flow.redeem(client, code, {}, { server }),
          1,
        ),
      ]
      for (let turn = 0; turn < round % 12; turn++) await setImmediate()
      const end = ends[round % ends.length] as (typeof ends)[number]
      expect((await end(setup, { id, browser, client })).status).toBe(200)
      const replies = (await Promise.all(asked)).flat()
      await catchUp(setup)
      given += await expectDead(setup, replies)
      const tokens = replies.flatMap(({ body }) => body.refresh_token ?? [])
      for (const token of [answer.refresh_token, ...tokens])
        for (const server of servers) expect((await flow.refresh(client, token, {}, { server })).status).not.toBe(200)
    }
    expect(given).toBeGreaterThan(0)
  })
})

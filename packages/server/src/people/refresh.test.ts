import { DatabaseSync } from 'node:sqlite'
import { keyChecksum } from '@countersign/core'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { assertionType, audience, startAt, startWorld, type World } from '../server.fixture.ts'
import { type Browser, signIn } from '../sign_in.fixture.ts'
import type { Wire } from '../wire.fixture.ts'
import { codeFlow, codeFor, redirectUri } from './code_flow.fixture.ts'

let world: World
beforeAll(async () => {
  world = await startWorld()
  await world.ok('PATCH', `/v1/apis/${world.apiId}`, { accountScope: 'orders:read orders:write' })
})
afterAll(() => world.close())
beforeEach(() => {
  world.now = startAt
})

const { account, redeem, refresh, signedIn, webClient } = codeFlow(() => world)
const staying = (more: object = {}) => webClient({ offlineAccess: true, ...more })
const both = { scope: 'orders:read orders:write offline_access' }

/** A client with the first refresh token of a person. */
async function started(more: object = {}) {
  const client = await staying(more)
  const { answer, ...person } = await signedIn(client, both)
  return { client, first: answer.refresh_token as string, answer, ...person }
}

/** A well-formed text with the same family and counter, as somebody makes it who has seen an access token. */
function guessOf(token: string): string {
  const body = token.slice(0, -6)
  const guessed = `${body.slice(0, 25)}${body[25] === '0' ? '1' : '0'}${body.slice(26)}`
  return guessed + keyChecksum(guessed)
}

const isAlive = async (token: unknown): Promise<boolean> => (await world.verify(String(token))).active

describe('a refresh token', () => {
  it('is given to native clients always, and to others that may stay and ask for it', async () => {
    const native = await webClient({ type: 'native', redirectUris: ['com.example.app:/cb'] })
    const of = { redirect_uri: 'com.example.app:/cb' }
    expect((await signedIn(native, of)).answer.refresh_token).toMatch(/^cs_rt_/)
    expect((await signedIn(await staying())).answer.refresh_token).toBeUndefined()
    expect((await signedIn(await staying(), both)).answer).toMatchObject({
      scope: 'orders:read orders:write offline_access',
      refresh_token: expect.stringMatching(/^cs_rt_[0-9A-Za-z]{12}_[0-9A-Za-z]{38}$/),
    })
  })

  it('offline_access is left out, and is no error, where the client may not stay', async () => {
    const { answer } = await signedIn(await webClient(), both)
    expect([answer.scope, answer.refresh_token]).toEqual(['orders:read orders:write', undefined])
  })

  it('gives a token for the person and a successor, through any number of uses', async () => {
    const { client, first, id } = await started()
    let token: unknown = first
    for (let round = 0; round < 5; round++) {
      world.now += 100
      const { status, body } = await refresh(client, token)
      expect(status).toBe(200)
      expect(body.refresh_token).not.toBe(token)
      expect(await world.verify(body.access_token)).toMatchObject({ active: true, grant: { subject: id } })
      token = body.refresh_token
    }
  })

  it('is itself in no table and no log, and neither is the text of a successor', async () => {
    const { client, first } = await started()
    const second = (await refresh(client, first)).body.refresh_token
    const all = world.dump()
    for (const text of [first, second])
      expect(all.includes(String(text).slice('cs_rt_123456789012_'.length))).toBe(false)
  })

  it('asked for less, gives less in that answer alone; more than was given is refused and uses nothing up', async () => {
    const { client, first } = await started()
    const less = await refresh(client, first, { scope: 'orders:read' })
    expect(less.body.scope).toBe('orders:read')
    const more = await refresh(client, less.body.refresh_token, { scope: 'orders:read orders:write profile' })
    expect(more.body.error).toBe('invalid_scope')
    // A token that was used up gives its successor for ten seconds alone.
    world.now += 20
    const all = await refresh(client, less.body.refresh_token)
    expect(all.body.scope).toBe('orders:read orders:write offline_access')
  })

  it('is for one API, whatever it is asked for', async () => {
    const { client, first } = await started()
    expect((await refresh(client, first, { resource: 'https://other.example' })).body.error).toBe('invalid_target')
    expect((await refresh(client, first, { resource: audience })).status).toBe(200)
  })

  it.each<[string, (of: { client: Wire; first: string }) => unknown]>([
    ['no secret', ({ client, first }) => refresh(client, first, { client_secret: undefined })],
    ['a wrong secret', ({ client, first }) => refresh(client, first, { client_secret: 'wrong' })],
    ['another client', async ({ first }) => refresh(await staying(), first)],
    ['a guess with its family', ({ client, first }) => refresh(client, guessOf(first))],
    ['no token', ({ client }) => refresh(client, '', { refresh_token: undefined })],
  ])('is refused with %s, and nothing of it is used up or ended', async (_, attempt) => {
    const { answer, ...of } = await started()
    const before = await of.first
    const reply = (await attempt(of)) as { status: number }
    expect(reply.status).toBeGreaterThanOrEqual(400)
    expect(await isAlive(answer.access_token)).toBe(true)
    expect((await refresh(of.client, before)).status).toBe(200)
  })

  it('ends after 30 days without use, and 180 days after the sign-in', async () => {
    const { client, first } = await started()
    world.now += 29 * 86_400
    let token: unknown = (await refresh(client, first)).body.refresh_token
    for (let day = 58; day < 180; day += 29) {
      world.now += 29 * 86_400
      token = (await refresh(client, token)).body.refresh_token
      expect(token, String(day)).toBeDefined()
    }
    world.now = startAt + 180 * 86_400
    expect((await refresh(client, token)).body.error).toBe('invalid_grant')
    const idle = await started()
    world.now += 30 * 86_400
    expect((await refresh(idle.client, idle.first)).body.error).toBe('invalid_grant')
  })
})

describe('a refresh token of a client', () => {
  it('that may no longer stay gives nothing', async () => {
    const { client, first } = await started()
    await world.ok('PATCH', `/v1/clients/${client.clientId}`, { offlineAccess: false })
    expect((await refresh(client, first)).body.error).toBe('invalid_grant')
  })

  it('that shows an assertion again is not used up, and neither is a code', async () => {
    const client = await world.signedClient()
    await world.ok('PATCH', `/v1/clients/${client.clientId}`, { redirectUris: [redirectUri], offlineAccess: true })
    const asClient = client as unknown as Wire
    const proof = async () => ({
      client_secret: undefined,
      client_assertion_type: assertionType,
      client_assertion: await client.assertion(),
    })
    const seen = await proof()
    const { client_secret: _, ...shown } = seen
    expect((await world.form('/oauth/revoke', { ...shown, token: 'x' })).status).toBe(200)
    const { id } = await account()
    const code = await codeFor(await signIn(world, id), asClient, both)
    expect((await redeem(asClient, code, seen)).status).toBe(401)
    const given = await redeem(asClient, code, await proof())
    expect(given.status, given.text).toBe(200)
    expect((await refresh(asClient, given.body.refresh_token, seen)).status).toBe(401)
    world.now += 60
    expect((await refresh(asClient, given.body.refresh_token, await proof())).status).toBe(200)
  })
})

it('no access token outlives its family', async () => {
  const { client, first } = await started()
  let token: unknown = first
  for (let day = 29; day < 180; day += 29) {
    world.now = startAt + day * 86_400
    token = (await refresh(client, token)).body.refresh_token
  }
  world.now = startAt + 180 * 86_400 - 10
  expect((await refresh(client, token)).body.expires_in).toBe(10)
})

describe('reuse of a refresh token', () => {
  it('is no longer tolerated because a clock was put back', async () => {
    const { client, first } = await started()
    await refresh(client, first)
    world.now -= 1_800
    expect((await refresh(client, first)).body.error).toBe('invalid_grant')
  })

  it('its direct predecessor gives the same successor for ten seconds, and ends the family afterwards', async () => {
    const { client, first } = await started()
    const second = (await refresh(client, first)).body
    world.now += 9
    expect((await refresh(client, first)).body.refresh_token).toBe(second.refresh_token)
    world.now += 1
    expect((await refresh(client, first)).body.error).toBe('invalid_grant')
    expect(await isAlive(second.access_token)).toBe(false)
    expect((await refresh(client, second.refresh_token)).body.error).toBe('invalid_grant')
  })

  it('ends the family at once where its successor was used', async () => {
    const { client, first } = await started()
    const second = (await refresh(client, first)).body.refresh_token
    const third = (await refresh(client, second)).body
    expect((await refresh(client, first)).body.error).toBe('invalid_grant')
    expect(await isAlive(third.access_token)).toBe(false)
    expect((await refresh(client, third.refresh_token)).body.error).toBe('invalid_grant')
  })

  it('Keycloak #50999: each older token ends the family, also within one second', async () => {
    for (let older = 0; older < 4; older++) {
      const { client, first } = await started()
      const texts: unknown[] = [first]
      for (let round = 0; round < 5; round++) texts.push((await refresh(client, texts.at(-1))).body.refresh_token)
      expect((await refresh(client, texts[older])).body.error).toBe('invalid_grant')
      expect((await refresh(client, texts[5])).body.error).toBe('invalid_grant')
    }
  })

  it('CVE-2026-1035: 200 uses at once give one successor, which is good', async () => {
    const { client, first } = await started()
    const replies = await Promise.all(Array.from({ length: 200 }, () => refresh(client, first)))
    expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([200]))
    const texts = new Set(replies.map(({ body }) => body.refresh_token))
    expect(texts.size).toBe(1)
    expect((await refresh(client, [...texts][0])).status).toBe(200)
  })

  it('is told to the audit log, with its reason', async () => {
    const { client, first } = await started()
    const second = (await refresh(client, first)).body.refresh_token
    await refresh(client, second)
    await refresh(client, first)
    const { data } = await world.ok('GET', '/v1/audit?limit=1')
    expect(data[0]).toMatchObject({ action: 'family.revoke', after: { reason: 'a refresh token was used again' } })
  })

  it('a token that is newer than the database ends its family: the database was restored', async () => {
    const { client, first } = await started()
    const id = first.split('_')[2] as string
    const before = await world.store.read.families.find('default', id)
    const second = (await refresh(client, first)).body
    const third = (await refresh(client, second.refresh_token)).body
    await world.store.write(async ({ families }) => {
      const now = (await families.find('default', id))!
      await families.update({ ...before!, version: now.version + 1 })
    })
    expect((await refresh(client, third.refresh_token)).body.error).toBe('invalid_grant')
    expect(await isAlive(third.access_token)).toBe(false)
  })
})

describe('a refresh token gives nothing once', () => {
  it.each<[string, (of: { readonly id: string; readonly client: Wire; readonly browser: Browser }) => unknown]>([
    ['the account is signed out everywhere', ({ id }) => world.ok('POST', `/v1/accounts/${id}/revoke`)],
    ['the account is disabled', ({ id }) => world.ok('PATCH', `/v1/accounts/${id}`, { status: 'disabled' })],
    [
      'the account was disabled and enabled again',
      async ({ id }) => {
        await world.ok('PATCH', `/v1/accounts/${id}`, { status: 'disabled' })
        await world.ok('PATCH', `/v1/accounts/${id}`, { status: 'active' })
      },
    ],
    ['the account is deleted', ({ id }) => world.ok('DELETE', `/v1/accounts/${id}`)],
    [
      'the client is disabled',
      ({ client }) => world.ok('PATCH', `/v1/clients/${client.clientId}`, { status: 'disabled' }),
    ],
    ['the client is revoked', ({ client }) => world.ok('POST', `/v1/clients/${client.clientId}/revoke`)],
    ['the client is deleted', ({ client }) => world.ok('DELETE', `/v1/clients/${client.clientId}`)],
    ['the client loses the API', ({ client }) => world.ok('PATCH', `/v1/clients/${client.clientId}`, { access: [] })],
    [
      'nothing is left of its scope',
      ({ client }) => world.ok('PATCH', `/v1/clients/${client.clientId}`, { access: [{ audience, scope: '' }] }),
    ],
    [
      'the account may give nothing',
      ({ id }) => world.ok('PATCH', `/v1/accounts/${id}`, { access: [{ audience, scope: '' }] }),
    ],
    [
      'the consent is removed',
      async ({ browser }) => {
        const { data } = (await browser.call('GET', '/v1/consents')).body
        await browser.call('POST', `/v1/consents/${data[0]?.id}/revoke`, {})
      },
    ],
  ])('%s', async (_, end) => {
    const { client, first, id, browser } = await started()
    await end({ id, client, browser })
    expect((await refresh(client, first)).status).toBeGreaterThanOrEqual(400)
  })

  it('what is narrowed narrows what it gives', async () => {
    const { client, first } = await started()
    await world.ok('PATCH', `/v1/clients/${client.clientId}`, { access: [{ audience, scope: 'orders:read' }] })
    expect((await refresh(client, first)).body.scope).toBe('orders:read offline_access')
  })
})

describe('a refresh token at /oauth/revoke', () => {
  it.each(['web', 'native'])('of a %s client ends its family, whichever of the family it is', async (type) => {
    const uris = type === 'native' ? { redirectUris: ['com.example.app:/cb'] } : {}
    const client = await staying({ type, ...uris })
    const more = type === 'native' ? { redirect_uri: 'com.example.app:/cb' } : {}
    const { answer } = await signedIn(client, { ...both, ...more })
    const second = (await refresh(client, answer.refresh_token as string)).body
    const asClient = { client_id: client.clientId, ...(type === 'web' ? { client_secret: client.clientSecret } : {}) }
    const form = { ...asClient, token: answer.refresh_token, token_type_hint: 'refresh_token' }
    expect((await world.form('/oauth/revoke', form as Record<string, string>)).status).toBe(200)
    expect(await isAlive(second.access_token)).toBe(false)
    expect((await refresh(client, second.refresh_token)).body.error).toBe('invalid_grant')
    expect((await world.form('/oauth/revoke', form as Record<string, string>)).status).toBe(200)
  })

  it('20 access tokens of a family end one by one, the next ends the family, and nobody else’s', async () => {
    const client = await webClient({ type: 'native', redirectUris: ['com.example.app:/cb'] })
    const of = { ...both, redirect_uri: 'com.example.app:/cb' }
    const other = (await signedIn(client, of)).answer
    let { refresh_token: token, access_token: access } = (await signedIn(client, of)).answer as Record<string, unknown>
    const end = (text: unknown) =>
      world.form('/oauth/revoke', { client_id: String(client.clientId), token: String(text) })
    for (let ended = 0; ended < 20; ended++) {
      expect((await end(access)).status).toBe(200)
      expect(await isAlive(access)).toBe(false)
      const next = await refresh(client, token)
      expect(next.status, String(ended)).toBe(200)
      ;({ refresh_token: token, access_token: access } = next.body)
    }
    const fresh = (await refresh(client, token)).body
    expect((await end(access)).status).toBe(200)
    for (const text of [access, fresh.access_token]) expect(await isAlive(text)).toBe(false)
    expect((await refresh(client, fresh.refresh_token)).body.error).toBe('invalid_grant')
    expect(await isAlive(other.access_token)).toBe(true)
    const count = await world.store.write(({ statusEntries }) =>
      statusEntries.count('default', 'token', String(client.clientId)),
    )
    expect(count.value).toBe(0)
  })

  it('an access token that is ended again and again counts once', async () => {
    const { client, answer } = await started()
    const other = (await refresh(client, answer.refresh_token)).body.access_token
    const token = String(answer.access_token)
    const form = { client_id: String(client.clientId), client_secret: String(client.clientSecret), token }
    for (let time = 0; time < 22; time++) expect((await world.form('/oauth/revoke', form)).status).toBe(200)
    expect([await isAlive(token), await isAlive(other)]).toEqual([false, true])
  })

  it('an access token ends also where a restored database has forgotten its family', async () => {
    const { client, answer } = await started()
    const token = String(answer.access_token)
    const database = new DatabaseSync(world.file)
    database.exec('delete from families')
    database.close()
    expect(await isAlive(token)).toBe(true)
    const form = { client_id: String(client.clientId), client_secret: String(client.clientSecret), token }
    expect((await world.form('/oauth/revoke', form)).status).toBe(200)
    expect(await world.verify(token)).toMatchObject({ active: false, code: 'revoked' })
  })

  it('of another client ends nothing, and a guess with its family neither', async () => {
    const { client, first, answer } = await started()
    const other = await staying()
    const asOther = { client_id: String(other.clientId), client_secret: String(other.clientSecret) }
    expect((await world.form('/oauth/revoke', { ...asOther, token: first })).status).toBe(400)
    const own = { client_id: String(client.clientId), client_secret: String(client.clientSecret) }
    const guess = guessOf(first)
    expect((await world.form('/oauth/revoke', { ...own, token: guess })).status).toBe(200)
    expect(await isAlive(answer.access_token)).toBe(true)
  })
})

it('a code used again ends the refresh tokens that came of it', async () => {
  const client = await staying()
  const { browser, answer } = await signedIn(client, both)

  const code = await codeFor(browser, client, both)
  const first = (await redeem(client, code)).body
  expect((await redeem(client, code)).body.error).toBe('invalid_grant')
  expect((await refresh(client, first.refresh_token)).body.error).toBe('invalid_grant')
  expect((await refresh(client, answer.refresh_token as string)).status).toBe(200)
})

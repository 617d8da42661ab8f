/**
 * Whether somebody is known must not show in how long an answer takes. What is counted is the work: reads of the store,
 * digests, keys that are imported, signatures that are verified. `bench/answer_times.ts` measures the time.
 */
import crypto, { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generateKey, generateKeyPair, importSigningKey, type JwsAlgorithm, signJwt } from '@countersign/core'
import { openSqliteStore, type Store } from '@countersign/store'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { MasterKey } from './keys/master_key.ts'
import { assertionType, audience, baseUrl, startAt, startWorld, type World } from './server.fixture.ts'
import type { Reply } from './wire.fixture.ts'

let work: string[] = []

/** Every call of them is noted, whoever makes it. */
const counted = ['verify', 'hash', 'createPublicKey'] as const
const originals = counted.map((name) => [name, crypto[name]] as const)
function countCrypto(): void {
  for (const [name, original] of originals) {
    const noted = (...given: unknown[]) => {
      work.push(name)
      return Reflect.apply(original, crypto, given)
    }
    Object.assign(crypto, { [name]: noted })
  }
  syncBuiltinESMExports()
}

/** Whether a read found something is part of the work. */
function countLookups(store: Store): Store {
  const lookup = Object.fromEntries(
    Object.entries(store.lookup).map(([name, read]) => [
      name,
      (...given: unknown[]) => {
        const found: unknown = Reflect.apply(read, store.lookup, given)
        work.push(`${name} ${found === undefined ? 'absent' : 'present'}`)
        return found
      },
    ]),
  ) as unknown as Store['lookup']
  return { ...store, lookup }
}

const directory = mkdtempSync(join(tmpdir(), 'countersign-work-'))
const master = new MasterKey(randomBytes(32))
let world: World
beforeAll(async () => {
  const file = join(directory, 'countersign.db')
  const options = { file, auditKey: master.derive('audit'), now: () => startAt, randomBytes }
  const store = countLookups(await openSqliteStore(options))
  world = await startWorld({ master, store, limitsFailures: false })
  countCrypto()
})
afterAll(async () => {
  for (const [name, original] of originals) Object.assign(crypto, { [name]: original })
  syncBuiltinESMExports()
  await world.close()
  await world.store.close()
  rmSync(directory, { recursive: true, force: true })
})
beforeEach(() => {
  work = []
})

/** The work of a refusal, sorted: the same reads may come the other way round. */
async function workOf(ask: () => Promise<Reply>): Promise<readonly string[]> {
  const began = work.length
  const reply = await ask()
  expect(reply.status, reply.text).toBe(401)
  return work.slice(began).sort()
}

async function expectSame(a: () => Promise<Reply>, b: () => Promise<Reply>): Promise<void> {
  // Warm up first: the later costs are compared.
  for (let count = 0; count < 2; count++) for (const ask of [a, b]) await ask()
  const [one, other] = [await workOf(a), await workOf(b)]
  expect(one.length).toBeGreaterThan(0)
  expect(one).toEqual(other)
  const [replyA, replyB] = [await a(), await b()]
  expect([replyA.headers, withoutId(replyA)]).toEqual([replyB.headers, withoutId(replyB)])
}

function withoutId({ body }: Reply): object {
  const { requestId: _, ...rest } = body as { readonly requestId?: unknown }
  return rest
}

const bytes = (length: number) => randomBytes(length)
const bearer = (text: string) => () => world.call('GET', '/v1/keys', { as: text })
const unknownClient = 'client_00000000000000000000'

describe('the work of a refusal is the same for', () => {
  it('a wrong secret of a known and of an unknown client', async () => {
    const ask = (clientId: string, path: string) => () =>
      world.form(path, {
        grant_type: 'client_credentials',
        token: 'x',
        client_id: clientId,
        client_secret: generateKey({ prefix: 'cs', marker: 'secret', randomBytes: bytes }).text,
      })
    for (const path of ['/oauth/token', '/oauth/introspect', '/oauth/revoke'])
      await expectSame(ask(world.clientId, path), ask(unknownClient, path))
  })

  const registered: readonly JwsAlgorithm[] = ['ES256', 'EdDSA', 'RS256', 'PS256', 'ES384', 'ES512']
  it.each(registered)('an assertion with %s of a known and an unknown client, and of an unknown kid', async (alg) => {
    const client = await world.signedClient({}, alg)
    const kid = headerOf(await client.assertion()).kid
    const forger = await forgerOf(alg)
    const ask = (clientId: string, of: string) => async () =>
      world.form('/oauth/token', {
        grant_type: 'client_credentials',
        client_assertion_type: assertionType,
        client_assertion: await forger(clientId, of, 'JWT', baseUrl),
      })
    const known = ask(client.clientId, kid)
    await expectSame(known, ask(unknownClient, kid))
    await expectSame(known, ask(client.clientId, 'another'))
    expect((await workOf(known)).filter((each) => each === 'verify')).toHaveLength(1)
  })

  it('an assertion with another algorithm than the known key has', async () => {
    const client = await world.signedClient({}, 'ES256')
    const kid = headerOf(await client.assertion()).kid
    for (const alg of ['RS256', 'EdDSA', 'ES384'] as const) {
      const forger = await forgerOf(alg)
      const ask = (clientId: string) => async () =>
        world.form('/oauth/token', {
          grant_type: 'client_credentials',
          client_assertion_type: assertionType,
          client_assertion: await forger(clientId, kid, 'JWT', baseUrl),
        })
      await expectSame(ask(client.clientId), ask(unknownClient))
      expect((await workOf(ask(client.clientId))).filter((each) => each === 'verify')).toHaveLength(1)
    }
  })

  it('an assertion of a client that is disabled', async () => {
    const [client, disabled] = [await world.signedClient(), await world.signedClient()]
    await world.ok('PATCH', `/v1/clients/${disabled.clientId}`, { status: 'disabled' })
    const forger = await forgerOf('ES256')
    const ask =
      ({ clientId, kid }: { readonly clientId: string; readonly kid: string }) =>
      async () =>
        world.form('/oauth/token', {
          grant_type: 'client_credentials',
          client_assertion_type: assertionType,
          client_assertion: await forger(clientId, kid, 'JWT', baseUrl),
        })
    const of = async (it: typeof client) => ({ clientId: it.clientId, kid: headerOf(await it.assertion()).kid })
    await expectSame(ask(await of(client)), ask(await of(disabled)))
  })

  it('a revoked and an unknown key, the same again or another each time', async () => {
    const key = await world.key()
    await bearer(key.key)()
    await world.ok('POST', `/v1/keys/${key.id}/revoke`, {})
    const unknown = () => generateKey({ prefix: 'cs', marker: 'live', randomBytes: bytes }).text
    await expectSame(bearer(key.key), bearer(unknown()))
    await expectSame(bearer(key.key), () => bearer(unknown())())
  })

  it('a revoked and an unknown opaque token', async () => {
    const name = 'https://opaque.test'
    await world.ok('POST', '/v1/apis', { audience: name, name: 'Opaque', tokenFormat: 'opaque' })
    const { clientId, clientSecret } = await world.client({ access: [{ audience: name, scope: 'a' }] })
    const own = { client_id: clientId, client_secret: clientSecret }
    const { access_token: token } = (await world.token(own)).body
    await world.form('/oauth/revoke', { token, ...own })
    const unknown = () => generateKey({ prefix: 'cs', marker: 'at', randomBytes: bytes }).text
    await expectSame(bearer(token), bearer(unknown()))
  })

  it('a self-issued JWT of a known and of an unknown client, and of an unknown kid', async () => {
    const client = await world.signedClient()
    const text = await client.selfIssued()
    await bearer(text)()
    const { kid } = headerOf(text)
    const forger = await forgerOf('ES256')
    const ask = (clientId: string, of: string) => async () => bearer(await forger(clientId, of, 'at+jwt', audience))()
    const known = ask(client.clientId, kid)
    await expectSame(known, ask(unknownClient, kid))
    await expectSame(known, ask(client.clientId, 'another'))
    expect((await workOf(known)).filter((each) => each === 'verify')).toHaveLength(1)
  })
})

function headerOf(jwt: string): { readonly kid: string } {
  return JSON.parse(Buffer.from(jwt.split('.')[0] ?? '', 'base64url').toString())
}

/** Signs as anybody, with a key that nobody registered. */
async function forgerOf(alg: JwsAlgorithm) {
  const { privateJwk } = await generateKeyPair(alg as 'ES256')
  let count = 0
  return (clientId: string, kid: string, typ: string, aud: string): Promise<string> | string => {
    const claims = {
      iss: clientId,
      sub: clientId,
      aud,
      jti: `j${count++}`,
      iat: startAt,
      exp: startAt + 60,
      scope: 'a',
    }
    return signJwt({ typ, claims, key: importSigningKey({ ...privateJwk, kid }, { alg }) })
  }
}

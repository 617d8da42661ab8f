import { AsyncLocalStorage } from 'node:async_hooks'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { openSqliteStore, type Store } from '@countersign/store'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { cutOffAt } from '../../feed/revoker.ts'
import { MasterKey } from '../../keys/master_key.ts'
import { silentLog } from '../../observe/log.ts'
import {
  accessTokenType,
  assertionType,
  audience,
  baseUrl,
  exchangeGrant,
  startAt,
  startWorld,
  type World,
} from '../../server.fixture.ts'
import { type CountersignServer, createServer } from '../../server.ts'
import type { Reply } from '../../wire.fixture.ts'
import {
  type Asker,
  type Holder,
  holdable,
  opaqueAudience,
  own,
  prepareApis,
  subjectOf,
  tokenOf,
  type Way,
  ways,
} from '../issuing.fixture.ts'

const directory = mkdtempSync(join(tmpdir(), 'countersign-moment-'))
const file = join(directory, 'countersign.db')
const master = new MasterKey(randomBytes(32))
const now = (): number => world?.now ?? startAt

/** In the name of a request; what a process does by itself is done in nobody's. */
const asking = new AsyncLocalStorage<true>()
let isCut = false

/** A process that learns of nothing unless a request asks, and of nothing at all while `isCut`. */
function lagging(store: Store): Store {
  let known = store.feed.head()
  const feed = {
    ...store.feed,
    head() {
      if (!isCut && asking.getStore() === true) known = store.feed.head()
      return known
    },
  }
  return { ...store, feed, onHint: () => () => {} }
}

let world: World
let holder: Holder
let apiIds: ReadonlyMap<string, string>
/** Over the same database, and behind it. */
let second: CountersignServer
beforeAll(async () => {
  const options = { file, auditKey: master.derive('audit'), now, randomBytes }
  holder = holdable(await openSqliteStore(options))
  world = await startWorld({ master, store: holder.store, now })
  apiIds = await prepareApis(world)
  const store = lagging(await openSqliteStore(options))
  second = await createServer({ store, master, baseUrl, version: '0.0.0', log: silentLog, now })
})
afterEach(() => {
  holder.end()
  isCut = false
  world.now = startAt
})
afterAll(async () => {
  await second.close()
  await world.close()
  await world.store.close()
  rmSync(directory, { recursive: true, force: true })
})

async function isActive(reply: Reply, aud: string, server = world.server): Promise<boolean> {
  const body = { credential: tokenOf(reply), audience: aud }
  return (await world.call('POST', '/v1/verify', { body, server })).body.active
}

const isActiveAtSecond = (reply: Reply, aud: string) => asking.run(true, () => isActive(reply, aud, second))

/** Where a request may wait between what authorises it and the token. */
const places = [
  'lookup.clientSecret',
  'lookup.publicKey',
  'lookup.client',
  'read.apis.find',
  'write',
  'insertToken',
] as const

/** The request is held there, `change` is done from beginning to end, then it goes on. `undefined`: it never came there. */
async function heldAt(
  place: string,
  ask: () => Promise<Reply>,
  change: () => Promise<unknown>,
): Promise<Reply | undefined> {
  const { held, let: go } = holder.hold(place)
  const asked = ask()
  const isHeld = await Promise.race([held.then(() => true), asked.then(() => false)])
  if (!isHeld) {
    holder.end()
    return undefined
  }
  await change()
  go()
  return asked
}

/** At each place, with a client of its own: what came of it. */
async function heldEverywhere(way: Way, change: (asker: Asker) => Promise<unknown>): Promise<readonly Reply[]> {
  const replies: Reply[] = []
  let asker = await way.prepare(world)
  for (const place of places) {
    // The engine asks for a key once: whoever revokes what it signed would wait for the look-up that is held.
    if (place === 'lookup.publicKey' && /^client_secret.*self-issued/.test(way.name)) continue
    // The API is read again too.
    if (place === 'read.apis.find') await world.ok('PATCH', `/v1/apis/${apiIds.get(way.audience)}`, { name: way.name })
    const { ask } = asker
    const used = asker
    const reply = await heldAt(
      place,
      () => ask(world.server),
      () => change(used),
    )
    if (reply === undefined) continue
    replies.push(reply)
    asker = await way.prepare(world)
  }
  expect(replies.length, 'held at').toBeGreaterThanOrEqual(1)
  return replies
}

const revokeOf = ({ clientId }: Asker) => world.ok('POST', `/v1/clients/${clientId}/revoke`, {})

/** Basic and post differ in how they are read alone, and a parent is the same beside either proof. */
const tried = ways.filter(({ name }) => /^client_secret_post|^private_key_jwt, client_credentials|v1/.test(name))

describe('a token whose client is revoked while it is being issued is dead, or there is none', () => {
  it.each(tried.map((way) => [way.name, way] as const))('%s', async (_, way) => {
    for (const reply of await heldEverywhere(way, revokeOf)) {
      if (reply.status < 300) expect(await isActive(reply, way.audience)).toBe(false)
      else expect([400, 401, 503], reply.text).toContain(reply.status)
    }
  })
})

const endSubject = ({ clientId }: Asker) => world.ok('POST', '/v1/revocations', { subject: subjectOf(clientId) })

describe('a token whose subject is ended while it is being issued is dead, or there is none', () => {
  it.each(tried.filter(({ name }) => /of a key|v1/.test(name)).map((way) => [way.name, way] as const))(
    '%s',
    async (_, way) => {
      for (const reply of await heldEverywhere(way, endSubject)) {
        if (reply.status < 300) expect(await isActive(reply, way.audience)).toBe(false)
        else expect([400, 401, 503], reply.text).toContain(reply.status)
      }
    },
  )
})

it('an opaque token for a subject that is ended while its row is written is not given', async () => {
  const client = await world.client({ access: [{ audience: opaqueAudience, scope: 'orders:read' }] })
  const subject = subjectOf(client.clientId)
  const minted = { clientId: client.clientId, audience: opaqueAudience, scope: 'orders:read', ttlSeconds: 600, subject }
  // It is listed, so that it ends by its row, and by no entry of its own that the statement could find.
  const { token } = await world.ok('POST', '/v1/tokens', minted)
  const given = { grant_type: exchangeGrant, subject_token_type: accessTokenType, ...own(client), subject_token: token }
  const reply = await heldAt(
    'insertToken',
    () => world.form('/oauth/token', given),
    () => world.ok('POST', '/v1/revocations', { subject }),
  )
  expect(reply).toMatchObject({ status: 400, body: { error: 'invalid_request' } })
})

type End = (asker: Asker) => Promise<unknown>

const patch =
  (body: object): End =>
  ({ clientId }) =>
    world.ok('PATCH', `/v1/clients/${clientId}`, body)

async function revokeParent(asker: Asker): Promise<void> {
  const fields = { token: asker.parent ?? '', ...own(asker) }
  expect((await world.form('/oauth/revoke', fields)).status).toBe(200)
}

/** The thing that ends, and the ways that it takes along. */
const ends: readonly (readonly [string, RegExp, End])[] = [
  ['the client is disabled', /credentials/, patch({ status: 'disabled' })],
  ['the client loses its access', /credentials|of a key/, patch({ access: [] })],
  ['the client is deleted', /credentials/, ({ clientId }) => world.ok('DELETE', `/v1/clients/${clientId}`)],
  ['the public key is removed', /^private_key_jwt/, patch({ jwks: { keys: [] } })],
  ['the parent is revoked', /exchange/, revokeParent],
  ['the subject is ended', /of a key/, endSubject],
  [
    'the secret gives way to another',
    /^client_secret/,
    ({ clientId }) => world.ok('POST', `/v1/clients/${clientId}/secrets`, { graceSeconds: 0 }),
  ],
]

describe('whatever else authorised a token is looked at again where it is made', () => {
  for (const [name, pattern, end] of ends) {
    const cases = tried.filter((way) => pattern.test(way.name)).map((way) => [way.name, way] as const)
    it.each(cases)(`${name}: %s`, async (_, way) => {
      for (const { status, text } of await heldEverywhere(way, end)) expect([400, 401], text).toContain(status)
    })
  }

  it('what does not concern it makes no request fail', async () => {
    for (const way of tried) {
      const replies = await heldEverywhere(way, patch({ name: 'another name' }))
      for (const { status, text } of replies) expect([200, 201], text).toContain(status)
    }
  })
})

describe('a process that is behind', () => {
  /** Revoked and given everything anew, while the second server hears of nothing. */
  async function renewed(way: Way): Promise<Asker> {
    const before = await way.prepare(world)
    await asking.run(true, () => second.services.books.poll())
    await revokeOf(before)
    const { clientSecret } = await world.ok('POST', `/v1/clients/${before.clientId}/secrets`, {})
    const asker = await way.prepare(world, { clientId: before.clientId, clientSecret })
    expect(second.services.books.position()).toBeLessThan(world.server.services.books.position())
    return asker
  }

  it.each(tried.filter(({ name }) => !name.includes('/v1/')).map((way) => [way.name, way] as const))(
    'catches up: what is asked for after a revoke is active at once: %s',
    async (_, way) => {
      const { ask } = await renewed(way)
      const reply = await asking.run(true, () => ask(second))
      expect(reply.status, reply.text).toBeLessThan(300)
      expect([await isActive(reply, way.audience), await isActiveAtSecond(reply, way.audience)]).toEqual([true, true])
    },
  )

  it('mints nothing for a client whose revoke it has not applied, and does once it has', async () => {
    const { ask } = await renewed(ways.find(({ name }) => name.includes('/v1/')) as Way)
    const mint = () => asking.run(true, () => ask(second))
    expect(await mint()).toMatchObject({ status: 503, headers: { 'Retry-After': '1' }, body: { code: 'unavailable' } })
    await asking.run(true, () => second.services.books.poll())
    const reply = await mint()
    expect(reply.status, reply.text).toBe(201)
    expect(await isActive(reply, audience)).toBe(true)
  })

  /** A client with access to an API whose audience was another API's, while the second server hears of nothing. */
  let made = 0
  async function anew(tokenFormat: 'jwt' | 'opaque') {
    const name = `https://anew-${++made}.test`
    const api = { audience: name, name: 'Anew', scopes: [{ name: 'a' }], tokenFormat }
    const first = await world.ok('POST', '/v1/apis', api)
    await asking.run(true, () => second.services.books.poll())
    await world.ok('DELETE', `/v1/apis/${first.id}`)
    await world.ok('POST', '/v1/apis', api)
    return { name, client: await world.signedClient({ access: [{ audience: name, scope: 'a' }] }) }
  }

  it.each(['jwt', 'opaque'] as const)(
    'catches up: an API made anew gives tokens that are its own: %s',
    async (format) => {
      const { name, client } = await anew(format)
      const fields = { grant_type: 'client_credentials', ...own(client) }
      const reply = await asking.run(true, () => world.form('/oauth/token', fields, { server: second }))
      expect(reply.status, reply.text).toBe(200)
      expect(await isActive(reply, name)).toBe(true)
    },
  )

  it('catches up: an API that was made a moment ago can be named', async () => {
    await asking.run(true, () => second.services.books.poll())
    const name = 'https://named.test'
    await world.ok('POST', '/v1/apis', { audience: name, name: 'Named' })
    const client = await world.client({ access: [{ audience: name, scope: 'a' }] })
    const fields = { grant_type: 'client_credentials', audience: name, ...own(client) }
    const reply = await asking.run(true, () => world.form('/oauth/token', fields, { server: second }))
    expect(reply.status, reply.text).toBe(200)
  })

  it('catches up: a child of a parent from a process ahead is active, or there is none', async () => {
    // A cut-off that leaves the secret: the feed holds no more of the client's tokens (docs/protocol/feed.md §2.3).
    const asker = await (tried[0] as Way).prepare(world)
    await asking.run(true, () => second.services.books.poll())
    expect((await asker.ask(second)).status).toBe(200)
    const client = await world.server.services.store.read.clients.find('default', asker.clientId)
    if (client === undefined) throw new Error('the client is gone')
    const changed = { ...client, version: client.version + 1 }
    await world.server.services.store.write(async (transaction) => {
      await transaction.clients.update(changed)
      transaction.append({
        tenant: 'default',
        audit: { actor: { kind: 'system' }, action: 'x', objectType: 'client', objectId: client.id, requestId: 'x' },
        ...cutOffAt(transaction, changed, 'tokens', startAt),
      })
    })
    const parent = await asker.ask(world.server)
    const fields = { grant_type: exchangeGrant, subject_token_type: accessTokenType, ...own(asker) }
    const given = { ...fields, subject_token: tokenOf(parent) }
    const exchange = () => asking.run(true, () => world.form('/oauth/token', given, { server: second }))
    isCut = true
    expect(await exchange()).toMatchObject({ status: 503, body: { error: 'temporarily_unavailable' } })
    isCut = false
    const child = await exchange()
    expect(child.status, child.text).toBe(200)
    expect(await isActive(child, audience)).toBe(true)
  })

  it.each([audience, opaqueAudience])(
    'catches up: a key made for a subject that was ended a moment before gives an active token for %s',
    async (aud) => {
      const client = await world.client({ access: [{ audience: aud, scope: 'orders:read' }] })
      await asking.run(true, () => second.services.books.poll())
      const subject = subjectOf(client.clientId)
      await world.ok('POST', '/v1/revocations', { subject })
      const { key } = await world.key({ clientId: client.clientId, audience: aud, subject })
      const fields = { grant_type: exchangeGrant, subject_token_type: accessTokenType, ...own(client) }
      const given = { ...fields, subject_token: key }
      const child = await asking.run(true, () => world.form('/oauth/token', given, { server: second }))
      expect(child.status, child.text).toBe(200)
      expect(await isActive(child, aud)).toBe(true)
    },
  )

  it.each(['its client', 'its API'])('that is behind %s for good says so, and has used up nothing', async (behind) => {
    const way = ways.find(({ name }) => name.startsWith('private_key_jwt')) as Way
    const asked = behind === 'its client' ? { name: audience, client: await renewed(way) } : await anew('opaque')
    isCut = true
    const proof = { client_assertion_type: assertionType, client_assertion: await asked.client.assertion() }
    const fields = { grant_type: 'client_credentials', audience: asked.name, ...proof }
    const ask = () => asking.run(true, () => world.form('/oauth/token', fields, { server: second }))
    for (let count = 0; count < 2; count++) {
      expect(await ask()).toMatchObject({
        status: 503,
        headers: { 'Retry-After': '1' },
        body: { error: 'temporarily_unavailable' },
      })
    }
    isCut = false
    const reply = await ask()
    expect(reply.status, reply.text).toBe(200)
    expect(await isActive(reply, asked.name)).toBe(true)
    expect((await ask()).status).toBe(401)
  })
})

describe('the moment of a request', () => {
  it('is when its end counts from, however long it waits', async () => {
    for (const way of tried.filter(({ name }) => /credentials|v1/.test(name))) {
      const { ask } = await way.prepare(world)
      const place = way.name.startsWith('private_key_jwt') ? 'lookup.client' : 'lookup.clientSecret'
      const reply = await heldAt(
        /v1/.test(way.name) ? 'write' : place,
        () => ask(world.server),
        async () => {
          world.now = startAt + 5
        },
      )
      if (reply === undefined) throw new Error(`${way.name} was not held`)
      const body = { credential: tokenOf(reply), audience: way.audience }
      const { grant } = (await world.call('POST', '/v1/verify', { body })).body
      expect(Date.parse(grant.expiresAt) / 1000 - startAt, way.name).toBe(/v1/.test(way.name) ? 600 : 3_600)
      if (reply.body.expires_in !== undefined) expect(reply.body.expires_in).toBe(3_595)
      world.now = startAt
    }
  })

  it('gives the token its position, whatever is said of others meanwhile', async () => {
    for (const way of tried) {
      const { ask } = await way.prepare(world)
      const before = world.server.services.books.book('default')?.place.sequence
      const place = /v1/.test(way.name)
        ? 'write'
        : /^private/.test(way.name)
          ? 'lookup.publicKey'
          : 'lookup.clientSecret'
      const reply = await heldAt(
        place,
        () => ask(world.server),
        async () => {
          await world.ok('PATCH', `/v1/clients/${world.clientId}`, { name: 'another' })
        },
      )
      if (reply === undefined) throw new Error(`${way.name} was not held`)
      const inspection = await world.server.services.tenant('')?.engine.inspect(tokenOf(reply))
      if (inspection === undefined || 'outcome' in inspection) throw new Error(`${way.name} gave none: ${reply.text}`)
      expect(inspection.established.position, way.name).toBe(before)
    }
  })

  it('is of one book: when the books are replaced meanwhile it begins again', async () => {
    const { ask } = await untouched()
    const before = world.server.services.books.book('default')?.place.sequence ?? 0
    const reply = await heldAt('lookup.clientSecret', ask, newEpoch)
    if (reply === undefined) throw new Error('it was not held')
    const position = claimsOf(tokenOf(reply)).cs_pos
    expect(position).toBeGreaterThan(before + 1_000_000)
  })

  it('no record that was kept before the books were replaced is used after it', async () => {
    const { clientId, ask } = await untouched()
    expect((await ask()).status).toBe(200)
    loseSecrets(clientId)
    expect((await ask()).status).toBe(200)
    await newEpoch()
    expect((await ask()).status).toBe(401)
  })

  it('nor one that was being read', async () => {
    const { clientId, ask } = await untouched()
    const reply = await heldAt('lookup.clientSecret', ask, async () => {
      loseSecrets(clientId)
      await newEpoch()
    })
    expect(reply?.status).toBe(401)
  })
})

/** A client of which nothing was ever said: no entry tells that what was read of it is out of date. */
async function untouched() {
  const client = await world.client()
  return { clientId: client.clientId, ask: () => world.token(own(client)) }
}

/** As a copy of the database from before a secret was made has it: nothing of it is in the log. */
function loseSecrets(clientId: string): void {
  const behind = new DatabaseSync(file)
  behind.exec('pragma busy_timeout = 5000')
  behind.prepare('delete from client_secrets where client_id = ?').run(clientId)
  behind.close()
}

async function newEpoch(): Promise<void> {
  const { position } = await world.server.services.store.feed.head()
  await world.server.services.store.startEpoch(position)
  expect(await world.server.services.books.poll()).toBe(true)
}

function claimsOf(jwt: string): { readonly cs_pos: number } {
  return JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString())
}

import { AsyncLocalStorage } from 'node:async_hooks'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { openSqliteStore, type Store } from '@countersign/store'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { MasterKey } from '../../keys/master_key.ts'
import { silentLog } from '../../observe/log.ts'
import {
  accessTokenType,
  audience,
  baseUrl,
  exchangeGrant,
  startAt,
  startWorld,
  type World,
} from '../../server.fixture.ts'
import { type CountersignServer, createServer } from '../../server.ts'
import type { Reply } from '../../wire.fixture.ts'

const interleavings = 300
const opaqueAudience = 'https://opaque.test'

type Party = 'exchange' | 'revoke'

/**
 * Lets one of two requests take its next step, and only then chooses again: a step ends where the request calls the store,
 * before and after the call, inside transactions too. The seed gives the order; `taken` is the order that came of it.
 */
class Interleaver {
  /** In a transaction nobody may be kept waiting by another process: SQLite's writers wait on the thread. */
  pausesInside = true
  readonly #party = new AsyncLocalStorage<Party>()
  readonly #waiting: { readonly party: Party; readonly go: () => void }[] = []
  #running = 0
  #isOn = false

  /** Called by whoever may be paused: the store, in the name of the request that called it. */
  async pause(): Promise<void> {
    const party = this.#party.getStore()
    if (party === undefined || !this.#isOn) return
    await new Promise<void>((go) => this.#waiting.push({ party, go }))
  }

  async run(seed: number, works: Readonly<Record<Party, () => Promise<Reply>>>): Promise<Outcome> {
    const random = randomFrom(seed)
    const taken: string[] = []
    this.#isOn = true
    const start = async (party: Party): Promise<Reply> => {
      this.#running++
      return this.#party.run(party, async () => {
        await this.pause()
        return works[party]().finally(() => {
          this.#running--
          taken.push(`${party} ended`)
        })
      })
    }
    const replies = Promise.all([start('exchange'), start('revoke')])
    while (this.#running > 0) {
      // After a few turns of the loop all has run that needs no step of ours. Signatures take some.
      for (let turn = 0; turn < 4; turn++) await setImmediate()
      const [next] = this.#waiting.splice(random(this.#waiting.length), 1)
      if (next === undefined) continue
      taken.push(next.party)
      next.go()
    }
    // Work that a request left behind goes on by itself.
    this.#isOn = false
    for (const { go } of this.#waiting.splice(0)) go()
    const [exchanged, revoked] = await replies
    return { exchanged, revoked, taken: taken.join(' ') }
  }
}

interface Outcome {
  readonly exchanged: Reply
  readonly revoked: Reply
  readonly taken: string
}

/** A small generator with a seed (mulberry32), so that a failing run can be run again. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below) | 0
  }
}

/** The real store, whose every call waits for its turn, those within transactions as well. */
function paused<T extends object>(target: T, path = ''): T {
  return new Proxy(target, {
    get(holder, property) {
      const value: unknown = Reflect.get(holder, property)
      const name = `${path}${String(property)}`
      if (typeof value === 'object' && value !== null) return paused(value, `${name}.`)
      // These answer at once, or are no work of a request.
      if (typeof value !== 'function' || /^(?:onCommit|onHint|close|transaction\.append)$/.test(name)) return value
      return async (...given: readonly unknown[]) => {
        await interleaver.pause()
        const work = given[0] as (transaction: object) => unknown
        const inner = (transaction: object) => work(paused(transaction, 'transaction.'))
        const isOpened = name === 'write' && interleaver.pausesInside
        const result: unknown = await Reflect.apply(value, holder, isOpened ? [inner] : given)
        await interleaver.pause()
        return result
      }
    },
  })
}

const directory = mkdtempSync(join(tmpdir(), 'countersign-interleavings-'))
const interleaver = new Interleaver()
const master = new MasterKey(randomBytes(32))
const now = (): number => startAt
const openStore = async (): Promise<Store> =>
  paused(
    await openSqliteStore({
      file: join(directory, 'countersign.db'),
      auditKey: master.derive('audit'),
      now,
      randomBytes,
    }),
  )

let world: World
let second: CountersignServer
beforeAll(async () => {
  world = await startWorld({ master, store: await openStore() })
  await world.ok('POST', '/v1/apis', {
    audience: opaqueAudience,
    name: 'Opaque',
    scopes: [{ name: 'orders:read' }],
    tokenFormat: 'opaque',
  })
  second = await createServer({ store: await openStore(), master, baseUrl, version: '0.0.0', log: silentLog, now })
})
afterAll(async () => {
  await second.close()
  await world.close()
  await world.store.close()
  rmSync(directory, { recursive: true, force: true })
})

interface Parent {
  readonly text: string
  readonly audience: string
  readonly owner: { readonly client_id: string; readonly client_secret: string }
}

async function makeClient(aud: string): Promise<Parent['owner']> {
  const client = await world.client({ access: [{ audience: aud, scope: 'orders:read' }] })
  return { client_id: client.clientId, client_secret: client.clientSecret }
}

const parents: Readonly<Record<string, () => Promise<Parent>>> = {
  async 'an API key'() {
    const owner = await makeClient(audience)
    return { text: (await world.key({ clientId: owner.client_id })).key, audience, owner }
  },
  async 'an API key, for opaque tokens'() {
    const owner = await makeClient(opaqueAudience)
    const { key: text } = await world.key({ clientId: owner.client_id, audience: opaqueAudience })
    return { text, audience: opaqueAudience, owner }
  },
  async 'a JWT'() {
    const owner = await makeClient(audience)
    return { text: (await world.token(owner)).body.access_token, audience, owner }
  },
  async 'an opaque token'() {
    const owner = await makeClient(opaqueAudience)
    // The first of a day is told in the audit log: the second server has told it.
    await world.form('/oauth/token', { grant_type: 'client_credentials', ...owner }, { server: second })
    return { text: (await world.token(owner)).body.access_token, audience: opaqueAudience, owner }
  },
  async 'an exchanged token'() {
    const owner = await makeClient(audience)
    const { key } = await world.key({ clientId: owner.client_id })
    return { text: (await world.exchange(key, owner)).body.access_token, audience, owner }
  },
}

const exchangeAt = (server: CountersignServer, { text, owner }: Parent): Promise<Reply> =>
  world.form(
    '/oauth/token',
    { grant_type: exchangeGrant, ...owner, subject_token: text, subject_token_type: accessTokenType },
    { server },
  )

/** Both servers, the one that acknowledged the revocation first; the other once it has read the log. */
async function expectDead(credential: string, aud: string): Promise<void> {
  const body = { credential, audience: aud }
  expect((await world.call('POST', '/v1/verify', { body })).body).toMatchObject({ active: false, code: 'revoked' })
  await second.services.books.poll()
  expect((await world.call('POST', '/v1/verify', { body, server: second })).body).toMatchObject({
    active: false,
    code: 'revoked',
  })
}

const processes = { 'one process': () => world.server, 'two processes': () => second }
const rounds = interleavings / (Object.keys(parents).length * Object.keys(processes).length)

describe('Keycloak #51312 GHSA-392p-2q2v-4372: what is exchanged while its parent is revoked dies with it', () => {
  describe.each(Object.entries(processes))('%s', (name, exchanging) => {
    it.each(Object.entries(parents))(`${rounds} interleavings with %s`, async (_, make) => {
      interleaver.pausesInside = name === 'one process'
      const orders = new Set<string>()
      const statuses: number[] = []
      for (let seed = 0; seed < rounds; seed++) {
        const parent = await make()
        await second.services.books.poll()
        const exchange = (): Promise<Reply> => exchangeAt(exchanging(), parent)
        const { exchanged, revoked, taken } = await interleaver.run(seed, {
          exchange,
          revoke: () => world.form('/oauth/revoke', { token: parent.text, ...parent.owner }),
        })
        expect([revoked.status, revoked.text]).toEqual([200, ''])
        await expectDead(parent.text, parent.audience)
        if (exchanged.status === 200) await expectDead(exchanged.body.access_token, parent.audience)
        else expect(exchanged).toMatchObject({ status: 400, body: { error: 'invalid_request' } })
        expect((await exchange()).status).toBe(400)
        statuses.push(exchanged.status)
        orders.add(taken)
      }
      // Not thirty times the same: many orders, and some in which the exchange was first.
      expect(orders.size).toBeGreaterThan(3)
      expect(statuses).toContain(200)
    })
  })
})

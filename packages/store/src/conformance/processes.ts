import { spawn } from 'node:child_process'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { expect, inject, it } from 'vitest'
import { migrations } from '../migrations/index.ts'
import { exampleApi, exampleClient, exampleKey, exampleToken, keyChange, seed } from './examples.ts'
import { expectChained, follow } from './follower.ts'
import type { CreateDatabase, TestDatabase } from './test_database.ts'
import { withStore } from './test_database.ts'

const rounds = inject('isFull') ? 20 : 6

/** The columns that the first schema lacked, by table. */
const addedSince = {
  keys: ['rate_limits', 'subject'],
  tokens: ['rate_limits', 'subject_issuer', 'external_subject'],
  clients: [
    'rate_limit',
    'rate_limits',
    'cut_offs',
    'authority',
    'sign_in',
    'team_id',
    'own',
    'logo_uri',
    'logo_digest',
    'homepage_uri',
  ],
  apis: [
    'rate_limit',
    'rate_limits',
    'retired_scopes',
    'scope_claim',
    'credential_headers',
    'account_scope',
    'self_service_scope',
    'on_request_scope',
    'call_url',
    'resources',
  ],
  api_documents: ['is_json'],
  tenants: ['floor'],
  counters: ['audit_mac'],
  audit: ['team_id'],
  single_use: ['content'],
  installation: ['history', 'beginning', 'key_check'],
}

/** Makes the database as a program of the first schema would have left it, with one count of usage. */
export async function goBackToFirstSchema(database: TestDatabase): Promise<void> {
  const indexes = [
    'keys_by_subject',
    'tokens_by_subject',
    'clients_by_team',
    'audit_by_team',
    'apis_offered',
    'clients_by_logo',
  ]
  for (const index of indexes) await database.execute(`drop index ${index}`)
  for (const [table, names] of Object.entries(addedSince)) {
    for (const name of names) await database.execute(`alter table ${table} drop column ${name}`)
  }
  const tables = [
    'leases',
    'beats',
    'usage_sums',
    'last_uses',
    'operation_uses',
    'drop_time',
    'accounts',
    'identities',
    'passkeys',
    'sessions',
    'consents',
    'families',
    'issuers',
    'teams',
    'memberships',
    'invitations',
    'access_requests',
    'client_origins',
    'api_resources',
    'refusals',
    'settings',
    'logos',
  ]
  for (const table of tables) await database.execute(`drop table ${table}`)
  await database.execute(`create table usage_counts (tenant text not null, minute_at integer not null,
    credential_id text not null, client_id text not null, outcome text not null, count integer not null)`)
  await database.execute(`insert into usage_counts values ('acme', 60, 'key_1', 'client_1', 'verified', 7)`)
  await database.execute('delete from schema_migrations where number > 1')
}

const program = fileURLToPath(new URL('writer_process.ts', import.meta.url))

export function startProcess(...parameters: readonly string[]) {
  const child = spawn(process.execPath, [program, ...parameters], { stdio: ['ignore', 'pipe', 'pipe'] })
  let acknowledged = ''
  let complaints = ''
  child.stdout.on('data', (chunk) => {
    acknowledged += chunk
  })
  child.stderr.on('data', (chunk) => {
    complaints += chunk
  })
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  return {
    child,
    ended,
    complaints: () => complaints,
    /** Reads whole lines only: a half line was not received. */
    lines: () => acknowledged.split('\n').slice(0, -1),
  }
}

export function processCases(create: CreateDatabase): void {
  it('two processes that append at once number everything once, for a follower that reads all the while', () =>
    withStore(create, async (store, database) => {
      const follower = follow(store)
      const writers = ['a', 'b'].map((name) => startProcess('append', database.url, name, '120'))
      for (const writer of writers) expect(await writer.ended, writer.complaints()).toBe(0)
      const seen = await follower.finish()
      expectChained(seen)
      const lines = writers.flatMap((writer) => writer.lines()).toSorted()
      expect(seen.map((entry) => `${entry.id} ${entry.sequence}`).toSorted()).toEqual(lines)
      expect(lines).toHaveLength(240)
    }))

  it(`one of two processes that migrate at once does it and the other finds it done, ${rounds} rounds`, async () => {
    const databases = await Promise.all(Array.from({ length: rounds }, () => create()))
    const urls = databases.map((database) => database.url)
    const starts = [startProcess('open', ...urls), startProcess('open', ...urls)]
    for (const start of starts) expect(await start.ended, start.complaints()).toBe(0)
    for (const database of databases) {
      expect(await database.query('select number from schema_migrations')).toHaveLength(migrations.length)
      expect(await database.query('select epoch from installation')).toHaveLength(1)
      await database.drop()
    }
  })

  it('a store that is opened twelve times at once in one process is one installation', async () => {
    const database = await create()
    const stores = await Promise.all(Array.from({ length: 12 }, () => database.open()))
    const epochs = await Promise.all(stores.map((store) => store.feed.epoch()))
    expect(new Set(epochs).size).toBe(1)
    await Promise.all(stores.map((store) => store.close()))
    await database.drop()
  })

  it('a database of the first schema is brought up to this one with all it holds', () =>
    withStore(create, async (store, database) => {
      await seed(store, 'acme')
      await goBackToFirstSchema(database)
      const opened = await database.open()
      expect(await opened.read.keys.find('acme', 'key_1')).toStrictEqual(exampleKey('acme', 'key_1'))
      const [usage] = await database.query('select at, count, rolled from usage_sums')
      expect([usage?.at, usage?.count, usage?.rolled].map(Number)).toEqual([60, 7, 0])
      const limited = exampleKey('acme', 'key_9', { rateLimits: [{ name: 'burst', limit: 1, windowSeconds: 1 }] })
      expect(await opened.dropTime.read()).toMatchObject({ moves: 0, boot: undefined })
      await opened.write((transaction) => transaction.keys.insert(limited))
      expect(await opened.read.keys.find('acme', 'key_9')).toStrictEqual(limited)
      await opened.close()
    }))

  it('clients of before are remembered with what they have and what their keys and tokens were given', () =>
    withStore(create, async (store, database) => {
      await seed(store, 'acme')
      const apiId = 'api_management'
      await store.write(async (transaction) => {
        await transaction.apis.insert(exampleApi('acme', apiId, { audience: 'https://acme.test/v1' }))
        const has = { access: { [apiId]: 'keys:read' }, guards: ['https://a.test'] }
        await transaction.clients.insert(exampleClient('acme', 'client_has', has))
        await transaction.clients.insert(exampleClient('acme', 'client_had', { access: {} }))
        const own = { clientId: 'client_had', apiId } as const
        await transaction.keys.insert(exampleKey('acme', 'key_live', { ...own, scope: 'keys:write' }))
        await transaction.keys.insert(
          exampleKey('acme', 'key_gone', { ...own, scope: 'apis:write', status: 'revoked' }),
        )
        await transaction.tokens.insert(exampleToken('acme', 'jti_live', { ...own, issuedScope: 'audit:read' }))
      })
      await goBackToFirstSchema(database)
      const opened = await database.open()
      const authorityOf = async (id: string) => (await opened.read.clients.find('acme', id))?.authority
      expect(await authorityOf('client_has')).toEqual({ scope: 'keys:read', guards: ['https://a.test'] })
      expect(await authorityOf('client_had')).toEqual({ scope: 'keys:write audit:read', guards: [] })
      expect(await authorityOf('client_1')).toEqual({ scope: '', guards: [] })
      await opened.close()
    }))

  it('a schema that is newer than the program is refused, and left as it is', () =>
    withStore(create, async (_store, database) => {
      await database.execute(`insert into schema_migrations (number, name, applied_at) values (999, 'future', 1)`)
      await expect(database.open()).rejects.toMatchObject({
        name: 'SchemaTooNewError',
        found: 999,
        known: migrations.at(-1)?.number,
      })
      expect(await database.query('select number from schema_migrations')).toHaveLength(migrations.length + 1)
    }))

  it('a lease is one holder’s until it ends or is given back', () =>
    withStore(create, async (store, database) => {
      const other = await database.open()
      expect(await store.takeLease('clean-up', 'a', 60)).toBe(true)
      expect(await other.takeLease('clean-up', 'b', 60)).toBe(false)
      expect(await other.takeLease('rotation', 'b', 60)).toBe(true)
      expect(await store.takeLease('clean-up', 'a', 60)).toBe(true)
      await other.endLease('clean-up', 'b')
      expect(await other.takeLease('clean-up', 'b', 60)).toBe(false)
      await store.endLease('clean-up', 'a')
      expect(await other.takeLease('clean-up', 'b', 1)).toBe(true)
      await setTimeout(2_100)
      expect(await store.takeLease('clean-up', 'a', 60)).toBe(true)
      await other.close()
    }))

  it.each([
    ['a day', 86_400],
    ['a minute', 60],
  ])('a lease that was taken while the database’s clock was %s ahead binds nobody', (_, ahead) =>
    withStore(create, async (store, database) => {
      expect(await store.takeLease('clean-up', 'gone', 60)).toBe(true)
      await database.execute(`update leases set expires_at = expires_at + ${ahead + 2}`)
      expect(await store.takeLease('clean-up', 'a', 60)).toBe(true)
      expect(await store.takeLease('clean-up', 'b', 60)).toBe(false)
    }),
  )

  it('one of fifty that ask for a lease at once gets it', () =>
    withStore(create, async (store, database) => {
      const other = await database.open()
      const asked = Array.from({ length: 50 }, (_, index) =>
        (index % 2 === 0 ? store : other).takeLease('once', `holder ${index}`, 60),
      )
      expect((await Promise.all(asked)).filter(Boolean)).toHaveLength(1)
      await other.close()
    }))

  it('a commit is hinted to every other store within 100 ms, and not to its own, which knows it', () =>
    withStore(create, async (store, database) => {
      await seed(store, 'acme')
      let ownHints = 0
      store.onHint(() => ownHints++)
      const other = await database.open()
      const { promise, resolve } = Promise.withResolvers<void>()
      other.onHint(resolve)
      await setTimeout(100)
      const { promise: hinted } = { promise: promise.then(() => performance.now()) }
      await store.write(async (transaction) => transaction.append(keyChange('acme', 'key_1')))
      const committedAt = performance.now()
      expect((await hinted) - committedAt).toBeLessThan(100)
      await other.write(async (transaction) => transaction.append(keyChange('acme', 'key_1', 2)))
      while (ownHints === 0) await setTimeout(1)
      expect(ownHints).toBe(1)
      await other.close()
    }))

  it('a beat is a commit that says nothing', () =>
    withStore(create, async (store, database) => {
      await store.beat('a process')
      await store.beat('a process')
      expect((await database.query('select process, count from beats')).map(({ count }) => Number(count))).toEqual([2])
      expect((await store.feed.head()).position).toBe(0)
    }))

  it('the load is of what the database has: connections that wait for nobody, or a file on a disk that has room', () =>
    withStore(create, async (store) => {
      await seed(store, 'acme')
      const { connections, disk } = store.load()
      if (store.dialect === 'postgres') {
        expect([connections?.max, connections?.waiting, disk]).toEqual([10, 0, undefined])
        const writing = store.write(async () => store.load().connections?.used)
        expect((await writing).value).toBeGreaterThan(0)
      } else {
        expect(connections).toBeUndefined()
        expect(disk?.usedBytes).toBeGreaterThan(0)
        expect(disk?.freeBytes).toBeGreaterThan(0)
      }
    }))
}

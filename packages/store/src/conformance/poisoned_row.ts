import { expect, it } from 'vitest'
import type { PoisonedRowError } from '../errors.ts'
import type { Store } from '../store.ts'
import { isState } from '../stored_json.ts'
import {
  digestOf,
  exampleApi,
  exampleAudit,
  exampleClient,
  exampleIssuer,
  exampleJwk,
  exampleKey,
  exampleSecret,
  exampleSigningKey,
  exampleToken,
  keyChange,
  seed,
} from './examples.ts'
import type { CreateDatabase } from './test_database.ts'
import { startAt, withStore } from './test_database.ts'

interface Poison {
  readonly table: string
  readonly set: string
  /** Reads the poisoned row itself. */
  readonly read: (store: Store) => unknown
}

const page = { limit: 10 }
const key = (store: Store) => store.read.keys.find('acme', 'key_1')
const token = (store: Store) => store.read.tokens.find('acme', 'jti_1')
const api = (store: Store) => store.read.apis.find('acme', 'api_1')
const client = (store: Store) => store.read.clients.find('acme', 'client_1')
const entry = (store: Store) => store.read.statusEntries.find('acme', 'key', 'key_1')
const credential = (store: Store) => store.lookup.credential('acme', digestOf('key acme key_1'))
const deep = `${'['.repeat(50_000)}${']'.repeat(50_000)}`

const poisons: readonly Poison[] = [
  { table: 'keys', set: `status = 'alive'`, read: key },
  { table: 'keys', set: `status = ''`, read: credential },
  { table: 'keys', set: `environment = 'LIVE'`, read: key },
  { table: 'keys', set: `metadata = '{'`, read: key },
  { table: 'keys', set: `metadata = 'null'`, read: key },
  { table: 'keys', set: `metadata = '[]'`, read: credential },
  { table: 'keys', set: `metadata = '"text"'`, read: key },
  { table: 'keys', set: `metadata = ''`, read: key },
  { table: 'keys', set: `metadata = '{"a":"${'x'.repeat(10_000_000)}"}'`, read: credential },
  { table: 'keys', set: `ip_allow = '"192.0.2.0/24"'`, read: credential },
  { table: 'keys', set: `ip_allow = '[1]'`, read: key },
  { table: 'keys', set: `ip_allow = 'null'`, read: credential },
  { table: 'keys', set: `origin_allow = '{"0":"https://a.example"}'`, read: key },
  { table: 'keys', set: `origin_allow = '${deep}'`, read: credential },
  { table: 'keys', set: `rate_limit = '{"limit":-1,"windowSeconds":1}'`, read: key },
  { table: 'keys', set: `rate_limit = '{"limit":1.5,"windowSeconds":60}'`, read: key },
  { table: 'keys', set: `rate_limit = '{"limit":10}'`, read: credential },
  { table: 'keys', set: `rate_limits = '{"limit":10,"windowSeconds":1}'`, read: credential },
  { table: 'keys', set: `rate_limits = '[{"name":"a\r\nb","limit":1,"windowSeconds":1}]'`, read: key },
  { table: 'keys', set: `expires_at = -1`, read: credential },
  { table: 'keys', set: `version = 0`, read: key },
  { table: 'keys', set: `created_at = 9007199254740992`, read: key },
  { table: 'tokens', set: `lineage = '[{"type":"password","id":"x"}]'`, read: token },
  { table: 'tokens', set: `lineage = '{}'`, read: token },
  { table: 'tokens', set: `inherited = '[{"ipAllow":"*"}]'`, read: token },
  { table: 'tokens', set: `format = 'saml'`, read: token },
  { table: 'apis', set: `scopes = '[{"name":"a"}]'`, read: api },
  { table: 'apis', set: `is_built_in = 2`, read: api },
  { table: 'apis', set: `token_ttl_seconds = -5`, read: api },
  { table: 'clients', set: `guards = '"*"'`, read: client },
  { table: 'clients', set: `type = 'root'`, read: client },
  { table: 'clients', set: `cut_off = -1`, read: client },
  { table: 'status_entries', set: `state = '{"status":"active"}'`, read: entry },
  { table: 'status_entries', set: `type = 'key', state = '{"status":"gone","scope":""}'`, read: entry },
]

export function poisonedRowCases(create: CreateDatabase): void {
  it(`a poisoned row, of ${poisons.length} kinds, fails its own call only and leaves lists whole but for itself`, async () => {
    const reported: PoisonedRowError[] = []
    await withStore(
      create,
      async (store, database) => {
        await fill(store)
        for (const { table, set, read } of poisons) {
          const before = await everything(store)
          await database.execute(`create table kept as select * from ${table} where tenant = 'acme'`)
          const one = table === 'tokens' ? `jti = 'jti_1'` : `id in ('key_1', 'api_1', 'client_1')`
          await database.execute(`update ${table} set ${set} where tenant = 'acme' and ${one}`)
          const outcome = (async () => read(store))()
          await expect(outcome, set.slice(0, 80)).rejects.toMatchObject({ name: 'PoisonedRowError', table })
          expect(await everything(store)).toEqual(before)
          if (table !== 'status_entries') await expectListed(store, table)
          await restore(database.execute, table)
        }
        expect(reported.length).toBeGreaterThan(20)
      },
      { onPoisonedRow: (error) => reported.push(error) },
    )
  })

  it('a poisoned key is revoked with all others of its client or its subject', () =>
    withStore(create, async (store, database) => {
      await fill(store)
      const damage = `set metadata = '{', subject = 'ann' where tenant = 'acme' and id = 'key_1'`
      await database.execute(`update keys ${damage}`)
      const { value } = await store.write(({ keys }) => keys.revokeBySubject('acme', 'ann', startAt))
      expect(value).toEqual([{ id: 'key_1', clientId: 'client_1', version: 2 }])
      await database.execute(`update keys set metadata = '{}' where tenant = 'acme' and id = 'key_1'`)
      expect(await store.read.keys.find('acme', 'key_1')).toMatchObject({ status: 'revoked' })
    }))

  it('an unreadable status entry of every type counts as revoked in a snapshot, never as absent', () =>
    withStore(create, async (store, database) => {
      await fill(store)
      for (const type of Object.keys(isState)) {
        const set = `set type = '${type}', state = '{'`
        await database.execute(`update status_entries ${set} where id = 'key_1' and tenant = 'acme'`)
        const { entries } = await store.feed.snapshot('acme')
        expect(entries.find((each) => each.id === 'key_1')).toMatchObject({ type, state: { status: 'revoked' } })
        expect(entries.find((each) => each.id === 'key_2')?.state.status).toBe('active')
      }
    }))

  it('rows that hang on a client are left out of its lists alone', () =>
    withStore(create, async (store, database) => {
      await fill(store)
      await store.write(async (transaction) => {
        await transaction.signingKeys.insert(exampleSigningKey('acme', 'bad'))
        await transaction.signingKeys.insert(exampleSigningKey('acme', 'good'))
        await transaction.issuers.insert(exampleIssuer('acme', 'bad', { issuer: 'bad' }))
        await transaction.issuers.insert(exampleIssuer('acme', 'good'))
        await transaction.clients.insertJwk(exampleJwk('acme', 'client_1', 'bad'))
        await transaction.clients.insertJwk(exampleJwk('acme', 'client_1', 'good'))
        transaction.append({ tenant: 'acme', audit: exampleAudit('bad') })
      })
      await database.execute(`update signing_keys set public_jwk = '[]' where kid = 'bad'`)
      await database.execute(`update issuers set rules = '[{"when":{}}]' where id = 'bad'`)
      await database.execute(`update client_jwks set public_jwk = '1' where kid = 'bad'`)
      await database.execute(`update audit set actor = '{"kind":"god"}' where object_id = 'bad'`)
      expect((await store.read.signingKeys.list('acme')).map((each) => each.kid)).toEqual(['good'])
      expect((await store.read.signingKeys.listAll()).map((each) => each.kid)).toEqual(['good'])
      expect((await store.read.issuers.list('acme', { limit: 5 })).map((each) => each.id)).toEqual(['good'])
      expect((await store.read.issuers.listDue(startAt + 900, 5)).map((each) => each.id)).toEqual(['good'])
      await expect(store.read.issuers.find('acme', 'bad')).rejects.toMatchObject({ name: 'PoisonedRowError' })
      expect((await store.read.clients.jwks('acme', 'client_1')).map((each) => each.kid)).toEqual(['good'])
      expect((await store.read.audit.list('acme', {}, { limit: 1 })).map((each) => each.objectId)).toEqual(['key_2'])
      expect(await store.lookup.publicKey('acme', 'client_1', 'good')).toBeDefined()
    }))
}

async function fill(store: Store): Promise<void> {
  await seed(store, 'acme', 'other')
  await store.write(async (transaction) => {
    for (const tenant of ['acme', 'other']) {
      await transaction.apis.insert(exampleApi(tenant, 'api_2'))
      await transaction.clients.insert(exampleClient(tenant, 'client_2', { access: { api_2: 'a' } }))
      await transaction.clients.insertSecret(exampleSecret(tenant, 'client_2', 'secret_2'))
      await transaction.keys.insert(exampleKey(tenant, 'key_2', { clientId: 'client_2', apiId: 'api_2' }))
      const mine = { clientId: 'client_2', apiId: 'api_2' }
      await transaction.tokens.insert(exampleToken(tenant, 'jti_1'))
      await transaction.tokens.insert(exampleToken(tenant, 'jti_2', mine))
      transaction.append(keyChange(tenant, 'key_1'))
      transaction.append(keyChange(tenant, 'key_2'))
    }
  })
}

/** Reads that do not need the poisoned row: other objects of the tenant, and the same object of another tenant. */
async function everything(store: Store) {
  const own = [
    await store.read.keys.find('acme', 'key_2'),
    await store.read.tokens.find('acme', 'jti_2'),
    await store.read.apis.find('acme', 'api_2'),
    await store.read.clients.find('acme', 'client_2'),
    await store.lookup.credential('acme', digestOf('key acme key_2')),
    await store.lookup.credential('acme', digestOf('token acme jti_2')),
    await store.lookup.clientSecret('acme', exampleSecret('acme', 'client_2', 'secret_2').digest),
    await store.read.statusEntries.find('acme', 'key', 'key_2'),
    await store.feed.after('acme', 0, 10),
  ]
  const others = [
    await store.read.keys.list('other', { now: startAt }, page),
    await store.read.tokens.list('other', {}, page),
    await store.read.apis.list('other', page),
    await store.read.clients.list('other', page),
    await store.lookup.credential('other', digestOf('key other key_1')),
    await store.feed.snapshot('other'),
  ]
  expect(own).not.toContain(undefined)
  return [own, others]
}

/** Pages have two rows, though one of the two is poisoned. */
async function expectListed(store: Store, table: string): Promise<void> {
  const short = { limit: 1 }
  const lists: { readonly [table: string]: () => Promise<readonly object[]> } = {
    keys: () => store.read.keys.list('acme', { now: startAt }, short),
    tokens: () => store.read.tokens.list('acme', {}, short),
    apis: () => store.read.apis.list('acme', short),
    clients: () => store.read.clients.list('acme', short),
  }
  expect(await lists[table]!()).toHaveLength(1)
}

async function restore(execute: (sql: string) => Promise<void>, table: string): Promise<void> {
  const columns = ['clients', 'apis'].includes(table) ? sharedColumns[table]! : undefined
  if (columns === undefined) {
    await execute(`delete from ${table} where tenant = 'acme'`)
    await execute(`insert into ${table} select * from kept`)
  } else {
    // Other rows refer to these, so they are repaired in place.
    for (const column of columns) {
      await execute(`update ${table} set ${column} = (select ${column} from kept where kept.id = ${table}.id)
        where tenant = 'acme'`)
    }
  }
  await execute('drop table kept')
}

const sharedColumns: { readonly [table: string]: readonly string[] } = {
  clients: ['guards', 'type', 'cut_off'],
  apis: ['scopes', 'is_built_in', 'token_ttl_seconds'],
}

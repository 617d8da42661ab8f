import type { CredentialRecord } from '@countersign/core'
import { expect, it } from 'vitest'
import type { Store } from '../store.ts'
import {
  digestOf,
  exampleApi,
  exampleAudit,
  exampleClient,
  exampleIdempotency,
  exampleJwk,
  exampleKey,
  examplePosition,
  exampleSecret,
  exampleSigningKey,
  exampleTenant,
  exampleToken,
  keyChange,
  keySubject,
  seed,
} from './examples.ts'
import type { CreateDatabase } from './test_database.ts'
import { moveDropTime, startAt, withStore } from './test_database.ts'

/** Every method of every repository, and what is read back is what was written. */
export function repositoryCases(create: CreateDatabase): void {
  it('a tenant is read back by id and slug, updated, and leaves its slug taken when it is deleted', () =>
    withStore(create, async (store) => {
      await seed(store, 'acme', 'other')
      const changed = exampleTenant('acme', { name: 'Changed', status: 'disabled', version: 2 })
      await store.write((transaction) => transaction.tenants.update(changed))
      expect(await store.read.tenants.find('acme')).toEqual(changed)
      expect(await store.read.tenants.findBySlug('slug-acme')).toEqual(changed)
      expect((await store.read.tenants.list({ limit: 10 })).map((tenant) => tenant.id)).toEqual(['acme', 'other'])

      await store.write((transaction) => transaction.tenants.delete('acme'))
      expect(await store.read.tenants.find('acme')).toBeUndefined()
      expect(await store.read.keys.find('acme', 'key_1')).toBeUndefined()
      expect(await store.read.keys.find('other', 'key_1')).toBeDefined()
      const reuse = exampleTenant('fresh', { slug: 'slug-acme' })
      await expect(store.write((transaction) => transaction.tenants.insert(reuse))).rejects.toMatchObject({
        name: 'ConflictError',
        what: 'slug',
      })
    }))

  it('an API is read back by id and audience with scopes and document, and its audience is taken', () =>
    withStore(create, async (store) => {
      await seed(store, 'acme')
      const api = exampleApi('acme', 'api_2', { isBuiltIn: true, tokenFormat: 'opaque', scopes: [] })
      await store.write(async (transaction) => {
        await transaction.apis.insert(api)
        await transaction.apis.setCreatedSequence('acme', 'api_2', 42)
        for (const text of ['first', 'openapi: 3.1.0']) {
          await transaction.apis.saveDocument({
            tenant: 'acme',
            apiId: 'api_2',
            text,
            description: { operations: [text] },
            importedAt: startAt,
          })
        }
      })
      expect(await store.read.apis.find('acme', 'api_2')).toEqual({ ...api, createdSequence: 42 })
      expect(await store.read.apis.findByAudience('acme', api.audience)).toEqual({ ...api, createdSequence: 42 })
      expect(await store.read.apis.findDocument('acme', 'api_2')).toMatchObject({
        text: 'openapi: 3.1.0',
        description: { operations: ['openapi: 3.1.0'] },
      })
      const scopes = [{ name: 'a:b', description: '', source: 'document' as const }]
      const changed = { ...api, scopes, createdSequence: 42, version: 2 }
      await store.write((transaction) => transaction.apis.update(changed))
      expect(await store.read.apis.find('acme', 'api_2')).toEqual(changed)
      expect((await store.read.apis.list('acme', { limit: 5 })).map((each) => each.id)).toEqual(['api_1', 'api_2'])
      const twin = exampleApi('acme', 'api_3', { audience: api.audience })
      await expect(store.write((transaction) => transaction.apis.insert(twin))).rejects.toMatchObject({
        what: 'audience',
      })
    }))

  it('deleting an API takes it out of every access and revokes its keys and tokens', () =>
    withStore(create, async (store) => {
      await seed(store, 'acme', 'other')
      await store.write(async (transaction) => {
        await transaction.clients.insert(exampleClient('acme', 'client_2', { access: { api_1: 'a', api_2: 'b' } }))
        await transaction.clients.insert(exampleClient('acme', 'client_3', { access: { api_2: 'b' } }))
        await transaction.tokens.insert(exampleToken('acme', 'jti_1'))
        await transaction.keys.insert(exampleKey('acme', 'key_2', { apiId: 'api_2' }))
        const document = { tenant: 'acme', apiId: 'api_1', text: '', description: null, importedAt: startAt }
        await transaction.apis.saveDocument(document)
      })
      const { value } = await store.write((transaction) => transaction.apis.delete('acme', 'api_1'))
      expect(value).toEqual({ clientIds: ['client_1', 'client_2'] })
      expect(await store.read.clients.find('acme', 'client_2')).toMatchObject({ access: { api_2: 'b' }, version: 2 })
      expect(await store.read.clients.find('acme', 'client_3')).toMatchObject({ version: 1 })
      expect(await store.read.keys.find('acme', 'key_1')).toMatchObject({ status: 'revoked', version: 2 })
      expect(await store.read.keys.find('acme', 'key_2')).toMatchObject({ status: 'active', version: 1 })
      expect(await store.read.tokens.find('acme', 'jti_1')).toMatchObject({ status: 'revoked', version: 2 })
      expect(await store.read.apis.find('acme', 'api_1')).toBeUndefined()
      expect(await store.read.apis.findDocument('acme', 'api_1')).toBeUndefined()
      expect(await store.read.keys.find('other', 'key_1')).toEqual(exampleKey('other', 'key_1'))
    }))

  it('a client is read back with access, secrets and keys, and none of them outlives it', () =>
    withStore(create, async (store) => {
      await seed(store, 'acme')
      const client = exampleClient('acme', 'client_2', { access: { api_1: 'a', api_2: 'b c' }, guards: ['*'] })
      await store.write(async (transaction) => {
        await transaction.clients.insert(client)
        await transaction.clients.insertSecret(exampleSecret('acme', 'client_2', 'secret_1'))
        await transaction.clients.insertSecret(exampleSecret('acme', 'client_2', 'secret_2'))
        await transaction.clients.insertJwk(exampleJwk('acme', 'client_2', 'kid_1'))
        await transaction.clients.insertJwk(exampleJwk('acme', 'client_2', 'kid_2'))
        await transaction.clients.setCutOff('acme', 'client_2', 12)
      })
      expect(await store.read.clients.find('acme', 'client_2')).toEqual({ ...client, cutOff: 12 })
      const byApi = (apiId: string) => store.read.clients.listByApi('acme', apiId, { limit: 10 })
      expect((await byApi('api_1')).map((each) => each.id)).toEqual(['client_1', 'client_2'])
      expect(await byApi('api_2')).toEqual([{ ...client, cutOff: 12 }])

      const changed = { ...client, access: { api_3: 'd' }, cutOff: 12, version: 2 }
      await store.write((transaction) => transaction.clients.update(changed))
      expect(await store.read.clients.find('acme', 'client_2')).toEqual(changed)
      expect(await byApi('api_2')).toEqual([])

      await store.write((transaction) => transaction.clients.deleteJwk('acme', 'client_2', 'kid_1'))
      expect(await store.read.clients.jwks('acme', 'client_2')).toEqual([exampleJwk('acme', 'client_2', 'kid_2')])
      await store.write((transaction) => transaction.clients.delete('acme', 'client_2'))
      expect(await store.read.clients.find('acme', 'client_2')).toBeUndefined()
      expect(await store.read.clients.jwks('acme', 'client_2')).toEqual([])
      expect(await store.read.clients.secrets('acme', 'client_2')).toEqual([])
      expect(await store.read.clients.find('acme', 'client_1')).toBeDefined()
    }))

  it('the grace of a client secret is never extended, and the excepted one stays current', () =>
    withStore(create, async (store) => {
      await seed(store, 'acme')
      const expire = (at: number, exceptId?: string) =>
        store.write((transaction) => transaction.clients.expireSecrets('acme', 'client_1', at, exceptId))
      for (const id of ['s1', 's2', 's3']) {
        await store.write((transaction) => transaction.clients.insertSecret(exampleSecret('acme', 'client_1', id)))
      }
      expect(await expire(startAt + 50, 's3')).toMatchObject({ value: 2 })
      expect(await expire(startAt + 90, 's3')).toMatchObject({ value: 0 })
      expect(await expire(startAt + 20, 's3')).toMatchObject({ value: 2 })
      const secrets = await store.read.clients.secrets('acme', 'client_1')
      expect(secrets.map((secret) => secret.expiresAt)).toEqual([startAt + 20, startAt + 20, undefined])
      const deleted = await store.write((transaction) => transaction.clients.deleteSecrets('acme', 'client_1'))
      expect(deleted.value).toBe(3)
    }))

  it('a key is read back by id and digest with every optional member, present or absent', () =>
    withStore(create, async (store) => {
      await seed(store, 'acme')
      const key = exampleKey('acme', 'key_2', {
        expiresAt: startAt + 10,
        lifeSeconds: 10,
        metadata: { nul: 'a\0b', half: '\ud800', ['__proto__']: 1, deep: [{ a: null }] },
        ipAllow: ['192.0.2.0/24', '2001:db8::/32'],
        originAllow: [],
        rateLimit: { limit: 0, windowSeconds: 60 },
        rateLimits: [{ name: 'burst', limit: 9, windowSeconds: 1 }],
        rolledFrom: 'key_1',
        environment: 'test',
      })
      await store.write((transaction) => transaction.keys.insert(key))
      expect(await store.read.keys.find('acme', 'key_2')).toEqual(key)
      expect(await store.read.keys.findByDigest('acme', key.digest)).toEqual(key)
      expect(await store.read.keys.find('acme', 'key_1')).toStrictEqual(exampleKey('acme', 'key_1'))
      const changed = exampleKey('acme', 'key_2', { scope: 'orders:write', version: 2 })
      await store.write((transaction) => transaction.keys.update(changed))
      expect(await store.read.keys.find('acme', 'key_2')).toStrictEqual(changed)
      const twin = exampleKey('acme', 'key_3', { digest: key.digest })
      const insert = (id: string, digest: string) =>
        store.write((transaction) => transaction.keys.insert({ ...twin, id, digest }))
      await expect(insert('key_3', changed.digest)).rejects.toMatchObject({ what: 'digest' })
      await expect(insert('key_2', digestOf('new'))).rejects.toMatchObject({ what: 'id' })
    }))

  it('limits of a client and an API are read back, and a look-up of their credentials brings the client’s', () =>
    withStore(create, async (store) => {
      await seed(store, 'acme')
      const rateLimit = { limit: 5, windowSeconds: 1 }
      const rateLimits = [{ name: 'day', limit: 9, windowSeconds: 86_400 }]
      const client = exampleClient('acme', 'client_2', { rateLimit, rateLimits })
      const api = exampleApi('acme', 'api_2', { rateLimits })
      const key = exampleKey('acme', 'key_2', { clientId: 'client_2', rateLimits })
      const token = exampleToken('acme', 'jti_2', { clientId: 'client_2' })
      await store.write(async (transaction) => {
        await transaction.clients.insert(client)
        await transaction.apis.insert(api)
        await transaction.keys.insert(key)
        await transaction.tokens.insert(token)
        await transaction.clients.insertJwk(exampleJwk('acme', 'client_2', 'kid_1'))
      })
      const clientRateLimits = [{ name: 'default', ...rateLimit }, ...rateLimits]
      expect(await store.read.clients.find('acme', 'client_2')).toStrictEqual(client)
      expect(await store.read.apis.find('acme', 'api_2')).toStrictEqual(api)
      expect(await store.lookup.credential('acme', key.digest)).toMatchObject({ rateLimits, clientRateLimits })
      expect(await store.lookup.credential('acme', token.digest!)).toMatchObject({ clientRateLimits })
      expect(await store.lookup.publicKey('acme', 'client_2', 'kid_1')).toMatchObject({ clientRateLimits })
      const { rateLimit: _, rateLimits: __, ...unlimited } = client
      await store.write((transaction) => transaction.clients.update({ ...unlimited, version: 2 }))
      expect(await store.lookup.credential('acme', key.digest)).not.toHaveProperty('clientRateLimits')
    }))

  it('every key has exactly one status at every moment', () =>
    withStore(create, async (store) => {
      await seed(store, 'acme')
      await store.write(async (transaction) => {
        for (const status of ['active', 'disabled', 'revoked'] as const) {
          await transaction.keys.insert(exampleKey('acme', `${status}_ends`, { status, expiresAt: startAt + 10 }))
          await transaction.keys.insert(exampleKey('acme', `${status}_stays`, { status, clientId: 'client_2' }))
        }
      })
      const list = async (status: 'active' | 'disabled' | 'revoked' | 'expired', now: number, clientId?: string) => {
        const filter = { status, now, ...(clientId === undefined ? {} : { clientId }) }
        return (await store.read.keys.list('acme', filter, { limit: 100 })).map((key) => key.id)
      }
      expect(await list('active', startAt + 9.5)).toEqual(['active_ends', 'active_stays', 'key_1'])
      expect(await list('expired', startAt + 9.5)).toEqual([])
      expect(await list('active', startAt + 10)).toEqual(['active_stays', 'key_1'])
      expect(await list('expired', startAt + 10)).toEqual(['active_ends'])
      expect(await list('disabled', startAt + 10)).toEqual(['disabled_ends', 'disabled_stays'])
      expect(await list('revoked', startAt + 10, 'client_2')).toEqual(['revoked_stays'])
    }))

  it('revoking by client touches what is not revoked of this client only, and names it', () =>
    withStore(create, async (store) => {
      await seed(store, 'acme', 'other')
      await store.write(async (transaction) => {
        await transaction.keys.insert(exampleKey('acme', 'key_2', { status: 'disabled' }))
        await transaction.keys.insert(exampleKey('acme', 'key_3', { status: 'revoked', version: 4 }))
        await transaction.keys.insert(exampleKey('acme', 'key_4', { clientId: 'client_2' }))
        await transaction.tokens.insert(exampleToken('acme', 'jti_1'))
        await transaction.tokens.insert(exampleToken('acme', 'jti_2', { clientId: 'client_2' }))
      })
      const { value } = await store.write(async (transaction) => [
        await transaction.keys.revokeByClient('acme', 'client_1', startAt + 5),
        await transaction.tokens.revokeByClient('acme', 'client_1', startAt + 5),
      ])
      expect(value).toEqual([['key_1', 'key_2'], ['jti_1']])
      expect(await store.read.keys.find('acme', 'key_2')).toMatchObject({
        status: 'revoked',
        version: 2,
        updatedAt: startAt + 5,
      })
      expect(await store.read.keys.find('acme', 'key_3')).toMatchObject({ version: 4 })
      expect(await store.read.keys.find('acme', 'key_4')).toMatchObject({ status: 'active' })
      expect(await store.read.tokens.find('acme', 'jti_2')).toMatchObject({ status: 'active' })
      expect(await store.read.keys.find('other', 'key_1')).toMatchObject({ status: 'active' })
    }))

  it('a token is read back by jti and digest, and several may have no digest', () =>
    withStore(create, async (store) => {
      await seed(store, 'acme')
      const opaque = exampleToken('acme', 'jti_1', {
        rateLimit: { limit: 5, windowSeconds: 1 },
        rateLimits: [{ name: 'burst', limit: 9, windowSeconds: 1 }],
        environment: 'test',
      })
      const { digest: _digest, prefix: _prefix, ...jwt } = exampleToken('acme', 'jti_2', { format: 'jwt' })
      await store.write(async (transaction) => {
        await transaction.tokens.insert(opaque)
        await transaction.tokens.insert(jwt)
        await transaction.tokens.insert({ ...jwt, jti: 'jti_3', clientId: 'client_2' })
      })
      expect(await store.read.tokens.findByDigest('acme', opaque.digest!)).toStrictEqual(opaque)
      expect(await store.read.tokens.find('acme', 'jti_2')).toStrictEqual(jwt)
      const changed = { ...jwt, scope: '', expiresAt: startAt + 1, version: 2 }
      await store.write((transaction) => transaction.tokens.update(changed))
      expect(await store.read.tokens.find('acme', 'jti_2')).toStrictEqual(changed)
      const list = async (filter: { clientId?: string }) =>
        (await store.read.tokens.list('acme', filter, { limit: 10 })).map((token) => token.jti)
      expect(await list({})).toEqual(['jti_1', 'jti_2', 'jti_3'])
      expect(await list({ clientId: 'client_2' })).toEqual(['jti_3'])
    }))

  it('a signing key is read back with its sealed half, which the list of all tenants leaves out', () =>
    withStore(create, async (store) => {
      const key = exampleSigningKey('acme', 'kid_1')
      await store.write(async (transaction) => {
        await transaction.signingKeys.insert(key)
        await transaction.signingKeys.insert(exampleSigningKey('other', 'kid_1'))
      })
      expect(await store.read.signingKeys.list('acme')).toStrictEqual([key])
      const { sealedPrivateJwk: _sealed, ...publicHalf } = key
      expect(await store.read.signingKeys.listAll()).toStrictEqual([publicHalf, { ...publicHalf, tenant: 'other' }])
      const retired = { ...publicHalf, retiredAt: startAt + 1, leavesAt: startAt + 2, status: 'revoked' as const }
      await store.write((transaction) => transaction.signingKeys.update({ ...retired, version: 2 }))
      expect(await store.read.signingKeys.list('acme')).toStrictEqual([{ ...retired, version: 2 }])
      await store.write((transaction) => transaction.signingKeys.delete('acme', 'kid_1'))
      expect(await store.read.signingKeys.list('acme')).toEqual([])
    }))

  it('an idempotency record is kept once until it expires, and a running one takes its answer', () =>
    withStore(create, async (store) => {
      const record = exampleIdempotency('acme')
      const { status: _status, sealedAnswer: _answer, ...running } = record
      const insert = (it: typeof running) => store.write((transaction) => transaction.idempotency.insert(it))
      const find = async (now: number) =>
        (await store.write((transaction) => transaction.idempotency.find(record, now))).value
      await insert(running)
      expect(await find(startAt)).toStrictEqual(running)
      await expect(insert(running)).rejects.toMatchObject({ name: 'ConflictError', what: 'key' })
      await expect(insert({ ...record, bodyDigest: digestOf('another') })).rejects.toThrow('already taken')
      await insert(record)
      expect(await find(startAt)).toStrictEqual(record)
      await expect(insert(record)).rejects.toThrow('already taken')
      expect(await find(record.expiresAt)).toBeUndefined()
      const later = { ...record, createdAt: record.expiresAt, expiresAt: record.expiresAt + 5, status: 200 }
      await insert(later)
      expect(await find(record.expiresAt)).toStrictEqual(later)
    }))

  it('the position of a verifier is its last one', () =>
    withStore(create, async (store) => {
      await store.savePositions([examplePosition('acme', 'key_1:b', 3), examplePosition('acme', 'key_1:a', 1)])
      await store.savePositions([examplePosition('acme', 'key_1:a', 2)])
      expect(await store.read.verifierPositions.list('acme')).toEqual([
        examplePosition('acme', 'key_1:a', 2),
        examplePosition('acme', 'key_1:b', 3),
      ])
    }))

  it('the audit log is read newest first, by object or action', () =>
    withStore(create, async (store) => {
      await store.write(async (transaction) => {
        transaction.append({ tenant: 'acme', audit: exampleAudit('key_1') })
        transaction.append({ tenant: 'acme', audit: exampleAudit('key_2', { action: 'key.create' }) })
        transaction.append({ tenant: 'acme', audit: exampleAudit('key_1', { action: 'key.create' }) })
      })
      const list = async (filter: { objectId?: string; action?: string }, after?: number) => {
        const page = { limit: 2, ...(after === undefined ? {} : { after }) }
        return (await store.read.audit.list('acme', filter, page)).map((event) => event.sequence)
      }
      expect([await list({}), await list({}, 2), await list({ objectId: 'key_1' })]).toEqual([[3, 2], [1], [3, 1]])
      expect(await list({ objectId: 'key_1', action: 'key.create' })).toEqual([3])
      expect((await store.read.audit.list('acme', {}, { limit: 1 }))[0]).toMatchObject(
        exampleAudit('key_1', { action: 'key.create' }),
      )
    }))

  it('live entries about a client count, by its own tokens and by those issued to it', () =>
    withStore(create, async (store) => {
      await seed(store, 'acme')
      const state = { status: 'revoked' as const }
      await store.write(async (transaction) => {
        await transaction.tokens.insert(exampleToken('acme', 'kept'))
        const token = (id: string, dropAt: number) => ({ type: 'token' as const, id, version: 1, state, dropAt })
        const own = (id: string) => ({ ...token(id, startAt + 1_000), type: 'client_token' as const })
        const audit = exampleAudit('x')
        transaction.append({
          tenant: 'acme',
          audit,
          subjects: () => [token('kept', startAt + 1_000), own('client_1 a'), own('client_1 b c'), own('client_12 a')],
        })
        transaction.append({
          tenant: 'acme',
          audit,
          clientId: 'client_1',
          subjects: () => [token('not kept', startAt + 2_000)],
        })
      })
      const count = (type: 'token' | 'client_token') => store.read.statusEntries.count('acme', type, 'client_1')
      expect([await count('token'), await count('client_token')]).toEqual([2, 2])
      await moveDropTime(store, startAt + 1_000)
      expect([await count('token'), await count('client_token')]).toEqual([1, 0])
    }))

  it('a look-up gives what a verifier needs in one read', () => withStore(create, lookups))

  it('the newest keys come page by page, each once and as its look-up gives it, without those revoked', () =>
    withStore(create, async (store) => {
      await seed(store, 'acme', 'other')
      await store.write(async (transaction) => {
        for (let index = 0; index < 25; index++) {
          const status = index % 5 === 0 ? 'revoked' : index % 5 === 1 ? 'disabled' : 'active'
          // Several of one second: the id decides between them.
          const key = exampleKey('acme', `more_${index}`, { status, createdAt: startAt + Math.floor(index / 7) })
          await transaction.keys.insert(key)
          transaction.append(keyChange('acme', key.id))
        }
      })
      const found: { readonly digest: string; readonly record: CredentialRecord }[] = []
      let before: Parameters<Store['lookup']['newestKeys']>[1]
      do {
        const page = await store.lookup.newestKeys('acme', before, 4)
        found.push(...page.keys)
        before = page.last
      } while (before !== undefined)
      expect(found).toHaveLength(21)
      expect(new Set(found.map(({ record }) => record.id)).size).toBe(21)
      expect(found[0]?.record.id).toBe('more_24')
      for (const { digest, record } of found) expect(await store.lookup.credential('acme', digest)).toEqual(record)
    }))

  it('a transaction sees what it wrote, and readers do not before it commits', () =>
    withStore(create, async (store) => {
      await seed(store, 'acme')
      await store.write(async (transaction) => {
        await transaction.keys.insert(exampleKey('acme', 'key_2'))
        transaction.append(keyChange('acme', 'key_2'))
        expect(await transaction.keys.find('acme', 'key_2')).toBeDefined()
        expect(await store.read.keys.find('acme', 'key_2')).toBeUndefined()
        expect(await store.lookup.credential('acme', exampleKey('acme', 'key_2').digest)).toBeUndefined()
        expect(await store.feed.place('acme')).toMatchObject({ sequence: 0 })
      })
      expect(await store.read.keys.find('acme', 'key_2')).toBeDefined()
      expect(await store.read.statusEntries.find('acme', 'key', 'key_2')).toMatchObject(keySubject('key_2'))
      await store.ping()
    }))
}

async function lookups(store: Store): Promise<void> {
  await seed(store, 'acme', 'other')
  const token = exampleToken('acme', 'jti_1', { scope: 'narrow', expiresAt: startAt + 1, apiId: 'api_1' })
  await store.write(async (transaction) => {
    await transaction.tokens.insert(token)
    await transaction.clients.insertSecret(exampleSecret('acme', 'client_1', 'secret_1'))
    await transaction.clients.insertJwk(exampleJwk('acme', 'client_1', 'kid_1'))
    await transaction.clients.update(exampleClient('acme', 'client_1', { status: 'disabled', version: 2 }))
    await transaction.clients.insert(exampleClient('acme', 'client_2', { access: {} }))
    await transaction.keys.insert(exampleKey('acme', 'key_2', { clientId: 'client_2', ipAllow: ['::1/128'] }))
  })
  const { credential, publicKey, clientSecret, client } = store.lookup
  const common = { clientId: 'client_1', apiId: 'api_1', audience: 'https://api_1.example', clientStatus: 'disabled' }
  expect(await credential('acme', exampleKey('acme', 'key_1').digest)).toEqual({
    ...common,
    kind: 'api_key',
    id: 'key_1',
    version: 1,
    prefix: 'cs',
    subject: 'client_1',
    scope: 'orders:read',
    status: 'active',
    environment: 'live',
    metadata: {},
    limitId: 'key_1',
    lineage: [],
    inherited: [],
    access: 'orders:read orders:write',
  })
  expect(await credential('acme', exampleKey('acme', 'key_2').digest)).toMatchObject({
    clientStatus: 'active',
    access: null,
    ipAllow: ['::1/128'],
  })
  expect(await credential('acme', token.digest!)).toEqual({
    ...common,
    kind: 'access_token',
    id: 'jti_1',
    version: 1,
    prefix: 'cs',
    subject: 'client_1',
    scope: 'narrow',
    expiresAt: startAt + 1,
    status: 'active',
    metadata: {},
    limitId: 'key_1',
    lineage: token.lineage,
    inherited: token.inherited,
    position: 7,
    access: 'orders:read orders:write',
  })
  expect(await publicKey('acme', 'client_1', 'kid_1')).toEqual({
    clientId: 'client_1',
    kid: 'kid_1',
    thumbprint: digestOf('kid_1'),
    alg: 'ES256',
    publicJwk: exampleJwk('acme', 'client_1', 'kid_1').publicJwk,
    lifeSecondsMax: 3600,
    clientStatus: 'disabled',
    access: { api_1: 'orders:read orders:write' },
    metadata: { team: 'blue' },
  })
  const secret = exampleSecret('acme', 'client_1', 'secret_1')
  const disabled = exampleClient('acme', 'client_1', { status: 'disabled', version: 2 })
  expect(await clientSecret('acme', secret.digest)).toEqual({ ...secret, client: disabled })
  expect(await client('acme', 'client_1')).toEqual(disabled)
  for (const tenant of ['other', 'nobody']) {
    expect(await credential(tenant, token.digest!)).toBeUndefined()
    expect(await credential(tenant, exampleKey('acme', 'key_1').digest)).toBeUndefined()
    expect(await publicKey(tenant, 'client_1', 'kid_1')).toBeUndefined()
    expect(await clientSecret(tenant, secret.digest)).toBeUndefined()
  }
}

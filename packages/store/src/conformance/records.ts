import { expect, it } from 'vitest'
import type { Api } from '../records/api.ts'
import {
  digestOf,
  exampleApi,
  exampleAudit,
  exampleClient,
  exampleIdempotency,
  exampleKey,
  examplePosition,
  exampleSigningKey,
  exampleTenant,
  exampleToken,
  keyChange,
  keyObject,
  seed,
} from './examples.ts'
import type { CreateDatabase } from './test_database.ts'
import { startAt, withStore } from './test_database.ts'

/** The records that no other list of cases is about: each is read back as it was written. */
export function recordCases(create: CreateDatabase): void {
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
      const api = exampleApi('acme', 'api_2', {
        isBuiltIn: true,
        tokenFormat: 'opaque',
        scopes: [],
        credentialHeaders: ['X-Partner-Key'],
        callUrl: 'https://orders.internal',
        resources: ['https://orders.test', 'https://orders.test/v2'],
      })
      await store.write(async (transaction) => {
        await transaction.apis.insert(api)
        await transaction.apis.setCreatedSequence('acme', 'api_2', 42)
        for (const text of ['first', 'openapi: 3.1.0']) {
          await transaction.apis.saveDocument({
            tenant: 'acme',
            apiId: 'api_2',
            text,
            isJson: text === 'first',
            description: { operations: [text] },
            importedAt: startAt,
          })
        }
      })
      expect(await store.read.apis.find('acme', 'api_2')).toEqual({ ...api, createdSequence: 42 })
      expect(await store.read.apis.findByAudience('acme', api.audience)).toEqual({ ...api, createdSequence: 42 })
      expect(await store.read.apis.findDescription('acme', 'api_2')).toEqual({
        description: { operations: ['openapi: 3.1.0'] },
        importedAt: startAt,
      })
      const alone = { text: 'openapi: 3.1.0', isJson: false }
      expect(await store.read.apis.findDocumentText('acme', 'api_2')).toEqual(alone)
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

  it('an audience and a resource have one API in the tenant, with or without the path /; changed and deleted they are free', () =>
    withStore(create, async (store) => {
      await seed(store, 'acme', 'other')
      const insert = (api: Api) => store.write(({ apis }) => apis.insert(api))
      const api = exampleApi('acme', 'api_2', { audience: 'urn:orders', resources: ['https://a.test', 'urn:b'] })
      await insert(api)
      for (const name of ['urn:orders', 'https://a.test', 'https://a.test/', 'urn:b']) {
        expect((await store.read.apis.findByResource('acme', name))?.id, name).toBe('api_2')
        expect(await store.read.apis.findByResource('other', name)).toBeUndefined()
        const one = exampleApi('acme', 'api_3', { audience: 'urn:x', resources: [name] })
        await expect(insert(one), name).rejects.toMatchObject({ what: 'resource' })
        const what = expect.stringMatching(/^(audience|resource)$/)
        await expect(insert(exampleApi('acme', 'api_3', { audience: name })), name).rejects.toMatchObject({ what })
      }
      for (const name of ['https://a.test/x', 'https://A.test', 'https://a.test:443', 'urn:b/'])
        expect(await store.read.apis.findByResource('acme', name), name).toBeUndefined()
      await insert({ ...api, tenant: 'other' })
      await store.write(({ apis }) => apis.update({ ...api, resources: ['urn:c'], version: 2 }))
      expect(await store.read.apis.findByResource('acme', 'urn:b')).toBeUndefined()
      await insert(exampleApi('acme', 'api_3', { audience: 'https://a.test/', resources: ['urn:b'] }))
      const taken = store.write(({ apis }) => apis.update({ ...api, resources: ['urn:b'], version: 3 }))
      await expect(taken).rejects.toMatchObject({ what: 'resource' })
      await store.write(({ apis }) => apis.delete('acme', 'api_3'))
      await store.write(({ apis }) => apis.update({ ...api, resources: ['urn:b', 'https://a.test'], version: 3 }))
    }))

  it('deleting an API takes it out of every access and revokes its keys and tokens', () =>
    withStore(create, async (store) => {
      await seed(store, 'acme', 'other')
      await store.write(async (transaction) => {
        await transaction.clients.insert(exampleClient('acme', 'client_2', { access: { api_1: 'a', api_2: 'b' } }))
        await transaction.clients.insert(exampleClient('acme', 'client_3', { access: { api_2: 'b' } }))
        await transaction.tokens.insert(exampleToken('acme', 'jti_1'))
        await transaction.keys.insert(exampleKey('acme', 'key_2', { apiId: 'api_2' }))
        const document = {
          tenant: 'acme',
          apiId: 'api_1',
          text: '',
          isJson: false,
          description: null,
          importedAt: startAt,
        }
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
      expect(await store.read.apis.findDescription('acme', 'api_1')).toBeUndefined()
      expect(await store.read.keys.find('other', 'key_1')).toEqual(exampleKey('other', 'key_1'))
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
      expect(await store.read.statusEntries.find('acme', 'key', 'key_2')).toMatchObject(keyObject('key_2'))
      await store.ping()
    }))
}

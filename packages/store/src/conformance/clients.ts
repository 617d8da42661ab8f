import { expect, it } from 'vitest'
import type { Client } from '../records/client.ts'
import {
  exampleApi,
  exampleAudit,
  exampleClient,
  exampleJwk,
  exampleKey,
  exampleSecret,
  exampleToken,
  seed,
} from './examples.ts'
import type { CreateDatabase } from './test_database.ts'
import { moveDropTime, startAt, withStore } from './test_database.ts'

/** Clients with their access, secrets, keys and limits: each is read back as it was written. */
export function clientCases(create: CreateDatabase): void {
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

  it('the origins of an active spa client are found in its tenant, as long as it has a redirect URI there', () =>
    withStore(create, async (store) => {
      await seed(store, 'acme', 'other')
      const signIn = (redirectUris: readonly string[]) => ({
        signIn: { redirectUris, verified: true, consent: 'ask' as const, requirePkce: true },
      })
      const uris = ['https://a.example/cb', 'https://a.example/other', 'http://[::1]:80/cb']
      const spa = exampleClient('acme', 'client_2', { type: 'spa', ...signIn(uris) })
      await store.write(async (transaction) => {
        await transaction.clients.insert(spa)
        await transaction.clients.insert(
          exampleClient('acme', 'client_3', { type: 'web', ...signIn(['https://w.example']) }),
        )
      })
      const asked = ['https://a.example', 'http://[::1]', 'https://w.example', 'https://A.example', 'https://b.example']
      const found = async (tenant = 'acme') => {
        const known = await Promise.all(asked.map((origin) => store.lookup.isClientOrigin(tenant, origin)))
        return asked.filter((_, index) => known[index])
      }
      expect(await found()).toEqual(['https://a.example', 'http://[::1]'])
      expect(await found('other')).toEqual([])
      const change = (client: Client) => store.write((transaction) => transaction.clients.update(client))
      await change({ ...spa, status: 'disabled', version: 2 })
      expect(await found()).toEqual([])
      await change({ ...spa, ...signIn(['https://b.example/cb']), version: 3 })
      expect(await found()).toEqual(['https://b.example'])
      await store.write((transaction) => transaction.clients.delete('acme', 'client_2'))
      expect(await found()).toEqual([])
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
          objects: () => [token('kept', startAt + 1_000), own('client_1 a'), own('client_1 b c'), own('client_12 a')],
        })
        transaction.append({
          tenant: 'acme',
          audit,
          countedFor: 'client_1',
          objects: () => [token('not kept', startAt + 2_000)],
        })
      })
      const count = (type: 'token' | 'client_token') => store.read.statusEntries.count('acme', type, 'client_1')
      expect([await count('token'), await count('client_token')]).toEqual([2, 2])
      await moveDropTime(store, startAt + 1_000)
      expect([await count('token'), await count('client_token')]).toEqual([1, 0])
    }))
}

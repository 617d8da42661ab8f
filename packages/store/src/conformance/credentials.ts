import type { CredentialRecord } from '@countersign/core'
import { expect, it } from 'vitest'
import type { Store } from '../store.ts'
import {
  digestOf,
  exampleClient,
  exampleJwk,
  exampleKey,
  exampleSecret,
  exampleToken,
  keyChange,
  seed,
} from './examples.ts'
import type { CreateDatabase } from './test_database.ts'
import { startAt, withStore } from './test_database.ts'

/** API keys and tokens: each is read back as it was written, and looked up as a verifier needs it. */
export function credentialCases(create: CreateDatabase): void {
  it('those that have a scope of an API are found by whole tokens, while they are alive', () =>
    withStore(create, async (store) => {
      await seed(store, 'acme')
      const access = { access: { api_1: 'a%b orders:read' } }
      await store.write(async (transaction) => {
        await transaction.clients.insert(exampleClient('acme', 'client_2', access))
        const own = { clientId: 'client_2', scope: 'orders:read x' }
        await transaction.keys.insert(exampleKey('acme', 'key_live', own))
        await transaction.keys.insert(exampleKey('acme', 'key_gone', { ...own, status: 'revoked' }))
        await transaction.keys.insert(exampleKey('acme', 'key_over', { ...own, expiresAt: startAt }))
        await transaction.keys.insert(exampleKey('acme', 'key_like', { ...own, scope: 'orders:readx xorders:read' }))
        await transaction.keys.insert(exampleKey('acme', 'key_else', { ...own, apiId: 'api_2' }))
        await transaction.tokens.insert(
          exampleToken('acme', 'narrowed', { clientId: 'client_2', issuedScope: 'x', scope: '' }),
        )
      })
      const find = (scopes: readonly string[], limit = 10) =>
        store.read.apis.scopeHolders('acme', 'api_1', scopes, startAt, limit)
      expect(await find(['a%b'])).toEqual({ count: 1, holders: [{ type: 'client', id: 'client_2' }] })
      expect(await find(['a_b', '%'])).toEqual({ count: 0, holders: [] })
      expect((await find(['x'])).holders).toEqual([{ type: 'key', id: 'key_live' }])
      const all = await find(['orders:read', 'a%b'], 2)
      expect(all.holders).toHaveLength(2)
      expect(all.count).toBeGreaterThan(2)
      expect(await find([])).toEqual({ count: 0, holders: [] })
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
      const ended = async (isEnded: boolean, now: number) =>
        (await store.read.keys.list('acme', { isEnded, now }, { limit: 100 })).map((key) => key.id)
      expect(await ended(true, startAt + 9.5)).toEqual(['revoked_ends', 'revoked_stays'])
      expect(await ended(true, startAt + 10)).toEqual(['active_ends', 'disabled_ends', 'revoked_ends', 'revoked_stays'])
      expect(await ended(false, startAt + 10)).toEqual(['active_stays', 'disabled_stays', 'key_1'])
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

  it('revoking by subject touches what is not revoked and speaks for this party only, up to the number and time given', () =>
    withStore(create, async (store) => {
      await seed(store, 'acme', 'other')
      const subject = 'ann'
      await store.write(async (transaction) => {
        await transaction.keys.insert(exampleKey('acme', 'key_2', { subject, clientId: 'client_2' }))
        await transaction.keys.insert(exampleKey('acme', 'key_3', { subject, status: 'revoked', version: 4 }))
        await transaction.keys.insert(exampleKey('acme', 'key_4', { subject: 'anna' }))
        await transaction.keys.insert(exampleKey('acme', 'key_5', { subject, createdAt: startAt + 9 }))
        await transaction.keys.insert(exampleKey('other', 'key_2', { subject }))
        await transaction.tokens.insert(exampleToken('acme', 'jti_1', { subject, position: 6 }))
        await transaction.tokens.insert(exampleToken('acme', 'jti_2', { subject, position: 7 }))
        await transaction.tokens.insert(exampleToken('acme', 'jti_3', { subject: 'anna', position: 1 }))
      })
      const { value } = await store.write(async (transaction) => [
        await transaction.keys.revokeBySubject('acme', subject, startAt + 5, startAt),
        await transaction.tokens.revokeBySubject('acme', subject, startAt + 5, 7),
      ])
      expect(value).toEqual([
        [{ id: 'key_2', clientId: 'client_2', version: 2 }],
        [exampleToken('acme', 'jti_1').clientId],
      ])
      const changed = { status: 'revoked', version: 2, updatedAt: startAt + 5 }
      expect(await store.read.keys.find('acme', 'key_2')).toMatchObject(changed)
      expect(await store.read.keys.find('acme', 'key_3')).toMatchObject({ version: 4 })
      expect(await store.read.tokens.find('acme', 'jti_1')).toMatchObject(changed)
      for (const id of ['key_1', 'key_4', 'key_5'])
        expect(await store.read.keys.find('acme', id)).toMatchObject({ status: 'active' })
      for (const jti of ['jti_2', 'jti_3'])
        expect(await store.read.tokens.find('acme', jti)).toMatchObject({ status: 'active' })
      expect(await store.read.keys.find('other', 'key_2')).toMatchObject({ status: 'active' })
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

  it('a look-up gives what a verifier needs in one read', () => withStore(create, lookups))

  it('the newest keys come page by page, each once and as its look-up gives it, without those revoked', () =>
    withStore(create, async (store) => {
      await seed(store, 'acme', 'other')
      await store.write(async (transaction) => {
        for (let index = 0; index < 25; index++) {
          const status = index % 5 === 0 ? 'revoked' : index % 5 === 1 ? 'disabled' : 'active'
          // Several keys are of one second; the id orders them.
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
  const { credential, publicKey, onlyPublicKey, clientSecret, client } = store.lookup
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
  expect(await onlyPublicKey('acme', 'client_1', 'ES256')).toEqual(await publicKey('acme', 'client_1', 'kid_1'))
  expect(await onlyPublicKey('acme', 'client_1', 'RS256')).toBeUndefined()
  await store.write((transaction) => transaction.clients.insertJwk(exampleJwk('acme', 'client_1', 'kid_2')))
  expect(await onlyPublicKey('acme', 'client_1', 'ES256')).toBeUndefined()
  const secret = exampleSecret('acme', 'client_1', 'secret_1')
  const disabled = exampleClient('acme', 'client_1', { status: 'disabled', version: 2 })
  expect(await clientSecret('acme', secret.digest)).toEqual({ ...secret, client: disabled })
  expect(await client('acme', 'client_1')).toEqual(disabled)
  for (const tenant of ['other', 'nobody']) {
    expect(await credential(tenant, token.digest!)).toBeUndefined()
    expect(await credential(tenant, exampleKey('acme', 'key_1').digest)).toBeUndefined()
    expect(await publicKey(tenant, 'client_1', 'kid_1')).toBeUndefined()
    expect(await onlyPublicKey(tenant, 'client_1', 'ES256')).toBeUndefined()
    expect(await clientSecret(tenant, secret.digest)).toBeUndefined()
  }
}

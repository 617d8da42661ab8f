import { expect, it } from 'vitest'
import { exampleIssuer, exampleToken, seed } from './examples.ts'
import type { CreateDatabase } from './test_database.ts'
import { startAt, withStore } from './test_database.ts'

/** Issuers that are trusted, their keys and the times of their fetches. */
export function issuerCases(create: CreateDatabase): void {
  it('an issuer is read back as it was written, changed and deleted, and its name is taken once in a tenant', () =>
    withStore(create, async (store) => {
      await seed(store, 'acme', 'other')
      const given = exampleIssuer('acme', 'issuer_2', { issuer: 'https://two.example', rules: [], keys: [] })
      await store.write(async (transaction) => {
        await transaction.issuers.insert(exampleIssuer('acme', 'issuer_1'))
        await transaction.issuers.insert(given)
        await transaction.issuers.insert(exampleIssuer('other', 'issuer_1'))
      })
      expect(await store.read.issuers.find('acme', 'issuer_1')).toStrictEqual(exampleIssuer('acme', 'issuer_1'))
      expect(await store.read.issuers.find('acme', 'issuer_2')).toStrictEqual(given)
      expect(await store.read.issuers.list('acme', { limit: 1 })).toHaveLength(1)
      const page = await store.read.issuers.list('acme', { limit: 5, after: 'issuer_1' })
      expect(page.map(({ id }) => id)).toEqual(['issuer_2'])
      expect(await store.read.issuers.count('acme')).toBe(2)
      const twin = exampleIssuer('acme', 'issuer_3')
      const taken = store.write((transaction) => transaction.issuers.insert(twin))
      await expect(taken).rejects.toMatchObject({ name: 'ConflictError', what: 'issuer' })

      const fetched = { fetchedAt: startAt + 5, fetchAt: startAt + 65, failures: 2, fault: 'timeout' }
      const changed = {
        ...given,
        ...fetched,
        jwksUri: 'https://two.example/jwks',
        status: 'disabled' as const,
        version: 2,
      }
      await store.write((transaction) => transaction.issuers.update(changed))
      expect(await store.read.issuers.find('acme', 'issuer_2')).toStrictEqual(changed)
      const late = store.write((transaction) => transaction.issuers.update({ ...given, version: 2 }))
      await expect(late).rejects.toMatchObject({ name: 'RowCountError' })

      await store.write((transaction) => transaction.issuers.delete('acme', 'issuer_1'))
      expect(await store.read.issuers.find('acme', 'issuer_1')).toBeUndefined()
      expect(await store.read.issuers.find('other', 'issuer_1')).toBeDefined()
      const gone = store.write((transaction) => transaction.issuers.delete('acme', 'issuer_1'))
      await expect(gone).rejects.toMatchObject({ name: 'RowCountError' })
    }))

  it('names of issuers are compared byte for byte', () =>
    withStore(create, async (store) => {
      const names = [
        'https://a.example',
        'https://A.example',
        'https://a.example/',
        'https://a.example ',
        'caf\u00e9',
        'cafe\u0301',
      ]
      await store.write(async (transaction) => {
        for (const [index, issuer] of names.entries())
          await transaction.issuers.insert(exampleIssuer('acme', `issuer_${index}`, { issuer }))
      })
      expect(await store.read.issuers.count('acme')).toBe(names.length)
    }))

  it('of several that want to fetch, one begins, and the end of a fetch is no change of the issuer', () =>
    withStore(create, async (store) => {
      await store.write((transaction) => transaction.issuers.insert(exampleIssuer('acme', 'issuer_1')))
      const begin = async (now: number, before: number) =>
        (await store.write((transaction) => transaction.issuers.beginFetch('acme', 'issuer_1', now, before))).value
      const all = await Promise.all(Array.from({ length: 5 }, () => begin(startAt + 90, startAt + 30)))
      expect(all.filter(Boolean)).toHaveLength(1)
      expect([await begin(startAt + 149, startAt + 89), await begin(startAt + 150, startAt + 90)]).toEqual([
        false,
        true,
      ])
      const issuer = await store.read.issuers.find('acme', 'issuer_1')
      expect(issuer).toStrictEqual(exampleIssuer('acme', 'issuer_1', { askedAt: startAt + 150 }))
      const ended = { tenant: 'acme', id: 'issuer_1', fetchAt: startAt + 900, failures: 1, fault: 'timeout' }
      await store.write((transaction) => transaction.issuers.noteFetch(ended))
      const { fetchedAt: _, ...rest } = issuer!
      expect(await store.read.issuers.find('acme', 'issuer_1')).toStrictEqual({ ...rest, ...ended })
    }))

  it('those of all tenants whose fetch is due are listed, the longest due first, and no disabled one', () =>
    withStore(create, async (store) => {
      const at = (tenant: string, id: string, fetchAt: number, more: object = {}) =>
        store.write((it) => it.issuers.insert(exampleIssuer(tenant, id, { issuer: id, fetchAt, ...more })))
      await at('acme', 'issuer_1', startAt + 10)
      await at('other', 'issuer_2', startAt + 5)
      await at('acme', 'issuer_3', startAt + 11)
      await at('acme', 'issuer_4', startAt, { status: 'disabled' })
      const { jwksUri: _, fetchAt: __, ...given } = exampleIssuer('acme', 'issuer_5', { issuer: 'given' })
      await store.write((transaction) => transaction.issuers.insert(given))
      const due = async (limit: number) => (await store.read.issuers.listDue(startAt + 10, limit)).map(({ id }) => id)
      expect([await due(9), await due(1)]).toEqual([['issuer_2', 'issuer_1'], ['issuer_2']])
      expect(await store.read.issuers.listClients()).toEqual([
        { tenant: 'acme', clientId: 'client_1' },
        { tenant: 'other', clientId: 'client_1' },
      ])
    }))

  it('an opaque token keeps whose name its subject is', () =>
    withStore(create, async (store) => {
      await seed(store, 'acme')
      const token = exampleToken('acme', 'jti_7', { subject: 'ann', subjectIssuer: 'https://idp.example' })
      await store.write((transaction) => transaction.tokens.insert(token))
      expect(await store.read.tokens.find('acme', 'jti_7')).toStrictEqual(token)
      const found = await store.lookup.credential('acme', token.digest ?? '')
      expect(found).toMatchObject({ subject: 'ann', subjectIssuer: 'https://idp.example' })
    }))
}

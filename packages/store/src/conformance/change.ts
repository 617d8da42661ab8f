import { expect, it } from 'vitest'
import type { Store, WriteTransaction } from '../store.ts'
import {
  exampleApi,
  exampleClient,
  exampleJwk,
  exampleKey,
  exampleSigningKey,
  exampleTenant,
  exampleToken,
  keyChange,
  seed,
} from './examples.ts'
import type { CreateDatabase } from './test_database.ts'
import { moveDropTime, startAt, withStore } from './test_database.ts'

/** Versions, row counts, pages, single use. */
export function changeCases(create: CreateDatabase): void {
  it('a stale version, a wrong one and a foreign tenant change nothing and throw', () =>
    withStore(create, async (store) => {
      await seed(store, 'acme')
      await store.write(async (transaction) => {
        await transaction.tokens.insert(exampleToken('acme', 'jti_1'))
        await transaction.signingKeys.insert(exampleSigningKey('acme', 'kid_1'))
      })
      for (const [tenant, version] of [
        ['acme', 1],
        ['acme', 3],
        ['other', 2],
        ['ACME', 2],
      ] as const) {
        const members = { version, status: 'revoked' as const }
        const updates: readonly ((it: WriteTransaction) => Promise<void>)[] = [
          (it) => it.tenants.update(exampleTenant(tenant, members)),
          (it) => it.apis.update(exampleApi(tenant, 'api_1', members)),
          (it) => it.clients.update(exampleClient(tenant, 'client_1', { ...members, access: {} })),
          (it) => it.keys.update(exampleKey(tenant, 'key_1', members)),
          (it) => it.tokens.update(exampleToken(tenant, 'jti_1', members)),
          (it) => it.signingKeys.update(exampleSigningKey(tenant, 'kid_1', members)),
        ]
        for (const update of updates) {
          await expect(store.write(update)).rejects.toMatchObject({ name: 'RowCountError', expected: 1, touched: 0 })
        }
      }
      expect(await store.read.clients.find('acme', 'client_1')).toEqual(exampleClient('acme', 'client_1'))
      expect(await store.read.keys.find('acme', 'key_1')).toEqual(exampleKey('acme', 'key_1'))
    }))

  it('deleting or numbering what is not there throws', () =>
    withStore(create, async (store) => {
      const mutations: readonly ((it: WriteTransaction) => Promise<unknown>)[] = [
        (it) => it.tenants.delete('acme'),
        (it) => it.apis.delete('acme', 'api_1'),
        (it) => it.apis.setCreatedSequence('acme', 'api_1', 1),
        (it) => it.clients.delete('acme', 'client_1'),
        (it) => it.clients.setCutOff('acme', 'client_1', 1),
        (it) => it.clients.deleteJwk('acme', 'client_1', 'kid_1'),
        (it) => it.signingKeys.delete('acme', 'kid_1'),
      ]
      for (const mutate of mutations) {
        await expect(store.write(mutate)).rejects.toMatchObject({ name: 'RowCountError', touched: 0 })
      }
      const orphan = store.write((transaction) => transaction.clients.insertJwk(exampleJwk('acme', 'client_1', 'k')))
      await expect(orphan).rejects.toThrow()
    }))

  it('a write beyond those that may run or wait is refused at once, and the others are done as if it had never been', () =>
    withStore(
      create,
      async (store) => {
        await seed(store, 'acme')
        const gate = Promise.withResolvers<void>()
        const insert = (id: string) =>
          store.write(async (transaction) => {
            await gate.promise
            await transaction.keys.insert(exampleKey('acme', id))
          })
        const taken = [insert('key_a'), insert('key_b'), insert('key_c')]
        await expect(insert('key_d')).rejects.toMatchObject({ name: 'StoreUnavailableError', reason: 'busy' })
        gate.resolve()
        await Promise.all(taken)
        await insert('key_e')
        const kept = ['key_a', 'key_b', 'key_c', 'key_d', 'key_e'].map((id) => store.read.keys.find('acme', id))
        expect((await Promise.all(kept)).map((key) => key?.id)).toEqual(['key_a', 'key_b', 'key_c', undefined, 'key_e'])
      },
      { writesAtOnceMax: 3 },
    ))

  it('a transaction with a failed statement cannot commit, also when the failure was swallowed', () =>
    withStore(create, async (store) => {
      await seed(store, 'acme')
      const write = store.write(async (transaction) => {
        await transaction.keys.insert(exampleKey('acme', 'key_2'))
        await transaction.keys.insert(exampleKey('acme', 'key_1')).catch(() => {})
        await transaction.keys.insert(exampleKey('acme', 'key_3')).catch(() => {})
      })
      await expect(write).rejects.toThrow()
      expect(await store.read.keys.find('acme', 'key_2')).toBeUndefined()
      await store.write((transaction) => transaction.keys.insert(exampleKey('acme', 'key_2')))
    }))

  it('a transaction that is over is refused to whoever kept it', () =>
    withStore(create, async (store) => {
      let kept: WriteTransaction | undefined
      await store.write(async (transaction) => {
        kept = transaction
      })
      await expect(kept!.keys.insert(exampleKey('acme', 'key_1'))).rejects.toThrow('over')
      expect(() => kept!.append(keyChange('acme', 'key_1'))).toThrow('over')
    }))

  it('pages give each item once, in order, while others are being inserted', () =>
    withStore(create, async (store) => {
      const insert = (id: string, createdAt: number) =>
        store.write((transaction) => transaction.keys.insert(exampleKey('acme', id, { createdAt })))
      for (let index = 0; index < 30; index++) await insert(`k${index % 7}_${index}`, startAt + (index % 3))
      const before = await allKeys(store, 7)
      const seen = await allKeys(store, 7, async (page) => {
        await insert(`new_${page}`, startAt + 10 + page)
      })
      expect(seen.slice(0, 30)).toEqual(before)
      expect(new Set(seen).size).toBe(seen.length)
      expect(await allKeys(store, 1)).toEqual(await allKeys(store, 100))
    }))

  it('a page after an id that is not there is refused, not empty', () =>
    withStore(create, async (store) => {
      await seed(store, 'acme', 'other')
      const page = { limit: 10, after: 'gone' }
      const lists = [
        () => store.read.tenants.list(page),
        () => store.read.apis.list('acme', page),
        () => store.read.clients.list('acme', page),
        () => store.read.clients.listByApi('acme', 'api_1', page),
        () => store.read.keys.list('acme', { now: startAt }, page),
        () => store.read.tokens.list('acme', {}, page),
      ]
      for (const list of lists) await expect(list()).rejects.toMatchObject({ name: 'UnknownCursorError' })
    }))

  it('one of 200 at once takes a single-use value, in each tenant, and nobody takes it once its mark may be gone', () =>
    withStore(create, async (store, database) => {
      const second = await database.open()
      await seed(store, 'acme', 'other')
      const endsAt = startAt + 60
      const race = async (tenant: string) => {
        const takes = Array.from({ length: 200 }, (_, index) =>
          (index % 2 ? store : second).write((transaction) =>
            transaction.singleUse.take('client_assertion', tenant, 'jti '.repeat(999), endsAt),
          ),
        )
        return (await Promise.all(takes)).filter(({ value }) => value).length
      }
      await moveDropTime(store, startAt)
      expect(await race('acme')).toBe(1)
      expect(await race('other')).toBe(1)
      expect(await race('acme')).toBe(0)
      // The mark stays while any server may still accept the value.
      await moveDropTime(store, endsAt + 309)
      await store.cleanUp(startAt, 60)
      expect(await race('acme')).toBe(0)
      await moveDropTime(store, endsAt + 310)
      await store.cleanUp(startAt, 60)
      expect(await database.query('select * from single_use')).toEqual([])
      expect(await race('acme')).toBe(0)
      await second.close()
    }))

  it('a single-use mark that is made while the drop time is ahead outlives the next clean-up', () =>
    withStore(create, async (store) => {
      await seed(store, 'acme')
      const take = (endsAt: number) =>
        store.write((transaction) => transaction.singleUse.take('client_assertion', 'acme', 'jti', endsAt))
      await moveDropTime(store, startAt + 1_000)
      expect((await take(startAt + 701)).value).toBe(true)
      await moveDropTime(store, startAt + 1_309)
      await store.cleanUp(startAt, 60)
      expect((await take(startAt + 2_000)).value).toBe(false)
    }))
}

async function allKeys(store: Store, limit: number, between?: (page: number) => Promise<void>): Promise<string[]> {
  const ids: string[] = []
  for (let number = 0; number < 200; number++) {
    const after = ids.at(-1)
    const page = { limit, ...(after === undefined ? {} : { after }) }
    const keys = await store.read.keys.list('acme', { now: startAt }, page)
    ids.push(...keys.map((key) => key.id))
    if (keys.length < limit) break
    if (number < 20) await between?.(number)
  }
  return ids
}

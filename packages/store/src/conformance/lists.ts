import { expect, it } from 'vitest'
import { type Behind, type Place, placeOf, type Sort, type SortName } from '../page.ts'
import type { Key } from '../records/key.ts'
import { exampleApi, exampleClient, exampleCount, exampleKey, exampleToken, seed } from './examples.ts'
import { exampleAccount, exampleTeam } from './people_examples.ts'
import type { CreateDatabase } from './test_database.ts'
import { startAt, withStore } from './test_database.ts'

const keys: readonly (Partial<Key> & { readonly id: string })[] = [
  { id: 'key_a', name: 'billing', createdAt: startAt + 3, subject: 'Ana' },
  { id: 'key_b', name: 'Archive', createdAt: startAt + 2, expiresAt: startAt + 900 },
  { id: 'key_c', name: 'zebra', createdAt: startAt + 2, expiresAt: startAt + 500 },
  { id: 'key_d', name: '100%_Ärger', createdAt: startAt + 1, expiresAt: startAt + 900 },
]

/** Lists that are searched and ordered. */
export function listCases(create: CreateDatabase): void {
  const withKeys = (test: (store: Parameters<Parameters<typeof withStore>[1]>[0]) => Promise<void>) =>
    withStore(create, async (store) => {
      await seed(store, 'acme', 'other')
      await store.write(async (transaction) => {
        for (const { id, ...more } of keys) await transaction.keys.insert(exampleKey('acme', id, more))
        await transaction.keys.insert(exampleKey('other', 'key_z', { name: 'billing' }))
        await transaction.teams.insert(exampleTeam('acme', 'team_1'))
        await transaction.clients.insert(exampleClient('acme', 'client_t', { teamId: 'team_1' }))
        await transaction.keys.insert(exampleKey('acme', 'key_t', { clientId: 'client_t', name: 'Of the team' }))
        await transaction.keys.insert(exampleKey('acme', 'key_u', { clientId: 'client_t', name: 'also of it' }))
      })
      await test(store)
    })

  it('keys come in every order, in pages that leave nothing out and give nothing twice', () =>
    withKeys(async (store) => {
      const counts = [
        { ...exampleCount('acme', 'key_b'), minuteAt: startAt + 600 },
        { ...exampleCount('acme', 'key_a'), minuteAt: startAt + 60 },
        { ...exampleCount('acme', 'key_a'), scope: 'orders:read', minuteAt: startAt + 120 },
      ]
      await store.countUsage({ id: 'batch_1', counts, now: startAt })
      const filter = { clientId: 'client_1', now: startAt }
      const inPages = async (sort: Sort | undefined, limit: number) => {
        const ids: string[] = []
        for (;;) {
          const after = ids.at(-1)
          const page = { limit, ...(after === undefined ? {} : { after }), ...(sort === undefined ? {} : { sort }) }
          const found = await store.read.keys.list('acme', filter, page)
          ids.push(...found.map(({ id }) => id))
          if (found.length < limit) return ids.filter((id) => id !== 'key_1').join(' ')
        }
      }
      const orders: { readonly [By in SortName]: string } = {
        createdAt: 'key_d key_b key_c key_a',
        name: 'key_d key_b key_a key_c',
        expiresAt: 'key_c key_b key_d key_a',
        lastUsedAt: 'key_c key_d key_a key_b',
      }
      expect(await inPages(undefined, 2)).toBe(orders.createdAt)
      for (const [by, order] of Object.entries(orders) as [SortName, string][]) {
        for (const limit of [1, 2, 10]) {
          expect(await inPages({ by, isDescending: false }, limit), by).toBe(order)
          const reversed = order.split(' ').reverse().join(' ')
          expect(await inPages({ by, isDescending: true }, limit), `-${by}`).toBe(reversed)
        }
      }
    }))

  it('a search finds text in name, id and subject in upper and lower case, and takes no sign for a pattern', () =>
    withKeys(async (store) => {
      const found = async (q: string, more: object = {}) => {
        const list = await store.read.keys.list('acme', { now: startAt, ...more }, { limit: 10, q })
        return list.map(({ id }) => id).join(' ')
      }
      expect(await found('BILL')).toBe('key_a')
      expect(await found('ana')).toBe('key_a')
      expect(await found('KEY_C')).toBe('key_c')
      expect(await found('100%_Ä')).toBe('key_d')
      expect(await found('Ärger')).toBe('key_d')
      expect(await found('ÄRGER')).toBe('key_d')
      expect(await found('ärger')).toBe('')
      expect(await found('%')).toBe('key_d')
      expect(await found('\\')).toBe('')
      expect(await found("'")).toBe('')
      expect(await found('of', { teamIds: ['team_1'] })).toBe('key_t key_u')
      expect(await found('billing', { teamIds: ['team_1'] })).toBe('')
    }))

  it('a page goes on behind the place that its last key had, though the key was used or renamed since', () =>
    withKeys(async (store) => {
      const use = (id: string, at: number) =>
        store.countUsage({ id: `${id} ${at}`, counts: [{ ...exampleCount('acme', id), minuteAt: at }], now: startAt })
      for (const [index, { id }] of keys.entries()) await use(id, startAt + 60 * (index + 1))
      const page = async (isDescending: boolean, after: Behind | undefined) =>
        store.read.keys.list(
          'acme',
          { clientId: 'client_1', now: startAt },
          { limit: 2, sort: { by: 'lastUsedAt', isDescending }, ...(after === undefined ? {} : { after }) },
        )
      for (const [isDescending, rest] of [
        [true, ['key_b', 'key_a']],
        // The first page ends with key_a, behind one that was never used. By now key_c is the last.
        [false, ['key_b', 'key_d']],
      ] as const) {
        const first = await page(isDescending, undefined)
        const last = first[1] as Key
        const behind = { id: last.id, place: placeOf(last) as Place }
        await use(last.id, startAt + (isDescending ? 86_400 : 2 * 86_400))
        expect((await page(isDescending, behind)).map(({ id }) => id)).toEqual(rest)
      }
    }))

  it('a search of many keys finds what is far behind, in every order, and leaves the thread to others between', () =>
    withStore(create, async (store) => {
      await seed(store, 'acme')
      const many = Array.from({ length: 2_500 }, (_, index) => ({
        id: `key_${String(index).padStart(5, '0')}`,
        name: index % 1_200 === 7 ? `Needle ${9 - Math.floor(index / 1_200)}` : 'hay',
        createdAt: startAt + index,
      }))
      await store.write(async (transaction) => {
        for (const { id, ...more } of many) await transaction.keys.insert(exampleKey('acme', id, more))
      })
      let turns = 0
      let isOver = false
      const turn = (): void => {
        turns++
        if (!isOver) setImmediate(turn)
      }
      setImmediate(turn)
      const found = async (page: object) =>
        (await store.read.keys.list('acme', { now: startAt }, { limit: 2, q: 'needle', ...page })).map(({ id }) => id)
      expect(await found({})).toEqual(['key_00007', 'key_01207'])
      expect(await found({ sort: { by: 'createdAt', isDescending: true } })).toEqual(['key_02407', 'key_01207'])
      expect(await found({ sort: { by: 'name', isDescending: false } })).toEqual(['key_02407', 'key_01207'])
      expect(
        await found({ sort: { by: 'name', isDescending: true }, after: { id: 'key_00007', place: 'needle 9' } }),
      ).toEqual(['key_01207', 'key_02407'])
      isOver = true
      // Three turns for each of four searches.
      expect(turns).toBeGreaterThanOrEqual(8)
    }))

  it('clients, APIs, accounts, teams and tokens are searched and ordered likewise; an order that a list has not is an error', () =>
    withKeys(async (store) => {
      await store.write(async (transaction) => {
        await transaction.clients.insert(exampleClient('acme', 'client_x', { name: 'Xylo', access: { api_1: 'a' } }))
        await transaction.apis.insert(exampleApi('acme', 'api_x', { name: 'Axolotl', audience: 'https://x.test' }))
        await transaction.accounts.insert(exampleAccount('acme', 'acct_x', { name: 'Xenia', email: 'x@ax.test' }))
        await transaction.teams.insert(exampleTeam('acme', 'team_x', { name: 'Axis', externalId: 'crm-77' }))
        await transaction.tokens.insert(exampleToken('acme', 'jti_x', { name: 'Exit', subject: 'someone' }))
      })
      const { apis, clients, accounts, teams, tokens } = store.read
      const all = { limit: 10, q: 'X', sort: { by: 'name', isDescending: true } } as const
      expect((await clients.list('acme', all)).map(({ id, access }) => [id, access])).toEqual([
        ['client_x', { api_1: 'a' }],
      ])
      expect((await apis.list('acme', all)).map(({ id }) => id)).toContain('api_x')
      expect((await accounts.list('acme', { ...all, q: '@AX' })).map(({ id }) => id)).toEqual(['acct_x'])
      expect((await teams.list('acme', {}, { ...all, q: '-77' })).map(({ id }) => id)).toEqual(['team_x'])
      expect((await tokens.list('acme', {}, { ...all, q: 'someone' })).map(({ jti }) => jti)).toEqual(['jti_x'])
      const byUse = { limit: 10, sort: { by: 'lastUsedAt', isDescending: false } } as const
      await expect(clients.list('acme', byUse)).rejects.toThrow(RangeError)
    }))
}

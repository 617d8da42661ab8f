import { neverDropAt } from '@countersign/core'
import { expect, it } from 'vitest'
import { exampleAudit, exampleClient, exampleKey, examplePosition, keyChange, seed } from './examples.ts'
import { expectChained } from './follower.ts'
import type { CreateDatabase } from './test_database.ts'
import { startAt, withStore } from './test_database.ts'

/** A restored copy begins a history of its own (docs/protocol/feed.md §1, §7). */
export function epochCases(create: CreateDatabase): void {
  it('a new epoch continues no place of the former one, and starts above whatever was known, at one number for all', () =>
    withStore(create, async (store) => {
      await seed(store, 'acme', 'other')
      await store.write(async (transaction) => {
        transaction.append(keyChange('acme', 'key_1', 2, 'revoked'))
        transaction.append(keyChange('other', 'key_1', 2))
      })
      await store.savePositions([examplePosition('acme', 'verifier_1')])
      const former = await store.feed.place('acme')
      const above = startAt * 1_000_000
      const epoch = await store.startEpoch(above)
      const beginning = above + 1_000_000_000
      expect(epoch).toMatch(/^[\w-]{22}$/)
      expect(epoch).not.toBe(former.epoch)
      expect(await store.feed.epoch()).toBe(epoch)
      expect(await store.feed.place('acme')).toMatchObject({ epoch, sequence: beginning })
      expect(await store.feed.place('other')).toMatchObject({ epoch, sequence: beginning })
      expect((await store.feed.head()).position).toBe(beginning)
      expect(await store.feed.chainAt('acme', former.sequence)).toBeUndefined()
      expect(await store.feed.after('acme', 0, 10)).toEqual([])
      expect(await store.read.verifierPositions.list('acme')).toEqual([])

      const { entries } = await store.write(async (transaction) => transaction.append(keyChange('acme', 'key_2', 1)))
      expect(entries[0]).toMatchObject({ sequence: beginning + 1, position: beginning + 1 })
      expectChained(entries, { sequence: beginning, chain: former.chain } as never)
      expect(await store.verifyAudit('acme')).toEqual({ events: 2, link: expect.any(String) })
      const { entries: book } = await store.feed.snapshot('acme')
      expect(book.find(({ id }) => id === 'key_1')).toMatchObject({ state: { status: 'revoked' } })
    }))
  it('a claim that the log holds proves nothing: nothing is changed, however it is named', () =>
    withStore(create, async (store) => {
      await seed(store, 'acme', 'other')
      await store.write(async (transaction) => transaction.append(keyChange('acme', 'key_1')))
      await store.write(async (transaction) => transaction.append(keyChange('acme', 'key_1', 2)))
      const before = await store.feed.place('acme')
      const { position } = await store.feed.head()
      const chain = 'a chain that nobody has'
      for (const claim of [
        { tenant: 'acme', ...before },
        { tenant: 'acme', sequence: 2 },
        { tenant: 'acme', epoch: before.epoch, sequence: 1, chain: (await store.feed.chainAt('acme', 1)) as string },
        // For a former or missing epoch, only a number above the head proves anything.
        { tenant: 'acme', epoch: 'another', sequence: 2, chain },
        { tenant: 'acme', sequence: 1, chain },
        { tenant: 'acme', of: 'position', sequence: position },
      ] as const) {
        expect(await store.leaveHistory([claim]), JSON.stringify(claim)).toBeUndefined()
      }
      expect(await store.feed.place('acme')).toEqual(before)
      expect((await store.verifyAudit('acme')).events).toBe(2)
    }))

  it.each([
    ['a number above the head', () => ({ tenant: 'acme', sequence: 4 })],
    [
      'another chain at a number of this epoch',
      (epoch: string) => ({ tenant: 'acme', epoch, sequence: 2, chain: 'x' }),
    ],
    ['another chain at the head', (epoch: string) => ({ tenant: 'acme', epoch, sequence: 3, chain: 'x' })],
    ['a position above the installation’s', () => ({ tenant: 'acme', of: 'position' as const, sequence: 4 })],
    [
      'another chain at a position',
      (epoch: string) => ({ tenant: 'acme', of: 'position' as const, epoch, sequence: 2, chain: 'x' }),
    ],
    ['a number of a tenant that is not there', () => ({ tenant: 'gone', sequence: 1 })],
  ])('%s begins an epoch above everything known, once, and says so in the audit log', (_, claimOf) =>
    withStore(create, async (store, database) => {
      await seed(store, 'acme')
      for (const version of [1, 2, 3]) {
        await store.write(async (transaction) => transaction.append(keyChange('acme', 'key_1', version)))
      }
      const { epoch } = await store.feed.head()
      const claim = claimOf(epoch)
      const other = await database.open()
      const begun = await Promise.all([store.leaveHistory([claim]), other.leaveHistory([claim])])
      const [{ beginning, epoch: next } = { beginning: 0, epoch: '' }] = begun.flatMap((each) => each ?? [])
      expect(begun.filter((each) => each !== undefined)).toHaveLength(1)
      expect(next).not.toBe(epoch)
      expect(beginning).toBeGreaterThanOrEqual(startAt * 1_000_000)
      expect(await store.feed.place('acme')).toMatchObject({ epoch: next, sequence: beginning })
      expect(await store.feed.head()).toMatchObject({ epoch: next, position: beginning })
      // Former entries are hidden, not deleted: no place of the former history is in this log.
      expect(await store.feed.after('acme', 0, 10)).toEqual([])
      for (const sequence of [0, 1, 3]) expect(await store.feed.chainAt('acme', sequence)).toBeUndefined()
      expect(await database.query('select * from feed')).toHaveLength(3)
      const [event] = await store.read.audit.list(claim.tenant, { action: 'feed.rollback' }, { limit: 5 })
      expect(event?.after).toEqual({ lostSequence: claim.sequence, beginning })
      expect((await store.verifyAudit('acme')).brokenAt).toBeUndefined()
      await other.close()
    }),
  )

  it('raises each recorded cut-off to the beginning: its number may have been given twice', () =>
    withStore(create, async (store) => {
      await seed(store, 'acme', 'other')
      const cutOffs = { everything: { sequence: 1, at: startAt } }
      const client = exampleClient('acme', 'client_1', { version: 2, cutOff: 1, cutOffs })
      await store.write(async (transaction) => {
        await transaction.clients.update(client)
        const state = { status: 'active' as const, access: {}, cutOff: 1, cutOffs }
        transaction.append({
          tenant: 'acme',
          audit: exampleAudit('client_1'),
          objects: () => [{ type: 'client', id: 'client_1', version: 2, state, dropAt: neverDropAt }],
        })
      })
      const begun = await store.leaveHistory([{ tenant: 'acme', sequence: 9 }])
      const beginning = begun?.beginning ?? 0
      expect(begun?.raised).toEqual([{ tenant: 'acme', type: 'client', id: 'client_1' }])
      // `cutOffs` keep their own numbers, which tell a later cut-off from an earlier one.
      const raised = { cutOff: beginning, cutOffs, version: 3 }
      expect(await store.read.clients.find('acme', 'client_1')).toMatchObject(raised)
      expect(await store.read.clients.find('other', 'client_1')).toMatchObject({ cutOff: 0, version: 1 })
      const { entries } = await store.feed.snapshot('acme')
      expect(entries).toMatchObject([{ id: 'client_1', version: 3, state: { cutOff: beginning, cutOffs } }])
      expect(await store.feed.after('acme', beginning, 10)).toMatchObject([{ sequence: beginning + 1, id: 'client_1' }])
      const [event] = await store.read.audit.list(
        'acme',
        { objectId: 'client_1', action: 'feed.rollback' },
        { limit: 1 },
      )
      expect(event?.after).toEqual({ cutOff: beginning })
    }))

  it('raises the cut-off of each subject as well, which has no row but its entry', () =>
    withStore(create, async (store) => {
      await seed(store, 'acme')
      const cutOffs = { everything: { sequence: 1, at: startAt } }
      const state = { status: 'active' as const, cutOff: 1, cutOffs }
      await store.write(async (transaction) =>
        transaction.append({
          tenant: 'acme',
          audit: exampleAudit('ann'),
          objects: () => [{ type: 'subject', id: 'ann', version: 1, state, dropAt: neverDropAt }],
        }),
      )
      const begun = await store.leaveHistory([{ tenant: 'acme', sequence: 9 }])
      const beginning = begun?.beginning ?? 0
      expect(begun?.raised).toEqual([{ tenant: 'acme', type: 'subject', id: 'ann' }])
      const { entries } = await store.feed.snapshot('acme')
      expect(entries).toMatchObject([{ type: 'subject', id: 'ann', version: 2, state: { cutOff: beginning, cutOffs } }])
      expect(await store.read.statusEntries.countSubjects('acme')).toBe(1)
    }))

  it('an append that does not continue what its process has read is rolled back and says so', () =>
    withStore(create, async (store) => {
      await seed(store, 'acme')
      const seen: unknown[] = []
      let follows = true
      store.beforeAppend((tenant, head) => {
        seen.push([tenant, head.sequence])
        return follows
      })
      await store.write(async (transaction) => transaction.append(keyChange('acme', 'key_1')))
      follows = false
      const before = await store.feed.place('acme')
      const write = store.write(async (transaction) => {
        await transaction.keys.insert(exampleKey('acme', 'key_9'))
        transaction.append(keyChange('acme', 'key_9'))
      })
      await expect(write).rejects.toMatchObject({ name: 'StoreUnavailableError', reason: 'history' })
      expect(await store.read.keys.find('acme', 'key_9')).toBeUndefined()
      expect(await store.feed.place('acme')).toEqual(before)
      expect(seen).toEqual([
        ['acme', 0],
        ['acme', 1],
      ])
    }))

  it('a tenant that is new in an epoch is numbered from its beginning on', () =>
    withStore(create, async (store) => {
      await store.startEpoch(0)
      const { position } = await store.feed.head()
      await seed(store, 'acme')
      const { entries } = await store.write(async (transaction) => transaction.append(keyChange('acme', 'key_1')))
      expect(entries[0]).toMatchObject({ sequence: position + 1, position: position + 1 })
    }))
}

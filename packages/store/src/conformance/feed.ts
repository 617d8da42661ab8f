import { setImmediate, setTimeout } from 'node:timers/promises'
import type { FeedObject } from '@countersign/core'
import { neverDropAt } from '@countersign/core'
import { expect, it } from 'vitest'
import type { InstallationEntry } from '../feed/append.ts'
import type { Store } from '../store.ts'
import { exampleApi, exampleAudit, exampleKey, keyChange, keyObject, seed } from './examples.ts'
import { expectChained, follow } from './follower.ts'
import type { CreateDatabase } from './test_database.ts'
import { randomFrom, startAt, withStore } from './test_database.ts'

export function feedCases(create: CreateDatabase): void {
  it('an entry, its audit event and the rows commit together, numbered from one', () =>
    withStore(create, async (store) => {
      await seed(store, 'acme', 'other')
      const heard: InstallationEntry[][] = []
      const stop = store.onCommit((entries) => heard.push([...entries]))
      const first = await store.write(async (transaction) => {
        transaction.append(keyChange('acme', 'key_1'))
        transaction.append(keyChange('other', 'key_1'))
        transaction.append({
          tenant: 'acme',
          audit: exampleAudit('client_1'),
          objects: (sequence) => [
            {
              type: 'client',
              id: 'client_1',
              version: 2,
              state: { status: 'active', access: {}, cutOff: sequence },
              dropAt: neverDropAt,
            },
            keyObject('key_2'),
          ],
          rows: (sequence) => transaction.clients.setCutOff('acme', 'client_1', sequence),
        })
        return 'value'
      })
      expect(first.value).toBe('value')
      expect(first.entries.map((entry) => [entry.position, entry.tenant, entry.sequence, entry.id])).toEqual([
        [1, 'acme', 1, 'key_1'],
        [2, 'other', 1, 'key_1'],
        [3, 'acme', 2, 'client_1'],
        [4, 'acme', 3, 'key_2'],
      ])
      expect(heard).toEqual([first.entries])
      expect(await store.feed.afterPosition(0, 10)).toEqual(first.entries)
      expect(await store.feed.afterPosition(1, 2)).toEqual(first.entries.slice(1, 3))
      expect((await store.feed.after('acme', 1, 10)).map((entry) => entry.id)).toEqual(['client_1', 'key_2'])
      expect(await store.read.clients.find('acme', 'client_1')).toMatchObject({ cutOff: 2 })
      const links = (await store.read.audit.list('acme', {}, { limit: 5 })).map((event) => event.link)
      expect(links).toEqual([first.entries[3]!.audit, first.entries[0]!.audit])
      expect(first.entries[2]!.audit).toBe(links[0])
      expectChained(first.entries)
      const epoch = await store.feed.epoch()
      expect(epoch).toMatch(/^[\w-]{22}$/)
      expect(await store.feed.place('acme')).toEqual({ epoch, sequence: 3, chain: first.entries[3]!.chain })
      expect((await store.feed.head()).position).toBe(4)
      expect(await store.feed.chainAt('acme', 0)).toBe('')
      expect(await store.feed.chainAt('acme', 2)).toBe(first.entries[2]!.chain)
      expect(await store.feed.chainAt('acme', 4)).toBeUndefined()
      stop()
      await store.write(async (transaction) => transaction.append(keyChange('acme', 'key_1', 2)))
      expect(heard).toHaveLength(1)
    }))

  it('a change without objects is in the audit log alone', () =>
    withStore(create, async (store) => {
      const { entries } = await store.write(async (transaction) => {
        transaction.append({ tenant: 'acme', audit: exampleAudit('x') })
      })
      expect(entries).toEqual([])
      expect((await store.feed.head()).position).toBe(0)
      expect(await store.verifyAudit('acme')).toEqual({ events: 1, link: expect.any(String) })
    }))

  it('an entry that no verifier could read is refused before the commit', () =>
    withStore(create, async (store) => {
      const object = keyObject('key_1')
      const bad = [
        { ...object, id: 'é'.repeat(129) },
        { ...object, id: '' },
        { ...object, version: 0 },
        { ...object, dropAt: 1.5 },
        { ...object, state: { status: 'active' } },
        { ...object, type: 'password' },
      ] as FeedObject[]
      for (const each of bad) {
        const write = store.write(async (transaction) => {
          await transaction.keys.insert(exampleKey('acme', 'key_1'))
          transaction.append({ tenant: 'acme', audit: exampleAudit('x'), objects: () => [keyObject('ok'), each] })
        })
        await expect(write).rejects.toThrow()
      }
      const rows = store.write(async (transaction) => {
        transaction.append({ tenant: 'acme', audit: exampleAudit('x'), rows: async () => {} })
      })
      await expect(rows).rejects.toThrow('no entry numbers them')
      expect((await store.feed.head()).position).toBe(0)
      expect(await store.read.keys.find('acme', 'key_1')).toBeUndefined()
      expect(await store.verifyAudit('acme')).toEqual({ events: 0, link: '', brokenAt: 1 })
      const longest = keyObject('é'.repeat(128))
      await store.write(async (transaction) => {
        transaction.append({ tenant: 'acme', audit: exampleAudit('x'), objects: () => [longest] })
      })
    }))

  it('a rollback leaves no gap and no entry, wherever it happens', () =>
    withStore(create, async (store) => {
      await seed(store, 'acme')
      const failures = [
        async () => Promise.reject(new Error('on purpose')),
        async (transaction: Parameters<Parameters<Store['write']>[0]>[0]) => {
          transaction.append(keyChange('acme', 'key_1'))
          throw new Error('on purpose')
        },
        async (transaction: Parameters<Parameters<Store['write']>[0]>[0]) => {
          transaction.append({ ...keyChange('acme', 'key_1'), rows: () => Promise.reject(new Error('on purpose')) })
        },
        async (transaction: Parameters<Parameters<Store['write']>[0]>[0]) => {
          transaction.append(keyChange('acme', 'key_1'))
          transaction.append({
            ...keyChange('other', 'key_1'),
            objects: () => {
              throw new Error('on purpose')
            },
          })
        },
      ]
      for (const [round, fail] of failures.entries()) {
        await expect(store.write(fail)).rejects.toThrow('on purpose')
        await store.write(async (transaction) => transaction.append(keyChange('acme', 'key_1', round + 2)))
      }
      const entries = await store.feed.afterPosition(0, 100)
      expect(entries.map((entry) => [entry.position, entry.sequence])).toEqual(
        failures.map((_, index) => [index + 1, index + 1]),
      )
      expectChained(entries)
      expect(await store.verifyAudit('acme')).toEqual({ events: failures.length, link: expect.any(String) })
    }))

  it('in the status book the higher version wins, and revoked beats every version', () =>
    withStore(create, async (store) => {
      const steps = [
        [2, 'active', [2, 'active']],
        [1, 'disabled', [2, 'active']],
        [3, 'disabled', [3, 'disabled']],
        [3, 'active', [3, 'disabled']],
        [1, 'revoked', [1, 'revoked']],
        [9, 'active', [1, 'revoked']],
        [9, 'disabled', [1, 'revoked']],
        [5, 'revoked', [5, 'revoked']],
        [4, 'revoked', [5, 'revoked']],
      ] as const
      const append = (id: string, objects: readonly FeedObject[]) =>
        store.write(async (transaction) =>
          transaction.append({ tenant: 'acme', audit: exampleAudit(id), objects: () => objects }),
        )
      for (const [version, status, expected] of steps) {
        await append('key_1', [keyObject('key_1', version, status)])
        const entry = await store.read.statusEntries.find('acme', 'key', 'key_1')
        expect([entry?.version, entry?.state.status]).toEqual(expected)
      }
      // The same in one transaction, in both orders.
      await append(
        'key_2',
        steps.map(([version, status]) => keyObject('key_2', version, status)),
      )
      await append('key_3', steps.map(([version, status]) => keyObject('key_3', version, status)).reverse())
      for (const id of ['key_2', 'key_3']) {
        expect(await store.read.statusEntries.find('acme', 'key', id)).toMatchObject({
          version: 5,
          state: { status: 'revoked' },
        })
      }
    }))

  it('a snapshot is one moment: entries and place agree while writes go on', () =>
    withStore(create, async (store) => {
      await seed(store, 'acme', 'other')
      const ids = Array.from({ length: 1500 }, (_, index) => `key_${index}`)
      const writeAll = (version: number) =>
        store.write(async (transaction) => {
          for (const tenant of ['acme', 'other']) {
            const objects = () => ids.map((id) => keyObject(id, version))
            transaction.append({ tenant, audit: exampleAudit('all'), objects })
          }
        })
      await writeAll(1)
      let version = 1
      let isDone = false
      const writing = (async () => {
        while (!isDone) {
          version += 1
          await writeAll(version)
          await setImmediate()
        }
      })()
      for (let round = 0; round < 6; round++) {
        const { place, entries } = await store.feed.snapshot('acme')
        expect(new Set(entries.map((entry) => entry.version)).size).toBe(1)
        expect(place.sequence).toBe(entries[0]!.version * ids.length)
        expect(Math.max(...entries.map((entry) => entry.sequence))).toBe(place.sequence)
        const all = await store.feed.snapshotAll()
        expect(new Set(all.entries.map((entry) => entry.version)).size).toBe(1)
        expect(all.position).toBe(all.places.get('acme')!.sequence + all.places.get('other')!.sequence)
      }
      isDone = true
      await writing
      expect(version).toBeGreaterThan(1)
    }))

  it('from the place of any snapshot on, the chain verifies to the head', () =>
    withStore(create, async (store) => {
      const places = []
      for (let round = 1; round <= 12; round++) {
        places.push((await store.feed.snapshot('acme')).place)
        await store.write(async (transaction) => transaction.append(keyChange('acme', `key_${round % 3}`, round)))
      }
      for (const { sequence, chain } of places) {
        expect(await store.feed.chainAt('acme', sequence)).toBe(chain)
        const rest = await store.feed.after('acme', sequence, 100)
        expectChained(rest, { sequence, chain } as never)
        expect(rest).toHaveLength(12 - sequence)
      }
    }))

  it('an API is numbered in the transaction that makes it', () =>
    withStore(create, async (store) => {
      await seed(store, 'acme')
      await store.write(async (transaction) => transaction.append(keyChange('acme', 'key_1')))
      await store.write(async (transaction) => {
        const api = exampleApi('acme', 'api_2')
        await transaction.apis.insert(api)
        transaction.append({
          tenant: 'acme',
          audit: exampleAudit('api_2'),
          objects: (createdSequence) => [
            {
              type: 'api',
              id: 'api_2',
              version: 1,
              state: { status: 'active', audience: api.audience, maxStalenessSeconds: 10, createdSequence },
              dropAt: neverDropAt,
            },
          ],
          rows: (sequence) => transaction.apis.setCreatedSequence('acme', 'api_2', sequence),
        })
      })
      expect((await store.read.apis.find('acme', 'api_2'))?.createdSequence).toBe(2)
      expect(await store.read.statusEntries.find('acme', 'api', 'api_2')).toMatchObject({
        state: { createdSequence: 2 },
      })
    }))

  it('two writers held open across each other skip, repeat and reorder nothing for a follower', () =>
    withStore(create, async (store, database) => {
      const stores = [store, await database.open()]
      const observer = await database.open()
      const follower = follow(observer)
      const heard = stores.map((each) => {
        const positions: number[] = []
        each.onCommit((entries) => positions.push(...entries.map((entry) => entry.position)))
        return positions
      })
      const random = randomFrom(3)
      const begun = [0, 0]
      let acknowledged = 0
      const writeOften = async (mine: number) => {
        for (let round = 0; round < 150; round++) {
          const tenant = `tenant_${random(3)}`
          const isKept = random(5) > 0
          const waits = random(4)
          await stores[mine]!.write(async (transaction) => {
            await transaction.keys.find(tenant, 'key_1')
            begun[mine]! += 1
            // Held open until the other has begun, or for a moment where the other must wait for this one.
            if (waits > 1) await otherBegins(begun, 1 - mine)
            for (let count = 0; count <= waits; count++) transaction.append(keyChange(tenant, `key_${round}`))
            if (waits % 2 === 1) await setImmediate()
            if (!isKept) throw new Error('on purpose')
          }).then(
            ({ entries }) => {
              acknowledged += entries.length
            },
            (error) => expect(error.message).toBe('on purpose'),
          )
        }
      }
      await Promise.all([writeOften(0), writeOften(1), writeOften(0), writeOften(1)])
      const seen = await follower.finish()
      expect(seen).toHaveLength(acknowledged)
      expect((await store.feed.head()).position).toBe(acknowledged)
      expectChained(seen)
      for (const positions of heard) expect(positions).toEqual(positions.toSorted((a, b) => a - b))
      expect(heard.flat().sort((a, b) => a - b)).toEqual(seen.map((entry) => entry.position))
      for (const tenant of ['tenant_0', 'tenant_1', 'tenant_2']) {
        expect((await store.verifyAudit(tenant)).brokenAt).toBeUndefined()
      }
      await Promise.all([stores[1]!.close(), observer.close()])
    }))

  it('a key cannot be made for a client that is being revoked', () =>
    withStore(create, async (store, database) => {
      const second = await database.open()
      for (let round = 0; round < 15; round++) {
        const tenant = `tenant_${round}`
        await seed(store, tenant)
        const revoke = store.write(async (transaction) => {
          const client = (await transaction.clients.find(tenant, 'client_1'))!
          if (round % 2) await setImmediate()
          await transaction.keys.revokeByClient(tenant, 'client_1', startAt)
          await transaction.clients.update({ ...client, status: 'disabled', version: client.version + 1 })
        })
        const create = second.write(async (transaction) => {
          const client = await transaction.clients.find(tenant, 'client_1')
          if (round % 3) await setTimeout(1)
          if (client?.status === 'active') await transaction.keys.insert(exampleKey(tenant, 'key_2'))
        })
        await Promise.all([revoke, create])
        expect(await store.read.keys.find(tenant, 'key_2')).not.toMatchObject({ status: 'active' })
        expect(await store.read.clients.find(tenant, 'client_1')).toMatchObject({ status: 'disabled' })
      }
      await second.close()
    }))
}

async function otherBegins(begun: readonly number[], other: number): Promise<void> {
  const before = begun[other]!
  for (let wait = 0; wait < 4 && begun[other] === before; wait++) await setTimeout(1)
}

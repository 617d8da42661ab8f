/** docs/decisions/0011-group-commit.md: writes of one tenant that are asked for together share a transaction, and nothing else. */
import { expect, it } from 'vitest'
import type { Key } from '../records/key.ts'
import type { Token } from '../records/token.ts'
import type { Store, WriteTransaction } from '../store.ts'
import { digestOf, exampleAudit, exampleKey, exampleToken, keyChange, seed } from './examples.ts'
import { expectChained } from './follower.ts'
import { type CreateDatabase, startAt, withStore } from './test_database.ts'

const tenant = 'acme'

async function addKey(transaction: WriteTransaction, id: string): Promise<string> {
  await transaction.keys.insert(exampleKey(tenant, id))
  transaction.append(keyChange(tenant, id))
  return id
}

/** A store whose transactions are shared however slow the machine is: their time stands still. */
const withSharing = (create: CreateDatabase, test: Parameters<typeof withStore>[1]) =>
  withStore(create, test, { monotonicMs: () => 0 })

/** All are asked for in one turn: the first begins a transaction, and the others share the next one or the same. */
function together(store: Store, works: readonly ((transaction: WriteTransaction) => Promise<unknown>)[]) {
  return Promise.allSettled(works.map((work) => store.write(work, { tenant })))
}

async function keyIds(store: Store): Promise<readonly string[]> {
  const keys = await store.read.keys.list(tenant, { now: 0 }, { limit: 100 })
  return keys
    .map(({ id }) => id)
    .filter((id) => id !== 'key_1')
    .sort()
}

export function togetherCases(create: CreateDatabase): void {
  it('thirty writes that are asked for together begin far fewer transactions, and each hears of its own entries', () =>
    withSharing(create, async (store) => {
      await seed(store, tenant)
      const heard: number[][] = []
      store.onCommit((entries) => heard.push(entries.map(({ sequence }) => sequence)))
      const ids = Array.from({ length: 30 }, (_, index) => `key_${10 + index}`)
      const outcomes = await together(
        store,
        ids.map((id) => (transaction) => addKey(transaction, id)),
      )
      const written = outcomes.map((outcome) => outcome.status === 'fulfilled' && outcome.value)
      expect(written).toMatchObject(ids.map((id) => ({ value: id, entries: [{ id }] })))
      expect(heard.length).toBeLessThan(20)
      const sequences = heard.flat()
      expect(sequences).toEqual(sequences.toSorted((a, b) => a - b))
      expect(await keyIds(store)).toEqual(ids)
      expectChained(await store.feed.afterPosition(0, 100))
      expect(await store.verifyAudit(tenant)).toMatchObject({ events: 30 })
    }))

  it('one that throws, or goes on after a failed statement, is undone alone, with what it appended and numbered', () =>
    withSharing(create, async (store) => {
      await seed(store, tenant)
      const outcomes = await together(store, [
        (transaction) => addKey(transaction, 'key_21'),
        (transaction) => addKey(transaction, 'key_22'),
        async (transaction) => {
          await addKey(transaction, 'key_23')
          throw new Error('refused')
        },
        async (transaction) => {
          await addKey(transaction, 'key_24')
          await transaction.keys.insert(exampleKey(tenant, 'key_22')).catch(() => {})
        },
        async (transaction) => {
          transaction.append({ ...keyChange(tenant, 'key_25'), rows: () => Promise.reject(new Error('no row')) })
        },
        async (transaction) => {
          transaction.append({ tenant, audit: exampleAudit('x'), objects: () => [{ type: 'key', id: '' }] as never })
        },
        (transaction) => addKey(transaction, 'key_26'),
      ])
      expect(outcomes).toMatchObject([
        { value: { value: 'key_21' } },
        { value: { value: 'key_22' } },
        { reason: { message: 'refused' } },
        { reason: { name: 'ConflictError' } },
        { reason: { message: 'no row' } },
        { reason: { message: 'the id of a key has 0 bytes' } },
        { value: { value: 'key_26' } },
      ])
      expect(await keyIds(store)).toEqual(['key_21', 'key_22', 'key_26'])
      const entries = await store.feed.afterPosition(0, 100)
      expect(entries.map(({ id, sequence, position }) => [id, sequence, position])).toEqual([
        ['key_21', 1, 1],
        ['key_22', 2, 2],
        ['key_26', 3, 3],
      ])
      expectChained(entries)
      expect(await store.verifyAudit(tenant)).toMatchObject({ events: 3 })
    }))

  it('rows and entries of a change that is undone are taken back with it where all others stand', () =>
    withSharing(create, async (store) => {
      await seed(store, tenant)
      const outcomes = await together(store, [
        (transaction) => addKey(transaction, 'key_21'),
        async (transaction) => {
          await addKey(transaction, 'key_22')
          throw new Error('refused')
        },
        async (transaction) => {
          transaction.append({ ...keyChange(tenant, 'key_23'), rows: () => Promise.reject(new Error('no row')) })
        },
        (transaction) => addKey(transaction, 'key_24'),
      ])
      expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected', 'fulfilled'])
      expect(await keyIds(store)).toEqual(['key_21', 'key_24'])
      const entries = await store.feed.afterPosition(0, 100)
      expect(entries.map(({ id, position }) => [id, position])).toEqual([
        ['key_21', 1],
        ['key_24', 2],
      ])
      expect(await store.verifyAudit(tenant)).toMatchObject({ events: 2 })
    }))

  it('a key that cannot be written takes none of those with it that are written by the same statement', () =>
    withSharing(create, async (store) => {
      await seed(store, tenant)
      const change = async (transaction: WriteTransaction, id: string, members: Partial<Key>) => {
        const key = (await transaction.keys.find(tenant, id)) as Key
        await transaction.keys.update({ ...key, version: key.version + 1, ...members })
        transaction.append(keyChange(tenant, id, members.version ?? key.version + 1))
      }
      const outcomes = await together(store, [
        (transaction) => addKey(transaction, 'key_21'),
        (transaction) => addKey(transaction, 'key_22'),
        (transaction) => change(transaction, 'key_1', { name: 'two' }),
        // The version that it replaces is not there; the next id is taken.
        (transaction) => change(transaction, 'key_22', { version: 9 }),
        (transaction) => addKey(transaction, 'key_21'),
        (transaction) => change(transaction, 'key_1', { name: 'three' }),
        (transaction) => transaction.keys.insert(exampleKey(tenant, 'key_23', { name: 'a\0b' })),
        (transaction) => addKey(transaction, 'key_24'),
      ])
      expect(outcomes).toMatchObject([
        { status: 'fulfilled' },
        { status: 'fulfilled' },
        { status: 'fulfilled' },
        { reason: { name: 'RowCountError' } },
        { reason: { name: 'ConflictError' } },
        { status: 'fulfilled' },
        { reason: { name: 'UnstorableTextError' } },
        { status: 'fulfilled' },
      ])
      expect(await keyIds(store)).toEqual(['key_21', 'key_22', 'key_24'])
      expect(await store.read.keys.find(tenant, 'key_1')).toMatchObject({ name: 'three', version: 3 })
      expectChained(await store.feed.afterPosition(0, 100))
      expect(await store.verifyAudit(tenant)).toMatchObject({ events: 5 })
    }))

  it('a key that is written is found by every read of a later one, and gone where its own was undone', () =>
    withSharing(create, async (store) => {
      await seed(store, tenant)
      const seen: unknown[] = []
      const look = async ({ keys }: WriteTransaction) => {
        const { digest } = exampleKey(tenant, 'key_21')
        const listed = await keys.list(tenant, { now: 0 }, { limit: 100 })
        seen.push([
          (await keys.find(tenant, 'key_21'))?.id,
          (await keys.findByDigest(tenant, digest))?.id,
          listed.length,
        ])
      }
      await together(store, [
        (transaction) => addKey(transaction, 'key_20'),
        async (transaction) => {
          await addKey(transaction, 'key_21')
          throw new Error('undone')
        },
        look,
        (transaction) => addKey(transaction, 'key_21'),
        look,
        async (transaction) => void (await transaction.keys.revokeByClient(tenant, 'client_1', startAt)),
      ])
      expect(seen).toEqual([
        [undefined, undefined, 2],
        ['key_21', 'key_21', 3],
      ])
      for (const id of ['key_20', 'key_21'])
        expect(await store.read.keys.find(tenant, id)).toMatchObject({ status: 'revoked' })
    }))

  it('keys that are named ahead are found as they are, and names that no key can have do no harm', () =>
    withSharing(create, async (store) => {
      await seed(store, tenant, 'other')
      await store.write((transaction) => transaction.keys.insert(exampleKey('other', 'key_8')))
      const find = (id: string) => store.write(({ keys }) => keys.find(tenant, id), { tenant, ahead: { keys: [id] } })
      const found = await Promise.all(['key_1', 'key_8', 'key_1', 'a\0b', 'none'].map(find))
      expect(found.map(({ value }) => value?.id)).toEqual(['key_1', undefined, 'key_1', undefined, undefined])
    }))

  it('each sees all that those before it have changed, appended and numbered, and nothing of one that was undone', () =>
    withSharing(create, async (store) => {
      await seed(store, tenant)
      const seen: unknown[] = []
      const look = async ({ clients, keys, statusEntries }: WriteTransaction) =>
        void seen.push([
          (await clients.find(tenant, 'client_1'))?.cutOff,
          (await clients.find(tenant, 'client_1'))?.name,
          (await keys.find(tenant, 'key_21'))?.name,
          (await statusEntries.find(tenant, 'key', 'key_21'))?.version,
        ])
      const cutOff = async (transaction: WriteTransaction) =>
        transaction.append({
          ...keyChange(tenant, 'key_21', 7),
          rows: (sequence) => transaction.clients.setCutOff(tenant, 'client_1', sequence),
        })
      const outcomes = await together(store, [
        (transaction) => addKey(transaction, 'key_20'),
        look,
        (transaction) => addKey(transaction, 'key_21'),
        look,
        async (transaction) => {
          const client = (await transaction.clients.find(tenant, 'client_1'))!
          await transaction.clients.update({ ...client, name: 'undone', version: client.version + 1 })
          await cutOff(transaction)
          await look(transaction)
          throw new Error('undone')
        },
        look,
        cutOff,
        look,
        async (transaction) => {
          const key = (await transaction.keys.find(tenant, 'key_21'))!
          await transaction.keys.update({ ...key, name: 'renamed', version: key.version + 1 })
        },
        look,
        (transaction) => transaction.keys.revokeByClient(tenant, 'client_1', 1),
        async ({ keys }) => void seen.push((await keys.find(tenant, 'key_21'))?.status),
      ])
      expect(outcomes.filter(({ status }) => status === 'rejected')).toHaveLength(1)
      const { name } = exampleKey(tenant, 'key_21')
      expect(seen).toEqual([
        [0, 'Mobile', undefined, undefined],
        [0, 'Mobile', name, 1],
        // Appended after the work: its own change is not numbered yet.
        [0, 'undone', name, 1],
        [0, 'Mobile', name, 1],
        [3, 'Mobile', name, 7],
        [3, 'Mobile', 'renamed', 7],
        'revoked',
      ])
    }))

  it('no reader sees one of them before the commit of all', () =>
    withSharing(create, async (store) => {
      await seed(store, tenant)
      const seen: (readonly string[])[] = []
      await together(store, [
        (transaction) => addKey(transaction, 'key_21'),
        (transaction) => addKey(transaction, 'key_22'),
        async (transaction) => {
          await addKey(transaction, 'key_23')
          seen.push(await keyIds(store))
        },
      ])
      expect(seen).toEqual([[]])
      expect(await keyIds(store)).toHaveLength(3)
    }))

  it('one that enters another tenant is refused: two that enter two in opposite order would wait for each other', () =>
    withSharing(create, async (store) => {
      await seed(store, tenant, 'other')
      const outcome = store.write((transaction) => transaction.keys.find('other', 'key_21'), { tenant })
      await expect(outcome).rejects.toThrow('has one tenant')
    }))

  it('when no transaction can begin, all that wait are told so, and the next is written', () =>
    withSharing(create, async (store, database) => {
      await seed(store, tenant)
      store.beforeAppend(() => false)
      const works = ['key_21', 'key_22', 'key_23'].map(
        (id) => (transaction: WriteTransaction) => addKey(transaction, id),
      )
      const outcomes = await together(store, works)
      expect(outcomes).toMatchObject(works.map(() => ({ reason: { reason: 'history' } })))
      store.beforeAppend(() => true)
      await store.write((transaction) => addKey(transaction, 'key_24'), { tenant })
      expect(await keyIds(store)).toEqual(['key_24'])
      const closed = await database.open()
      await closed.close()
      expect(await together(closed, works)).toMatchObject(works.map(() => ({ status: 'rejected' })))
    }))
  it('opaque tokens that are asked for together are all there, as they were given', () =>
    withSharing(create, async (store) => {
      await seed(store, tenant)
      const { epoch } = await store.feed.place(tenant)
      const tokens = Array.from({ length: 250 }, (_, index) => opaqueToken(`at_${index}`))
      const written = await Promise.all(tokens.map((token) => store.insertToken(token, { epoch, by: [client] })))
      expect(written).toEqual(tokens.map(() => true))
      for (const token of [tokens[0]!, tokens[249]!]) {
        expect(await store.read.tokens.findByDigest(tenant, token.digest!)).toEqual(token)
      }
      expect(await store.feed.head()).toMatchObject({ position: 0 })
      expect(await store.verifyAudit(tenant)).toMatchObject({ events: 0 })
    }))

  it('an opaque token is not written once anything was said about what authorised it, or in another epoch', () =>
    withSharing(create, async (store) => {
      await seed(store, tenant, 'other')
      const { epoch } = await store.feed.place(tenant)
      const say = (of: string, id: string) => store.write(async (transaction) => transaction.append(keyChange(of, id)))
      await say(tenant, 'key_8')
      await say(tenant, 'key_9')
      await say('other', 'key_7')
      const by = (...ids: readonly string[]) => ids.map((id) => ({ type: 'key' as const, id }))
      const at = (position: number, jti: string) => ({ ...opaqueToken(jti), position })
      const outcomes = await Promise.all([
        store.insertToken(at(1, 'a'), { epoch, by: [client, ...by('key_8', 'key_7')] }),
        store.insertToken(at(1, 'b'), { epoch, by: by('key_8', 'key_9') }),
        store.insertToken(at(2, 'c'), { epoch, by: by('key_8', 'key_9') }),
        store.insertToken(at(0, 'd'), { epoch, by: by('key_8') }),
        store.insertToken(at(2, 'e'), { epoch: 'another', by: [client] }),
      ])
      expect(outcomes).toEqual([true, false, true, false, false])
      const found = await store.read.tokens.list(tenant, {}, { limit: 10 })
      expect(found.map(({ jti }) => jti).filter((jti) => jti.length === 1)).toEqual(['a', 'c'])
    }))

  it('an opaque token that cannot be stored takes no other with it', () =>
    withSharing(create, async (store) => {
      await seed(store, tenant)
      const { epoch } = await store.feed.place(tenant)
      const outcomes = await Promise.allSettled([
        store.insertToken(opaqueToken('a'), { epoch, by: [client] }),
        store.insertToken({ ...opaqueToken('b'), subject: 'no\0body' }, { epoch, by: [client] }),
        store.insertToken(
          { ...opaqueToken('c'), metadata: { text: "a\0b \ud800 “quoted” '\\" } },
          { epoch, by: [client] },
        ),
      ])
      expect(outcomes).toMatchObject([{ value: true }, { reason: { name: 'UnstorableTextError' } }, { value: true }])
      expect(await store.read.tokens.find(tenant, 'c')).toMatchObject({
        metadata: { text: "a\0b \ud800 “quoted” '\\" },
      })
    }))
}

const client = { type: 'client', id: 'client_1' } as const

function opaqueToken(jti: string): Token {
  return exampleToken(tenant, jti, { format: 'opaque', digest: digestOf(jti), prefix: 'cs' })
}

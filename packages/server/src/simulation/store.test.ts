/** The modelled store and the real one, on SQLite, are given the same operations and must answer the same. */
import { randomBytes } from 'node:crypto'
import { openSqliteStore, type Store } from '@countersign/store'
import { expect, inject, it } from 'vitest'
import { type Dependency, startAt } from './credentials.ts'
import { createInstallation, installedObjects } from './installation.ts'
import { append, change } from './operator.ts'
import { dependenciesOf, nameOf } from './oracle.ts'
import * as parts from './parts.ts'
import { allRules } from './rules.ts'
import { createModelledStore } from './store.ts'
import { tenants } from './tenants.ts'
import { createRandom, type Random } from './timeline.ts'

const rounds = inject('isFull') ? 40 : 2
const steps = 60

const credentials = tenants.flatMap((tenant) => tenant.credentials)
const objects = [...new Map(credentials.flatMap(dependenciesOf).map((of) => [nameOf(of), of])).values()]

it('the modelled store answers as the real one does', async () => {
  for (let seed = 1; seed <= rounds; seed++) {
    const clock = { seconds: startAt }
    const now = (): number => clock.seconds
    const real = await openSqliteStore({ file: ':memory:', auditKey: randomBytes(32), now, randomBytes })
    try {
      await install(real)
      await compare(real, await openModelled(now), createRandom(seed), clock)
    } finally {
      await real.close()
    }
  }
})

async function openModelled(now: () => number): Promise<Store> {
  const none = async (): Promise<void> => {}
  const { store, open } = createModelledStore({
    database: await createInstallation(parts, allRules, startAt * 1000),
    rules: allRules,
    dialect: 'sqlite',
    canFailOver: false,
    now,
    databaseMs: () => now() * 1000,
    pause: none,
    gone: new Promise(() => {}),
    giveUp: none,
  })
  await open()
  return store
}

async function install(store: Store): Promise<void> {
  for (const tenant of tenants) {
    const { api, clients, keys, tokens, jwk, signingKeys } = tenant
    await store.write(async (it) => {
      await it.tenants.insert(tenant.tenant)
      await it.apis.insert(api)
      for (const client of clients) await it.clients.insert(client)
      for (const key of keys) await it.keys.insert(key)
      for (const token of tokens) await it.tokens.insert(token)
      for (const key of signingKeys) await it.signingKeys.insert(key)
      await it.clients.insertJwk(jwk)
      for (const object of installedObjects(parts, tenant)) append(it, tenant.tenant.id, object)
    })
  }
}

async function compare(real: Store, modelled: Store, random: Random, clock: { seconds: number }): Promise<void> {
  const both = [real, modelled] as const
  for (let step = 0; step < steps; step++) {
    clock.seconds += random.between(0, random.chance(0.1) ? 400_000 : 60)
    const dependency = random.pick(objects)
    const chosen = random.next()
    let act: (store: Store) => Promise<unknown>
    if (chosen < 0.7) act = changeOf(dependency, random, clock.seconds)
    else if (chosen < 0.8) {
      const ahead = random.between(-100, 86_400)
      act = async (store) => {
        const { moves, timeMs } = await store.dropTime.read()
        const moved = await store.dropTime.move(moves, { timeMs: (clock.seconds + ahead) * 1000, boot: undefined })
        return [moves, timeMs, moved, await store.dropTime.move(moves, { timeMs: timeMs + 1, boot: undefined })]
      }
    } else if (chosen < 0.87) act = (store) => store.cleanUp(clock.seconds, 3_600).then(() => undefined)
    else if (chosen < 0.94) {
      const by = random.pick([0, 1])
      const tenant = dependency.tenant
      act = async (store) => {
        const { sequence } = await store.feed.place(tenant)
        const begun = await store.leaveHistory([{ tenant, sequence: sequence + by }])
        return begun && { beginning: begun.beginning, raised: begun.raised }
      }
    } else {
      const holder = random.pick(['one', 'other'])
      act = (store) => store.takeLease('clean-up', holder, 1_000_000_000)
    }
    const [expected, found] = await Promise.all(both.map(act))
    expect(found).toEqual(expected)
    const [wanted, seen] = await Promise.all(both.map(look))
    expect(seen).toEqual(wanted)
  }
}

/** One transaction for both: what is picked is picked before it runs. */
function changeOf(dependency: Dependency, random: Random, now: number): (store: Store) => Promise<unknown> {
  const credential = credentials.find(({ own }) => nameOf(own) === nameOf(dependency))
  const work = change(dependency, { parts, now, random, credential })
  return async (store) => {
    const { entries } = await store.write(work)
    return entries.map(({ tenant, position, sequence, type, id, version, state, dropAt, at }) => {
      return { tenant, position, sequence, type, id, version, state, dropAt, at }
    })
  }
}

/** All that the feed reads. Epochs and chain values are random, or made of what is; the numbers are not. */
async function look(store: Store): Promise<unknown> {
  const all = await store.feed.snapshotAll()
  const { position, chain } = await store.feed.head()
  const logs = await Promise.all(
    tenants.map(async ({ tenant: { id } }) => {
      const { sequence } = await store.feed.place(id)
      const entries = await store.feed.after(id, 0, 1_000)
      const { place, dropTime, entries: kept } = await store.feed.snapshot(id)
      const known = await Promise.all(
        [0, 1, sequence - 1, sequence, sequence + 1].map((at) => store.feed.chainAt(id, at)),
      )
      const isKnown = known.map((value) => value !== undefined)
      return {
        sequence,
        log: entries.map((entry) => entry.sequence),
        isKnown,
        place: place.sequence,
        dropTime,
        kept: kept.length,
      }
    }),
  )
  const records = await Promise.all(
    tenants.flatMap(({ tenant: { id }, keys, tokens, jwk }) => [
      ...[...keys, ...tokens].map(({ digest = '' }) => store.lookup.credential(id, digest)),
      store.lookup.publicKey(id, jwk.clientId, jwk.kid),
    ]),
  )
  const entries = all.entries.map(({ tenant, type, id, version, state, dropAt, sequence }) => {
    return { name: `${tenant} ${type} ${id}`, version, state, dropAt, sequence }
  })
  return {
    position,
    hasChain: chain !== undefined,
    dropTime: all.dropTime,
    entries: entries.sort((one, other) => (one.name < other.name ? -1 : 1)),
    logs,
    records: records.map((record) => record && JSON.parse(JSON.stringify(record))),
  }
}

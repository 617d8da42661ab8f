import { expect, it } from 'vitest'
import type { Store, WriteTransaction } from '../store.ts'
import {
  digestOf,
  exampleApi,
  exampleAudit,
  exampleClient,
  exampleCount,
  exampleIdempotency,
  exampleIssuer,
  exampleJwk,
  exampleKey,
  examplePosition,
  exampleSecret,
  exampleSigningKey,
  exampleTenant,
  exampleToken,
  keyObject,
} from './examples.ts'
import type { CreateDatabase } from './test_database.ts'
import { moveDropTime, randomFrom, startAt } from './test_database.ts'

type Random = (below: number) => number
type Operation = (transaction: WriteTransaction, random: Random) => unknown

const tenants = ['acme', 'ACME', 'caf\u00e9']
const statuses = ['active', 'disabled', 'revoked'] as const

/** Runs the same random operations on two databases. Every answer, error and list must be equal. */
export function differentialCases(first: CreateDatabase, second: CreateDatabase, operations: number): void {
  it(`${operations} random operations give equal answers on both databases`, async () => {
    const databases = [await first(), await second()]
    // Both have one epoch, so that places are equal too.
    const options = { randomBytes: (count: number) => new Uint8Array(count) }
    const stores = await Promise.all(databases.map((database) => database.open(options)))
    // SQLite's drop time begins with the test's clock, PostgreSQL's with the machine's.
    for (const store of stores) await moveDropTime(store, startAt)
    for (let seed = 0; seed < operations; seed++) {
      const [one, other] = await Promise.all(stores.map((store) => outcome(() => write(store, seed))))
      expect(one, `operation ${seed}`).toEqual(other)
      if (seed % 20 === 0) {
        const [here, there] = await Promise.all(stores.map((store) => outcome(() => read(store, seed))))
        expect(here, `reads after ${seed}`).toEqual(there)
      }
    }
    const counts = await Promise.all(stores.map(async (store) => (await store.feed.head()).position))
    expect(counts[0]).toBe(counts[1])
    expect(counts[0]).toBeGreaterThan(operations / 10)
    await Promise.all(stores.map((store) => store.close()))
    await Promise.all(databases.map((database) => database.drop()))
  }, 60_000)
}

/** One to three operations in one transaction, which then commits or not; or a chore with its own transaction. */
async function write(store: Store, seed: number) {
  const random = randomFrom(seed)
  if (random(40) === 0) return countUsage(store, random)
  if (random(40) === 0) return store.savePositions([examplePosition(tenantOf(random), `v${random(3)}`, random(9))])
  return store.write(async (transaction) => {
    const values: unknown[] = []
    for (let count = random(3); count >= 0; count--) {
      values.push(await operations[random(operations.length)]!(transaction, random))
    }
    if (random(8) === 0) throw new Error('on purpose')
    return values
  })
}

function countUsage(store: Store, random: Random): Promise<boolean> {
  const counts = [0, 0, 60].map((after) => {
    const own = { clientId: clientId(random), minuteAt: startAt + after, count: random(5) }
    return { ...exampleCount(tenantOf(random), keyId(random)), ...own }
  })
  return store.countUsage({ id: `batch_${random(40)}`, counts, now: startAt })
}

const pick = <T>(random: Random, values: readonly T[]): T => values[random(values.length)]!
const tenantOf = (random: Random) => pick(random, tenants)
const keyId = (random: Random) => `key_${random(12)}`
const clientId = (random: Random) => `client_${random(4)}`
const apiId = (random: Random) => `api_${random(3)}`
const jti = (random: Random) => `${pick(random, ['a', 'A', 'a '])}${random(4)}`
const version = (random: Random) => 1 + random(4)
const at = (random: Random) => startAt + random(6)
const access = (random: Random) =>
  Object.fromEntries(Array.from({ length: random(3) }, () => [apiId(random), `scope_${random(3)}`]))

const someKey = (random: Random) =>
  exampleKey(tenantOf(random), keyId(random), {
    clientId: clientId(random),
    apiId: apiId(random),
    digest: digestOf(`${random(30)}`),
    status: pick(random, statuses),
    version: version(random),
    createdAt: at(random),
    ...(random(2) ? { expiresAt: at(random) } : {}),
    ...(random(2) ? { rateLimit: { limit: random(9), windowSeconds: 60 } } : {}),
  })

const someToken = (random: Random) =>
  exampleToken(tenantOf(random), jti(random), {
    clientId: clientId(random),
    apiId: apiId(random),
    digest: digestOf(`${random(30)}`),
    version: version(random),
    createdAt: at(random),
    ...(random(2) ? { scope: '' } : {}),
  })

const someClient = (random: Random) =>
  exampleClient(tenantOf(random), clientId(random), {
    access: access(random),
    version: version(random),
    status: pick(random, statuses),
    createdAt: at(random),
    ...(random(3) ? {} : { rateLimits: [{ name: 'day', limit: random(9), windowSeconds: 60 }] }),
  })

const issuerId = (random: Random) => `issuer_${random(3)}`

const someIssuer = (random: Random) =>
  exampleIssuer(tenantOf(random), issuerId(random), {
    issuer: `https://${pick(random, ['a', 'A', 'a '])}.example`,
    fetchAt: at(random),
    createdAt: at(random),
  })

const operations: readonly Operation[] = [
  (it, random) => it.tenants.insert(exampleTenant(tenantOf(random), { slug: `slug-${random(4)}` })),
  (it, random) => it.tenants.update(exampleTenant(tenantOf(random), { slug: `slug-${random(4)}`, version: 2 })),
  (it, random) => (random(6) === 0 ? it.tenants.delete(tenantOf(random)) : undefined),
  (it, random) => it.apis.insert(exampleApi(tenantOf(random), apiId(random), { audience: `aud ${random(3)}` })),
  (it, random) => it.apis.update(exampleApi(tenantOf(random), apiId(random), { version: version(random) })),
  (it, random) => (random(4) === 0 ? it.apis.delete(tenantOf(random), apiId(random)) : undefined),
  (it, random) => it.clients.insert({ ...someClient(random), version: 1 }),
  (it, random) => it.clients.insert({ ...someClient(random), version: 1 }),
  (it, random) => it.clients.update(someClient(random)),
  (it, random) => it.clients.setCutOff(tenantOf(random), clientId(random), random(9)),
  (it, random) => (random(4) === 0 ? it.clients.delete(tenantOf(random), clientId(random)) : undefined),
  (it, random) => it.clients.insertSecret(exampleSecret(tenantOf(random), clientId(random), `s${random(9)}`)),
  (it, random) => it.clients.expireSecrets(tenantOf(random), clientId(random), at(random), `s${random(9)}`),
  (it, random) => it.clients.deleteSecrets(tenantOf(random), clientId(random)),
  (it, random) => it.clients.insertJwk(exampleJwk(tenantOf(random), clientId(random), `kid_${random(3)}`)),
  (it, random) => it.clients.deleteJwk(tenantOf(random), clientId(random), `kid_${random(3)}`),
  (it, random) => it.keys.insert(someKey(random)),
  (it, random) => it.keys.insert(someKey(random)),
  (it, random) => it.keys.update(someKey(random)),
  (it, random) => it.keys.revokeByClient(tenantOf(random), clientId(random), at(random)),
  (it, random) => it.keys.revokeBySubject(tenantOf(random), pick(random, ['ann', 'client_1']), at(random)),
  (it, random) => it.tokens.revokeBySubject(tenantOf(random), pick(random, ['ann', 'client_1']), at(random)),
  (it, random) => it.tokens.insert(someToken(random)),
  (it, random) => it.tokens.update(someToken(random)),
  (it, random) => it.tokens.revokeByClient(tenantOf(random), clientId(random), at(random)),
  (it, random) => it.signingKeys.insert(exampleSigningKey(tenantOf(random), `kid_${random(4)}`)),
  (it, random) => it.signingKeys.update(exampleSigningKey(tenantOf(random), `kid_${random(4)}`, { version: 2 })),
  (it, random) => it.signingKeys.delete(tenantOf(random), `kid_${random(4)}`),
  (it, random) => it.issuers.insert(someIssuer(random)),
  (it, random) => it.issuers.update({ ...someIssuer(random), version: 2 }),
  (it, random) => it.issuers.beginFetch(tenantOf(random), issuerId(random), at(random), at(random)),
  (it, random) => (random(4) === 0 ? it.issuers.delete(tenantOf(random), issuerId(random)) : undefined),
  (it, random) => it.idempotency.insert(exampleIdempotency(tenantOf(random), { createdAt: at(random) })),
  (it, random) => it.idempotency.find(exampleIdempotency(tenantOf(random)), at(random)),
  (it, random) => it.singleUse.take('client_assertion', tenantOf(random), jti(random), at(random)),
  (it, random) => append(it, random),
  (it, random) => append(it, random),
  (it, random) => append(it, random),
  (it, random) => append(it, random),
  (it, random) => it.keys.find(tenantOf(random), keyId(random)),
  (it, random) => it.clients.find(tenantOf(random), `${clientId(random)}${pick(random, ['', '\0', ' '])}`),
]

function append(transaction: WriteTransaction, random: Random): void {
  const objects = Array.from({ length: random(4) }, () =>
    keyObject(keyId(random), version(random), pick(random, statuses)),
  )
  transaction.append({ tenant: tenantOf(random), audit: exampleAudit(`x${random(5)}`), objects: () => objects })
}

async function read(store: Store, seed: number) {
  const random = randomFrom(seed)
  if (random(5) === 0) await store.cleanUp(at(random), 0)
  const tenant = tenantOf(random)
  const page = { limit: 1 + random(6) }
  const after = { ...page, after: keyId(random) }
  const now = at(random)
  const status = pick(random, ['active', 'disabled', 'revoked', 'expired'] as const)
  const usage = {
    from: startAt,
    to: startAt + 600,
    intervalSeconds: pick(random, [60, 3600] as const),
    groupBy: pick(random, [['outcome'], ['credentialId'], ['credentialId', 'outcome']] as const),
    limit: 100,
  }
  const retention = { minuteSeconds: 60, hourSeconds: 3_600, daySeconds: 86_400 }
  if (random(5) === 0) await store.rollUpUsage(at(random) + 7_200, retention, { budgetMs: 1_000 })
  return [
    await store.read.tenants.list(page),
    await store.read.apis.list(tenant, page),
    await store.read.clients.list(tenant, page),
    await store.read.clients.listByApi(tenant, apiId(random), page),
    await store.read.clients.secrets(tenant, clientId(random)),
    await store.read.clients.jwks(tenant, clientId(random)),
    await store.read.keys.list(tenant, { now, status }, page),
    await outcome(() => store.read.keys.list(tenant, { now, clientId: clientId(random) }, after)),
    await store.read.tokens.list(tenant, {}, page),
    await store.read.signingKeys.listAll(),
    await store.read.issuers.list(tenant, page),
    await store.read.issuers.listDue(at(random), 5),
    await store.read.audit.list(tenant, { objectId: `x${random(5)}` }, page),
    await store.read.usage.series(tenant, usage),
    await store.read.usage.lastUses(tenant, keyId(random)),
    await store.read.verifierPositions.list(tenant),
    await store.read.statusEntries.find(tenant, 'key', keyId(random)),
    await store.lookup.credential(tenant, digestOf(`${random(30)}`)),
    await store.lookup.client(tenant, clientId(random)),
    await store.lookup.publicKey(tenant, clientId(random), 'kid_1'),
    await store.feed.place(tenant),
    await store.feed.after(tenant, random(9), 5),
    await store.feed.afterPosition(random(50), 5),
    await store.feed.chainAt(tenant, random(9)),
    (await store.feed.snapshot(tenant)).entries,
    await store.verifyAudit(tenant),
  ]
}

/**
 * The result, or the name of the error. When two unique values are taken, each database names the one whose index it
 * checks first. Each has its own words for broken constraints on parents.
 */
async function outcome(work: () => Promise<unknown>): Promise<unknown> {
  try {
    return { value: await work() }
  } catch (error) {
    const { name } = error as Error
    return { name: name === 'error' ? 'Error' : name }
  }
}

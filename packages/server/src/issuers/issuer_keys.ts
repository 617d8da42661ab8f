/**
 * Keeps the keys of trusted issuers. The server alone fetches them, by the cache headers of the answer and, at most once a
 * minute, when a `kid` is presented that no key has. They go into the feed with the rest of the issuer. While a fetch fails,
 * the last good keys go on.
 */
import { isDeepStrictEqual } from 'node:util'
import type { FeedObject, Seconds } from '@countersign/core'
import type { Client, Issuer, Store, WriteTransaction } from '@countersign/store'
import type { Books } from '../feed/books.ts'
import { clientObject, trustedIssuerObject } from '../feed/objects.ts'
import { serverLimits } from '../limits.ts'
import type { Log } from '../observe/log.ts'
import type { Outbound } from '../outbound/outbound_client.ts'
import { type FetchedKeys, fetchIssuerKeys } from './fetch_keys.ts'

export interface IssuerKeys {
  /** One fetch, of which nothing is noted. */
  fetch(uri: string): Promise<FetchedKeys>
  /** Fetches the keys of every issuer that are due. */
  refreshDue(): Promise<void>
  /** A `kid` was presented that no key of the issuer has. Nobody waits for what follows. */
  want(tenant: string, issuerId: string): void
  /** Says the clients of issuers anew whose entries would end: JWTs of an issuer are refused without its client's. */
  keepClients(): Promise<void>
  /** Resolves when nothing is under way. */
  settled(): Promise<void>
}

interface Services {
  readonly store: Store
  readonly books: Books
  readonly outbound: Outbound
  readonly log: Log
  readonly now: () => Seconds
}

export function createIssuerKeys(services: Services): IssuerKeys {
  const { store, log, now } = services
  const running = new Set<Promise<unknown>>()
  /** When each issuer was wanted last: whoever presents nonsense costs no read of the database each time. */
  const wantedAt = new Map<string, Seconds>()

  function isWanted(name: string): boolean {
    const passed = now() - (wantedAt.get(name) ?? Number.NEGATIVE_INFINITY)
    if (passed >= 0 && passed < serverLimits.issuerWantedSeconds) return false
    if (wantedAt.size >= serverLimits.issuersWantedMax) wantedAt.clear()
    wantedAt.set(name, now())
    return true
  }

  function start(work: () => Promise<unknown>): void {
    const run = work()
      .catch((error: unknown) => log.warn({ error }, 'the keys of a trusted issuer were not kept up'))
      .finally(() => running.delete(run))
    running.add(run)
  }

  return {
    fetch: (uri) => fetchIssuerKeys(services.outbound, uri),
    async refreshDue() {
      const due = [...(await store.read.issuers.listDue(now(), serverLimits.issuersDueMax))]
      const next = async (): Promise<void> => {
        for (let issuer = due.shift(); issuer !== undefined; issuer = due.shift()) await refresh(services, issuer)
      }
      // One place of the outbound client is left to those who wait for an answer.
      await Promise.all([next(), next()])
    },
    want(tenant, issuerId) {
      if (!isWanted(`${tenant} ${issuerId}`)) return
      start(async () => {
        const issuer = await store.read.issuers.find(tenant, issuerId)
        const isRecent = issuer !== undefined && now() - issuer.askedAt < serverLimits.issuerKeysSecondsMin
        if (issuer?.jwksUri !== undefined && !isRecent) await refresh(services, issuer)
      })
    },
    async keepClients() {
      for (const { tenant, clientId } of await store.read.issuers.listClients()) {
        await keepClient(services, tenant, clientId)
      }
    },
    async settled() {
      while (running.size > 0) await Promise.all(running)
    },
  }
}

/** Begins only where none began within the last minute, in whatever process. */
async function refresh(services: Services, { tenant, id }: Pick<Issuer, 'tenant' | 'id'>): Promise<void> {
  const { store, books, outbound, log, now } = services
  const askedAt = Math.floor(now())
  const begun = await store.write(
    async ({ issuers }) => {
      const issuer = await issuers.find(tenant, id)
      if (issuer?.jwksUri === undefined || issuer.status !== 'active') return undefined
      const isFirst = await issuers.beginFetch(tenant, id, askedAt, askedAt - serverLimits.issuerKeysSecondsMin)
      return isFirst ? issuer.jwksUri : undefined
    },
    { tenant },
  )
  const uri = begun.value
  if (uri === undefined) return
  const fetched = await fetchIssuerKeys(outbound, uri)
  const { entries } = await store.write(
    async (transaction) => {
      const issuer = await transaction.issuers.find(tenant, id)
      // Meanwhile it was changed or deleted, or a later fetch began: this answer is about another time.
      if (issuer?.jwksUri !== uri || issuer.askedAt !== askedAt) return
      await takeFetched(transaction, issuer, fetched, now())
    },
    { tenant },
  )
  await books.settle(entries)
  if ('fault' in fetched) {
    log.warn({ tenant, issuer: id, fault: fetched.fault }, 'the keys of a trusted issuer did not come')
  }
}

async function keepClient({ store, books, now }: Services, tenant: string, clientId: string): Promise<void> {
  if (isSaidForLong(await store.read.statusEntries.find(tenant, 'client', clientId), now())) return
  const { entries } = await store.write(
    async (transaction) => {
      const client = await transaction.clients.find(tenant, clientId)
      const objects = client === undefined ? [] : await sayClient(transaction, client, now())
      if (objects.length > 0) transaction.append({ ...keptEvent(tenant, clientId), objects: () => objects })
    },
    { tenant },
  )
  await books.settle(entries)
}

const system = { actor: { kind: 'system' }, requestId: 'maintenance' } as const

function keptEvent(tenant: string, clientId: string) {
  return { tenant, audit: { ...system, action: 'client.keep', objectType: 'client', objectId: clientId } }
}

/** Other keys are a change of the issuer; the same ones are none. */
async function takeFetched(
  transaction: WriteTransaction,
  issuer: Issuer,
  fetched: FetchedKeys,
  now: Seconds,
): Promise<void> {
  const after = withFetched(issuer, fetched, now)
  if (isDeepStrictEqual(after.keys, issuer.keys)) return transaction.issuers.noteFetch(after)
  const changed = { ...after, version: issuer.version + 1, updatedAt: Math.floor(now) }
  await transaction.issuers.update(changed)
  const thumbprints = ({ keys }: Issuer) => ({ thumbprints: keys.map(({ thumbprint }) => thumbprint) })
  transaction.append({
    tenant: issuer.tenant,
    audit: {
      ...system,
      action: 'issuer.keys',
      objectType: 'trusted_issuer',
      objectId: issuer.id,
      before: thumbprints(issuer),
      after: thumbprints(changed),
    },
    objects: () => [trustedIssuerObject(changed, now)],
  })
}

/** The issuer after a fetch. A fault keeps its keys, and is tried again after a minute, then two, four, up to an hour. */
export function withFetched(issuer: Issuer, fetched: FetchedKeys, now: Seconds): Issuer {
  const at = Math.floor(now)
  const { fault: _, ...rest } = issuer
  if ('keys' in fetched) {
    return { ...rest, keys: fetched.keys, fetchedAt: at, fetchAt: at + fetched.lifeSeconds, failures: 0 }
  }
  const { issuerKeysSecondsMin, issuerRetrySecondsMax } = serverLimits
  const failures = issuer.failures + 1
  const waitSeconds = Math.min(issuerKeysSecondsMin * 2 ** Math.min(failures - 1, 10), issuerRetrySecondsMax)
  return { ...rest, fetchAt: at + waitSeconds, failures, fault: fetched.fault }
}

/**
 * The entry of a client, where none is there that stays for long: JWTs of an issuer are judged by it, and nobody is asked for
 * a client that the feed does not know. A new version, so that a kept entry gives way.
 */
export async function sayClient(
  transaction: WriteTransaction,
  client: Client,
  now: Seconds,
): Promise<readonly FeedObject[]> {
  const said = await transaction.statusEntries.find(client.tenant, 'client', client.id)
  if (isSaidForLong(said, now)) return []
  const again: Client = { ...client, version: client.version + 1 }
  await transaction.clients.update(again)
  return [clientObject(again, now)]
}

function isSaidForLong(said: Pick<FeedObject, 'dropAt'> | undefined, now: Seconds): boolean {
  return said !== undefined && said.dropAt > now + serverLimits.issuerClientKeptSeconds
}

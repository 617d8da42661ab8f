/** The gauges of a server. `aggregator` says how the values of several workers become one. */
import { getHeapStatistics } from 'node:v8'
import type { PackedKeys } from '@countersign/verifier/engine'
import type { Services } from '../context.ts'
import { signingNow } from '../keys/signing_keys.ts'

/** Reading all signing keys is a query: done this seldom. */
const signingKeysEverySeconds = 60

export function registerGauges(
  services: Pick<Services, 'books' | 'metrics' | 'now' | 'positions' | 'store' | 'streams' | 'version'>,
  packedKeys: PackedKeys,
): void {
  const { metrics, books, streams, now } = services
  const beganAt = performance.now()
  metrics.gauge({
    name: 'countersign_build_info',
    help: 'Always 1; the labels name the version that runs',
    aggregator: 'first',
    labelNames: ['version', 'node', 'database'],
    read: () => [
      {
        labels: { version: services.version, node: process.versions.node, database: services.store.dialect },
        value: 1,
      },
    ],
  })
  metrics.gauge({
    name: 'countersign_time_seconds',
    help: 'This machine’s wall clock: its distance from Prometheus’s is the clock’s error',
    aggregator: 'max',
    read: now,
  })
  metrics.gauge({
    name: 'countersign_book_age_seconds',
    help: 'How old the proof is that the status book is what the database holds; since the start when there was none',
    aggregator: 'max',
    read: () => Math.min(books.ageMs(), performance.now() - beganAt) / 1000,
  })
  metrics.gauge({
    name: 'countersign_book_fresh',
    help: '1 while credentials are judged, 0 while every answer is unavailable',
    aggregator: 'min',
    read: () => (books.isFresh() ? 1 : 0),
  })
  metrics.gauge({
    name: 'countersign_feed_position',
    help: 'The last change of the installation that is in the book',
    aggregator: 'min',
    read: () => books.position(),
  })
  metrics.gauge({
    name: 'countersign_feed_streams',
    help: 'Open streams of the feed',
    aggregator: 'sum',
    read: () => streams.count,
  })
  metrics.gauge({
    name: 'countersign_verifiers',
    help: 'Verifiers this process heard from within their bound; behind: the feed moved on and they did not, for longer than it',
    aggregator: 'sum',
    labelNames: ['state'],
    read: () => countVerifiers(services),
  })
  metrics.gauge({
    name: 'countersign_packed_keys',
    help: 'API keys that need no look-up in the database',
    aggregator: 'sum',
    read: () => packedKeys.size,
  })
  metrics.gauge({
    name: 'countersign_heap_limit_bytes',
    help: 'The nodejs_heap_size_used_bytes at which the process ends',
    aggregator: 'sum',
    read: () => getHeapStatistics().heap_size_limit,
  })
  metrics.gauge({
    name: 'countersign_drop_time_lag_seconds',
    help: 'How far the drop time is behind this machine’s clock; below zero when it is ahead of it',
    aggregator: 'max',
    read: () => now() - books.dropTime(),
  })
  registerLoad(services)
  metrics.gauge({
    name: 'countersign_signing_key_age_seconds',
    help: 'How long the oldest key that signs now has signed, of all tenants',
    aggregator: 'max',
    read: oldestSigningKey(services),
  })
}

/** A pool where there is one, a disk where the database is a file. */
function registerLoad({ store, metrics }: Pick<Services, 'metrics' | 'store'>): void {
  const { connections, disk } = store.load()
  if (connections !== undefined) {
    metrics.gauge({
      name: 'countersign_database_connections',
      help: 'Connections of the pool: in use, at most, and requests that wait for one',
      aggregator: 'sum',
      labelNames: ['state'],
      read: () =>
        Object.entries(store.load().connections ?? {}).map(([state, value]) => ({ labels: { state }, value })),
    })
  }
  if (disk === undefined) return
  metrics.gauge({
    name: 'countersign_disk_reserve',
    help: '1 while the room for revocations on a full disk is kept, 0 when it is missing or given up',
    aggregator: 'min',
    read: () => (['missing', 'given_up'].includes(store.load().disk?.reserve ?? 'none') ? 0 : 1),
  })
  metrics.gauge({
    name: 'countersign_database_bytes',
    help: 'The database file with its log',
    aggregator: 'max',
    read: () => store.load().disk?.usedBytes ?? 0,
  })
  metrics.gauge({
    name: 'countersign_disk_free_bytes',
    help: 'Free bytes on the disk of the database',
    aggregator: 'min',
    read: () => store.load().disk?.freeBytes ?? 0,
  })
}

function countVerifiers({ positions, books, now }: Pick<Services, 'books' | 'now' | 'positions'>) {
  const counts = { current: 0, behind: 0 }
  for (const { tenant, epoch, sequence, reachedAt, maxStalenessSeconds } of positions.recent()) {
    const place = books.book(tenant)?.place
    const hasAll = place === undefined || (epoch === place.epoch && sequence >= place.sequence)
    // One that moves has only not told yet; one whose place is old has missed what came since.
    counts[hasAll || now() - reachedAt <= maxStalenessSeconds ? 'current' : 'behind']++
  }
  return Object.entries(counts).map(([state, value]) => ({ labels: { state }, value }))
}

function oldestSigningKey({ store, now }: Pick<Services, 'now' | 'store'>): () => Promise<number> {
  let readAt = Number.NEGATIVE_INFINITY
  let oldestSince: number | undefined
  return async () => {
    if (now() - readAt >= signingKeysEverySeconds) {
      const uses = Map.groupBy(
        await store.read.signingKeys.listAll(),
        ({ tenant, alg, purpose }) => `${tenant} ${alg} ${purpose}`,
      )
      const signing = [...uses.values()].flatMap((keys) => signingNow(keys, now())?.signsAt ?? [])
      oldestSince = signing.length === 0 ? undefined : signing.reduce((oldest, at) => Math.min(oldest, at))
      readAt = now()
    }
    // A key that a clock that was ahead has made signs before its time.
    return oldestSince === undefined ? 0 : Math.max(0, now() - oldestSince)
  }
}

import type { AddressRange, Seconds } from '@countersign/core'
import type { Store, UsageRetention } from '@countersign/store'
import type { Engine, Failures, Limiter, UsagePort } from '@countersign/verifier'
import type { Books } from '../feed/books.ts'
import type { ApiRegistry } from './api_registry.ts'
import type { Guards } from './guards.ts'
import type { Log } from './log.ts'
import type { MasterKey } from './master_key.ts'
import type { Positions } from './positions.ts'
import type { Running } from './running.ts'
import type { SigningKeys } from './signing_keys.ts'
import type { Streams } from './streams.ts'
import type { Usage } from './usage.ts'
import type { Warming } from './warming.ts'

/** One tenant as requests meet it. */
export interface TenantContext {
  readonly id: string
  /** Empty for the default tenant. */
  readonly slug: string
  readonly issuer: string
  /** The audience of its management API. */
  readonly managementAudience: string
  readonly engine: Engine
  /** What its engine counts into; introspection, which judges by itself, too. */
  readonly usage: UsagePort
}

/** What endpoints, grants and management are given; built once in `server.ts`. */
export interface Services {
  readonly baseUrl: string
  readonly keyPrefix: string
  readonly version: string
  /** This process among those over one database: random. */
  readonly processId: string
  readonly store: Store
  readonly books: Books
  readonly master: MasterKey
  readonly signingKeys: SigningKeys
  readonly limiter: Limiter
  readonly apis: ApiRegistry
  readonly running: Running
  readonly positions: Positions
  readonly streams: Streams
  readonly usage: Usage
  /** How long counts of usage are kept. */
  readonly usageRetention: UsageRetention
  readonly warming: Warming
  readonly guards: Guards
  readonly failures: Failures
  readonly now: () => Seconds
  readonly randomBytes: (count: number) => Uint8Array
  readonly trustedProxies: readonly AddressRange[]
  readonly log: Log
  readonly metrics: Metrics
  /** By slug; undefined for one that is not there, also when it was deleted. */
  tenant(slug: string): TenantContext | undefined
  tenantById(id: string): TenantContext | undefined
}

/** Counters with bounded labels: never a key, client, path or tenant. */
export interface Metrics {
  verified(outcome: string): void
  issued(grantType: string, outcome: string): void
  written(operation: string, outcome: string): void
  /** Counts of usage that no credential can be told of. */
  usage(why: 'overflowed' | 'dropped', count: number): void
  text(): Promise<string>
  readonly contentType: string
}

import type { AddressRange, Seconds, Shares } from '@countersign/core'
import type { Openness, Store, UsageRetention } from '@countersign/store'
import type { Engine, Failures, UsagePort } from '@countersign/verifier/engine'
import type { OperationLists } from './apis/operation_lists.ts'
import type { Requirements } from './apis/requirement.ts'
import type { ClientFacts } from './caller/client_facts.ts'
import type { SessionMoves } from './caller/session_moves.ts'
import type { Books } from './feed/books.ts'
import type { PlaceSeals } from './feed/place_seal.ts'
import type { Positions } from './feed/positions.ts'
import type { RevocationMacs } from './feed/revocation_mac.ts'
import type { Snapshots } from './feed/snapshots.ts'
import type { Streams } from './feed/streams.ts'
import type { Warming } from './feed/warming.ts'
import type { IssuerKeys } from './issuers/issuer_keys.ts'
import type { MasterKey } from './keys/master_key.ts'
import type { SigningKeys } from './keys/signing_keys.ts'
import type { SigningThread } from './keys/signing_thread.ts'
import type { Mailer } from './mail/mailer.ts'
import type { CallRoom } from './management/apis/call_room.ts'
import type { IdempotencyRoom } from './management/idempotency_room.ts'
import type { Running } from './management/running.ts'
import type { ApiRegistry } from './oauth/api_registry.ts'
import type { ClientReads } from './oauth/client_reads.ts'
import type { ClientSecrets } from './oauth/client_secrets.ts'
import type { OpaqueTokens } from './oauth/opaque_tokens.ts'
import type { RefreshTokens } from './oauth/person/refresh_token.ts'
import type { Log } from './observe/log.ts'
import type { Metrics } from './observe/metrics.ts'
import type { RefusalRoom } from './observe/refusal_room.ts'
import type { Usage } from './observe/usage.ts'
import type { UsageNames } from './observe/usage_names.ts'
import type { Outbound } from './outbound/outbound_client.ts'
import type { Passwords } from './people/password.ts'
import type { PortalFiles } from './people/portal/files.ts'
import type { SignInTries } from './people/sign_in_tries.ts'
import type { ServerLimiter } from './redis/limiter.ts'

/** One tenant as requests meet it. */
export interface TenantContext {
  readonly id: string
  /** Empty for the default tenant. */
  readonly slug: string
  readonly issuer: string
  /** The audience of its management API. */
  readonly managementAudience: string
  readonly engine: Engine
  /** Its engine counts into this. Introspection judges by itself and counts into it too. */
  readonly usage: UsagePort
}

/**
 * The parts that endpoints, grants and management work with. `create_services.ts` builds them once; each handler names
 * the few it takes.
 */
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
  /** Makes signatures, many at once in a thread of its own. */
  readonly signing: SigningThread
  readonly limiter: ServerLimiter
  readonly apis: ApiRegistry
  readonly clientSecrets: ClientSecrets
  readonly clientReads: ClientReads
  readonly requirements: Requirements
  readonly operationLists: OperationLists
  readonly running: Running
  /** Calls to APIs under way. */
  readonly callRoom: CallRoom
  readonly idempotencyRoom: IdempotencyRoom
  readonly opaqueTokens: OpaqueTokens
  readonly refreshTokens: RefreshTokens
  readonly positions: Positions
  readonly macs: RevocationMacs
  readonly seals: PlaceSeals
  readonly streams: Streams
  /** Questions of verifiers under way. */
  readonly questions: Shares
  readonly snapshots: Snapshots
  readonly usage: Usage
  readonly usageNames: UsageNames
  readonly refusalRoom: RefusalRoom
  /** How long counts of usage are kept. */
  readonly usageRetention: UsageRetention
  /** As much of the address that a key was last used from as is kept. */
  readonly lastUsedFrom: (address: string | undefined) => string | undefined
  readonly warming: Warming
  readonly clientFacts: ClientFacts
  readonly passwords: Passwords
  readonly sessionMoves: SessionMoves
  readonly signInTries: SignInTries
  readonly failures: Failures
  /** Fetches from URLs that others named. */
  readonly outbound: Outbound
  /** Mail to people. */
  readonly mailer: Mailer
  /** Who comes in and who gets a team, where a tenant has not chosen. */
  readonly openness: Openness
  /** The files of the portal. */
  readonly portal: PortalFiles
  /** Whether they are being made at the moment. */
  readonly isPortalBuilding: () => boolean
  /** The portal has the page of its parts, `/portal/kit`: in `dev` alone. */
  readonly hasPortalKit: boolean
  /** The keys of trusted issuers. */
  readonly issuerKeys: IssuerKeys
  readonly now: () => Seconds
  readonly randomBytes: (count: number) => Uint8Array
  readonly trustedProxies: readonly AddressRange[]
  readonly log: Log
  readonly metrics: Metrics
  /** By slug; undefined for one that is not there, also when it was deleted. */
  tenant(slug: string): TenantContext | undefined
  tenantById(id: string): TenantContext | undefined
}

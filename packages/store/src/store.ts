/** The seam to the databases. Both implement it, and both pass `conformance/`. */
import type {
  CredentialRecord,
  CutOffs,
  DropFloor,
  FeedEntry,
  MaybePromise,
  Place,
  PublicKeyRecord,
  Seconds,
  Subject,
} from '@countersign/core'
import type { PoisonedRowError } from './errors.ts'
import type { AuditHead, AuditVerdict } from './feed/audit_link.ts'
import type { KeyProof } from './key_check.ts'
import type { Cursor } from './page.ts'
import type {
  Api,
  ApiDocument,
  AuditDraft,
  AuditEvent,
  Client,
  ClientJwk,
  ClientSecret,
  IdempotencyRecord,
  Key,
  LastUse,
  SigningKey,
  StatusEntry,
  Tenant,
  Token,
  UsageBatch,
  UsageRetention,
  UsageSum,
  VerifierPosition,
} from './records.ts'
import type { ReserveState } from './sqlite/reserve.ts'

/** One page, ordered by creation and then id. `after` is the last item's id of the page before; gone: `UnknownCursorError`. */
export interface Page {
  readonly limit: number
  readonly after?: string
}

/** An entry with the installation's position, which servers follow. */
export type InstallationEntry = FeedEntry & { readonly tenant: string; readonly position: number }

/** What one change says to the feed and to the audit log. Appended by the store as the last statements before commit. */
export interface Append {
  readonly tenant: string
  readonly audit: AuditDraft
  /** The new states, one entry each, numbered from `sequence` on. Empty when no Grant is made from what changed. */
  readonly subjects?: (sequence: number) => readonly Subject[]
  /** Whose the `token` subjects are, for `statusEntries.count`; needed only for tokens that are not kept. */
  readonly clientId?: string
  /** Last row changes that need the number of the first entry: a cut-off, an API's creation. There must be a subject. */
  readonly rows?: (sequence: number) => Promise<void>
}

export interface Written<T> {
  readonly value: T
  /** Every entry appended, in order. */
  readonly entries: readonly InstallationEntry[]
}

/** `connections` where there is a pool (PostgreSQL), `disk` where the database is a file here (SQLite). */
export interface StoreLoad {
  /** `waiting` is how many wait for one. */
  readonly connections?: { readonly used: number; readonly max: number; readonly waiting: number }
  /** The file with its log, and what is left on its disk for whoever is not root. */
  readonly disk?: { readonly usedBytes: number; readonly freeBytes: number; readonly reserve: ReserveState }
}

export interface WriteOptions {
  /**
   * It ends or suspends credentials: it may use the room that is kept for a full disk, and is tried again when that has just
   * been given up. Everything else is refused as `full` from then on, until the room is there again.
   */
  readonly endsCredentials?: boolean
}

/**
 * What is done beside requests, in large transactions of its own. On SQLite in another thread, and other writes of this
 * process wait for one of its transactions at most. Not to be waited for within `write`, which it waits for. Each may be
 * done again without harm when nobody knows whether it was done.
 */
export interface Chores {
  /**
   * In one transaction. False, and nothing counted, when every tenant had the batch already. Notes the last use of every
   * key that was verified.
   */
  countUsage(batch: UsageBatch): Promise<boolean>
  /**
   * Rolls minutes up into hours and hours into days once they are over, then removes what is older than the retention and
   * rolled up. In portions of 1,000 rows, each a transaction, for about `budgetMs`, tenant by tenant from behind `after`;
   * `next` is where to go on, `undefined` when all had their turn.
   */
  rollUpUsage(
    now: Seconds,
    retention: UsageRetention,
    budget: { readonly budgetMs: number; readonly after?: string | undefined },
  ): Promise<{ readonly rolled: number; readonly removed: number; readonly next: string | undefined }>
  /**
   * Removes by the drop time, read in each transaction: status entries past `dropAt`, single-use marks, log entries and
   * positions older than `logSeconds`. Idempotency records, usage batches and secrets past their grace must have ended by
   * `now` as well. At most 10,000 rows a call, a transaction for each tenant.
   */
  cleanUp(now: Seconds, logSeconds: number): Promise<{ readonly removed: number }>
  /** Each replaces what was there of its verifier. Rows of several tenants at once. */
  savePositions(positions: readonly VerifierPosition[]): Promise<void>
}

/** A place that is known to have been in this installation's log: by a seal, a MAC, a signature, or by a server's own book. */
export interface HistoryClaim {
  readonly tenant: string
  /** `position`: of the installation, which only servers know. Default `sequence`: of the tenant. */
  readonly of?: 'position'
  readonly sequence: number
  /** Without them only a number above the head proves anything. */
  readonly epoch?: string
  readonly chain?: string
}

export interface EpochBegun {
  readonly epoch: string
  readonly beginning: number
  /** The claim that proved it. */
  readonly lost: HistoryClaim
  /** Clients whose older tokens end: their cut-off may have been numbered twice. */
  readonly raised: readonly { readonly tenant: string; readonly clientId: string }[]
}

/** Milliseconds since the epoch. */
export interface DropTime {
  readonly timeMs: number
  /** How often it was moved. */
  readonly moves: number
  /** The machine that moved it last, and its boot clock then. */
  readonly boot: BootClock | undefined
  /** The database's own clock when it was read. */
  readonly databaseMs: number
}

/** A clock that counts from a machine's boot, suspend included, and that nobody sets. */
export interface BootClock {
  /** Random, another at each boot. */
  readonly id: string
  readonly ms: number
}

export interface Store extends Chores {
  readonly dialect: 'sqlite' | 'postgres'

  /**
   * One transaction, serialised with every other on SQLite, `READ COMMITTED` with row locks on PostgreSQL. Throws
   * whatever `work` throws, after rolling back. Listeners of `onCommit` have run when it resolves.
   */
  write<T>(work: (transaction: WriteTransaction) => Promise<T>, options?: WriteOptions): Promise<Written<T>>
  /** Reads of committed state, never inside somebody's transaction. */
  readonly read: ReadRepositories
  /** Called in commit order with every batch of entries this process committed, before `write` resolves. */
  onCommit(listener: (entries: readonly InstallationEntry[]) => void): () => void

  /** Called when somebody else may have committed: within milliseconds, perhaps for nothing, perhaps never. */
  onHint(listener: () => void): () => void

  /**
   * Whether the database may be replaced by a standby: that it answers then proves nothing, and `beat` does (feed.md §3).
   */
  readonly canFailOver: boolean
  /** A commit that says nothing, as durable as any. Throws `StoreUnavailableError` when nothing confirmed it in time. */
  beat(process: string): Promise<void>
  /**
   * What one process does for all: true while `holder` has the lease of that name, for `seconds` from now by the
   * database's own clock.
   */
  takeLease(name: string, holder: string, seconds: number): Promise<boolean>
  endLease(name: string, holder: string): Promise<void>

  /** The installation's drop time: by it alone, and by no clock, entries are removed (docs/protocol/feed.md). */
  readonly dropTime: {
    read(): Promise<DropTime>
    /** Moves it on, only if it is still at `moves` and not later. Whether it was. */
    move(moves: number, to: Pick<DropTime, 'timeMs' | 'boot'>): Promise<boolean>
  }

  /** The hot path: kept statements, synchronous on SQLite. One indexed read each. */
  readonly lookup: {
    /** `kind`: look among the keys or the opaque tokens alone. Default: both. */
    credential(tenant: string, digest: string, kind?: 'key' | 'token'): MaybePromise<CredentialRecord | undefined>
    /**
     * Up to `limit` keys that are not revoked, newest first, with their digests; `last` is where the next page begins,
     * `undefined` at the end. For a server that starts: it need not ask for each of them when it comes.
     */
    newestKeys(
      tenant: string,
      before: Cursor | undefined,
      limit: number,
    ): MaybePromise<{
      readonly keys: readonly { readonly digest: string; readonly record: CredentialRecord }[]
      readonly last: Cursor | undefined
    }>
    publicKey(tenant: string, clientId: string, kid: string): MaybePromise<PublicKeyRecord | undefined>
    /** A client secret with its client's status, for the token endpoint. */
    clientSecret(tenant: string, digest: string): MaybePromise<(ClientSecret & { readonly client: Client }) | undefined>
    client(tenant: string, clientId: string): MaybePromise<Client | undefined>
  }

  readonly feed: {
    epoch(): MaybePromise<string>
    /** The tenant's head, read now. */
    place(tenant: string): MaybePromise<Place>
    /** The installation's epoch and head position, read now. */
    head(): MaybePromise<{
      readonly epoch: string
      readonly position: number
      /** The last entry's; `undefined` when the log has it no more. */
      readonly chain: string | undefined
    }>
    /** Entries of one tenant above `sequence`, in order. */
    after(tenant: string, sequence: number, limit: number): MaybePromise<readonly FeedEntry[]>
    /** Entries of the installation above `position`, in order. */
    afterPosition(position: number, limit: number): MaybePromise<readonly InstallationEntry[]>
    /** The chain value at a sequence; `undefined` when the log has it no more or not yet; `''` at 0. */
    chainAt(tenant: string, sequence: number): MaybePromise<string | undefined>
    /** One read transaction: the place, the drop time, and every status entry with `dropAt` after it. */
    snapshot(tenant: string): Promise<{
      readonly place: Place
      readonly dropTime: Seconds
      readonly entries: readonly StatusEntry[]
    }>
    /** The installation's head and every tenant's, at one moment. */
    places(): Promise<{
      readonly epoch: string
      readonly position: number
      readonly chain: string | undefined
      readonly places: ReadonlyMap<string, Place>
    }>
    /** The same for all tenants, for a server's own book. */
    snapshotAll(): Promise<{
      readonly dropTime: Seconds
      readonly epoch: string
      readonly position: number
      readonly chain: string | undefined
      readonly places: ReadonlyMap<string, Place>
      readonly entries: readonly StatusEntry[]
    }>
  }

  /** A consistent copy while writes go on (SQLite: the backup API; PostgreSQL: refused with what to use instead). */
  backup(file: string, onProgress?: (pagesDone: number, pagesTotal: number) => void): Promise<void>
  /**
   * For a restored copy, before anything else uses it: a new epoch, and all counters at one number: at least 10^9 above
   * their own and `above`, and at least the time in microseconds, so that no two epochs share numbers. The former log is
   * hidden; status entries and the audit chain stay. The new epoch.
   */
  startEpoch(above: number): Promise<string>
  /**
   * A new epoch where one of the claims proves, in this transaction, that the database went back; recorded cut-offs are
   * raised to its beginning. `undefined` and nothing changed when nothing is lost.
   */
  leaveHistory(claims: readonly HistoryClaim[]): Promise<EpochBegun | undefined>
  /**
   * Asked in each transaction that appends, with the counters it has locked. False rolls it back before anybody is told:
   * `StoreUnavailableError` with the reason `history`.
   */
  beforeAppend(follows: (tenant: string, head: Place) => boolean): void
  /**
   * Verifies the audit chain of a tenant, and where it ends, with the key the links were made with; `expected` is an end
   * noted elsewhere. An older end of its own, whole with its feed, verifies: only `expected` tells.
   */
  verifyAudit(tenant: string, expected?: AuditHead): Promise<AuditVerdict>
  /** Every tenant that ever had an audit event, also when somebody took its rows away. */
  auditedTenants(): Promise<readonly string[]>
  /** Reads one row: for readiness. */
  ping(): Promise<void>
  /** SQLite: makes the reserve for a full disk where it is not whole and there is room; see `StoreOptions`. */
  tendReserve(): Promise<void>
  /** What is used of what there is, without a query: for whoever watches. */
  load(): StoreLoad
  close(): Promise<void>
}

/** Every `find` gives `undefined` for what is not there, also when it is another tenant's. */
export interface ReadRepositories {
  readonly tenants: {
    find(id: string): Promise<Tenant | undefined>
    findBySlug(slug: string): Promise<Tenant | undefined>
    list(page: Page): Promise<readonly Tenant[]>
  }
  readonly apis: {
    find(tenant: string, id: string): Promise<Api | undefined>
    findByAudience(tenant: string, audience: string): Promise<Api | undefined>
    list(tenant: string, page: Page): Promise<readonly Api[]>
    findDocument(tenant: string, apiId: string): Promise<ApiDocument | undefined>
  }
  readonly clients: {
    find(tenant: string, id: string): Promise<Client | undefined>
    list(tenant: string, page: Page): Promise<readonly Client[]>
    /** Clients whose access names the API. */
    listByApi(tenant: string, apiId: string, page: Page): Promise<readonly Client[]>
    secrets(tenant: string, clientId: string): Promise<readonly ClientSecret[]>
    jwks(tenant: string, clientId: string): Promise<readonly ClientJwk[]>
  }
  readonly keys: {
    find(tenant: string, id: string): Promise<Key | undefined>
    findByDigest(tenant: string, digest: string): Promise<Key | undefined>
    /** `status: 'expired'` and `'active'` are judged at `now`. */
    list(
      tenant: string,
      filter: {
        readonly clientId?: string
        readonly status?: 'active' | 'disabled' | 'revoked' | 'expired'
        readonly now: Seconds
      },
      page: Page,
    ): Promise<readonly Key[]>
  }
  readonly tokens: {
    find(tenant: string, jti: string): Promise<Token | undefined>
    findByDigest(tenant: string, digest: string): Promise<Token | undefined>
    list(tenant: string, filter: { readonly clientId?: string }, page: Page): Promise<readonly Token[]>
  }
  readonly statusEntries: {
    find(tenant: string, type: Subject['type'], id: string): Promise<StatusEntry | undefined>
    /** Live entries about one client's tokens: `client_token` (1,000 at most) and `token` (10,000), feed.md §2. */
    count(tenant: string, type: 'client_token' | 'token', clientId: string): Promise<number>
  }
  readonly signingKeys: {
    list(tenant: string): Promise<readonly SigningKey[]>
    /** All tenants', for start-up: without private parts. */
    listAll(): Promise<readonly SigningKey[]>
  }
  readonly audit: {
    /** Newest first; `after` is a sequence. */
    list(
      tenant: string,
      filter: { readonly objectId?: string; readonly action?: string },
      page: { readonly limit: number; readonly after?: number },
    ): Promise<readonly AuditEvent[]>
  }
  readonly usage: {
    /**
     * Sums by interval and group, of what is rolled up and what is not yet: exact at all times. An interval belongs to the
     * series when it begins in `[from, to)`, which are rounded outward to whole intervals. The first `limit`, by time.
     */
    series(
      tenant: string,
      filter: {
        readonly credentialId?: string
        readonly clientId?: string
        readonly scope?: string
        readonly groupBy: 'outcome' | 'scope' | 'credentialId' | 'clientId'
        readonly from: Seconds
        readonly to: Seconds
        readonly intervalSeconds: 60 | 3600 | 86400
        readonly limit: number
      },
    ): Promise<readonly UsageSum[]>
    /** Of one key, the latest use first, at most 1,000. */
    lastUses(tenant: string, keyId: string): Promise<readonly LastUse[]>
    /** The latest of each of these keys that was ever used, in one read. */
    lastUsed(tenant: string, keyIds: readonly string[]): Promise<ReadonlyMap<string, Seconds>>
    /** The APIs and clients that these keys and kept tokens are of, and those that these clients have access to. */
    apisOf(
      tenant: string,
      of: { readonly keyIds: readonly string[]; readonly clientIds: readonly string[] },
    ): Promise<{
      readonly byKey: ReadonlyMap<string, { readonly apiId: string; readonly clientId: string }>
      readonly byClient: ReadonlyMap<string, ReadonlySet<string>>
    }>
  }
  readonly verifierPositions: {
    list(tenant: string): Promise<readonly VerifierPosition[]>
  }
}

/**
 * The same reads inside the transaction, and the writes. On PostgreSQL a `find` here locks its row (`FOR UPDATE`).
 * `insert` throws `ConflictError` on a taken id, audience, slug or kid. `update` takes the record as it shall be, whose
 * `version` is one above the stored one; anything but exactly one row touched throws.
 */
export interface WriteTransaction extends ReadRepositories {
  /** Kept and written last, in the order given, just before commit. */
  append(change: Append): void
  readonly tenants: ReadRepositories['tenants'] & {
    insert(tenant: Tenant): Promise<void>
    update(tenant: Tenant): Promise<void>
    setFloor(id: string, floor: DropFloor): Promise<void>
    /** Removes every row the tenant has, but for its slug (never reused), its audit log and its status entries. */
    delete(id: string): Promise<void>
  }
  readonly apis: ReadRepositories['apis'] & {
    insert(api: Api): Promise<void>
    /** Scopes are replaced by those of the record. */
    update(api: Api): Promise<void>
    setCreatedSequence(tenant: string, id: string, sequence: number): Promise<void>
    saveDocument(document: ApiDocument): Promise<void>
    /** With scopes, document, and every client's access to it; keys and tokens of it are revoked. The ids touched. */
    delete(tenant: string, id: string): Promise<{ readonly clientIds: readonly string[] }>
  }
  readonly clients: ReadRepositories['clients'] & {
    insert(client: Client): Promise<void>
    /** Access is replaced by that of the record. */
    update(client: Client): Promise<void>
    /** With what it was; without, the recorded ones stay. */
    setCutOff(tenant: string, id: string, sequence: number, cutOffs?: CutOffs): Promise<void>
    delete(tenant: string, id: string): Promise<void>
    insertSecret(secret: ClientSecret): Promise<void>
    /** Sets the end of every current secret of the client but `exceptId`; never later than it was. How many. */
    expireSecrets(tenant: string, clientId: string, expiresAt: Seconds, exceptId?: string): Promise<number>
    /** Nothing happens when it is not there. */
    deleteSecret(tenant: string, clientId: string, id: string): Promise<void>
    /** Deletes those made at or before `madeBy`, default all. Gives how many. */
    deleteSecrets(tenant: string, clientId: string, madeBy?: Seconds): Promise<number>
    insertJwk(jwk: ClientJwk): Promise<void>
    deleteJwk(tenant: string, clientId: string, kid: string): Promise<void>
  }
  readonly keys: ReadRepositories['keys'] & {
    insert(key: Key): Promise<void>
    update(key: Key): Promise<void>
    /** Every key of the client that is not revoked becomes so. The ids. */
    /** Revokes every key of the client that was made at or before `madeBy`, default all. Gives the ids. */
    revokeByClient(tenant: string, clientId: string, now: Seconds, madeBy?: Seconds): Promise<readonly string[]>
  }
  readonly tokens: ReadRepositories['tokens'] & {
    insert(token: Token): Promise<void>
    update(token: Token): Promise<void>
    /** Revokes those with a position below `sequence`, default all. Gives the ids. */
    revokeByClient(tenant: string, clientId: string, now: Seconds, sequence?: number): Promise<readonly string[]>
  }
  readonly signingKeys: ReadRepositories['signingKeys'] & {
    insert(key: SigningKey): Promise<void>
    update(key: SigningKey): Promise<void>
    delete(tenant: string, kid: string): Promise<void>
  }
  readonly idempotency: {
    /** Those past `expiresAt` are not found, and may be inserted again. */
    find(
      of: Pick<IdempotencyRecord, 'tenant' | 'caller' | 'method' | 'path' | 'keyDigest'>,
      now: Seconds,
    ): Promise<IdempotencyRecord | undefined>
    insert(record: IdempotencyRecord): Promise<void>
  }
  readonly singleUse: {
    /**
     * True for the first taker of (namespace, tenant, value) that may be used until `endsAt`; false for every other, and
     * for everybody once the drop time may have removed the mark. Compare-and-set.
     */
    take(namespace: 'client_assertion', tenant: string, value: string, endsAt: Seconds): Promise<boolean>
  }
  readonly usage: ReadRepositories['usage']
  readonly verifierPositions: ReadRepositories['verifierPositions']
}

/** A unique value is taken. `what` names it: `audience`, `slug`, `id`, `kid`, `digest`. */
export class ConflictError extends Error {
  override readonly name = 'ConflictError'
  readonly what: string

  constructor(what: string) {
    super(`${what} is already taken`)
    this.what = what
  }
}

export type UnavailableReason = 'full' | 'unreachable' | 'busy' | 'timeout' | 'history'

const unavailableWords: { readonly [R in UnavailableReason]: string } = {
  full: 'out of space',
  unreachable: 'unreachable',
  busy: 'busy',
  timeout: 'too slow',
  history: 'in another history than this process has read',
}

/** The database could not be reached, is full, or did not answer in time: 503, with the cause for the log. */
export class StoreUnavailableError extends Error {
  override readonly name = 'StoreUnavailableError'
  /**
   * `full`: no space to write; `unreachable`; `busy`: others held it too long, nothing was written; `timeout`: the
   * outcome of a write is unknown, never *failed* (feed.md §3); `history`: the database went back, nothing was written.
   */
  readonly reason: UnavailableReason

  constructor(reason: UnavailableReason, cause: unknown) {
    super(`the database is ${unavailableWords[reason]}`, { cause })
    this.reason = reason
  }
}

export interface StoreOptions {
  /** HMAC key of the audit links, derived from the master key. */
  readonly auditKey: Uint8Array
  /** Seconds since the epoch. */
  readonly now: () => Seconds
  readonly randomBytes: (count: number) => Uint8Array
  /** Writes that run or wait; one more is refused as `busy`. Default 1,000: about two seconds' worth. */
  readonly writesAtOnceMax?: number
  /** Compared before anything is written, and kept at the first start. Default: nothing is compared. */
  readonly keyProof?: KeyProof
  /** SQLite: bytes of a file beside the database that is given up when the disk is full. Default 0: none. */
  readonly reserveBytes?: number
  /** Told of every row that a list or a snapshot had to leave out. Default: nobody is. */
  readonly onPoisonedRow?: (error: PoisonedRowError) => void
}

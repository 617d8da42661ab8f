/** The seam to the databases. SQLite and PostgreSQL implement it, and both pass `conformance/`. */
import type { Place } from '@countersign/core'
import type { Chores } from './chores.ts'
import type { StoreLoad } from './database.ts'
import type { Append, InstallationEntry } from './feed/append.ts'
import type { AuditHead, AuditVerdict } from './feed/audit_link.ts'
import type { DropTimes } from './feed/drop_time.ts'
import type { EpochBegun, HistoryClaim } from './feed/epoch.ts'
import type { LogReads } from './feed/log.ts'
import type { SnapshotReads } from './feed/snapshot.ts'
import type { Lookup } from './lookup.ts'
import type { ApiReads, ApiWrites } from './records/api.ts'
import type { AuditReads } from './records/audit_event.ts'
import type { ClientReads, ClientWrites } from './records/client.ts'
import type { IdempotencyRecords } from './records/idempotency.ts'
import type { IssuerReads, IssuerWrites } from './records/issuer.ts'
import type { KeyReads, KeyWrites } from './records/key.ts'
import type { AccountReads, AccountWrites } from './records/people/account.ts'
import type { AccountSessionReads, AccountSessionWrites } from './records/people/account_session.ts'
import type { ConsentReads, ConsentWrites } from './records/people/consent.ts'
import type { FamilyReads, FamilyWrites } from './records/people/family.ts'
import type { IdentityReads, IdentityWrites } from './records/people/identity.ts'
import type { LogoReads, LogoWrites } from './records/people/logo.ts'
import type { PasskeyReads, PasskeyWrites } from './records/people/passkey.ts'
import type { SettingsReads, SettingsWrites } from './records/people/settings.ts'
import type { SigningKeyReads, SigningKeyWrites } from './records/signing_key.ts'
import type { SingleUse, SingleUseReads } from './records/single_use.ts'
import type { StatusEntryReads } from './records/status_entry.ts'
import type { AccessRequestReads, AccessRequestWrites } from './records/teams/access_request.ts'
import type { InvitationReads, InvitationWrites } from './records/teams/invitation.ts'
import type { MembershipReads, MembershipWrites } from './records/teams/membership.ts'
import type { TeamReads, TeamWrites } from './records/teams/team.ts'
import type { TenantReads, TenantWrites } from './records/tenant.ts'
import type { Token, TokenReads, TokenWrites } from './records/token.ts'
import type { VerifierPositionReads } from './records/verifier_position.ts'
import type { Authorisation } from './rows/token_inserts.ts'
import type { UsageReads } from './usage/series.ts'

/** An open database. */
export interface Store extends Chores {
  readonly dialect: 'sqlite' | 'postgres'

  /**
   * One transaction, serialised with every other on SQLite, `READ COMMITTED` with a lock for each tenant on PostgreSQL.
   * Throws the error that `work` throws, after rolling back. Listeners of `onCommit` have run when it resolves.
   */
  write<T>(work: (transaction: WriteTransaction) => Promise<T>, options?: WriteOptions): Promise<Written<T>>
  /**
   * Writes the row of an opaque token: durable as any other write, without the tenant's lock and without an entry or audit
   * event. Resolves to false, and nothing is written, when the history is another one, or when the feed has said anything
   * since the token's `position` about what authorised it.
   */
  insertToken(token: Token, authorisation: Authorisation): Promise<boolean>
  /** Reads of committed state, never inside another transaction. */
  readonly read: ReadRepositories
  /** The hot path: kept statements, synchronous on SQLite. One indexed read each. */
  readonly lookup: Lookup
  /** The log, and snapshots of the status entries. */
  readonly feed: LogReads & SnapshotReads
  /** The drop time: entries are removed by it alone, never by a clock (docs/protocol/feed.md §2.2). */
  readonly dropTime: DropTimes

  /** Called in commit order with every batch of entries that this process committed, before `write` resolves. */
  onCommit(listener: (entries: readonly InstallationEntry[]) => void): () => void
  /** Called when another process may have committed: within milliseconds, perhaps without reason, perhaps never. */
  onHint(listener: () => void): () => void

  /**
   * True when a standby may replace the database. Then an answer proves nothing, and only `beat` does
   * (docs/protocol/feed.md §3).
   */
  readonly canFailOver: boolean
  /** Commits an empty change as durably as any other. Throws `StoreUnavailableError` when it is not confirmed in time. */
  beat(process: string): Promise<void>
  /**
   * Takes a lease for work that one process does for all. True when `holder` has the lease of that name for the next
   * `seconds`, by the database's own clock.
   */
  takeLease(name: string, holder: string, seconds: number): Promise<boolean>
  endLease(name: string, holder: string): Promise<void>

  /** Writes a consistent copy while other writes go on. SQLite only: PostgreSQL refuses and names what to use instead. */
  backup(file: string, onProgress?: (pagesDone: number, pagesTotal: number) => void): Promise<void>
  /**
   * Begins a new epoch in a restored copy, before anything else uses it. All counters go to one number, at least 10^9 above
   * their own and `above`, and at least the time in microseconds, so that no two epochs share numbers. The former log is
   * hidden; status entries and the audit chain stay. Gives the new epoch.
   */
  startEpoch(above: number): Promise<string>
  /**
   * Begins a new epoch when one of the claims proves, in this transaction, that the database went back. Recorded cut-offs
   * are raised to its beginning. `undefined` and nothing changed when nothing is lost.
   */
  leaveHistory(claims: readonly HistoryClaim[]): Promise<EpochBegun | undefined>
  /**
   * Sets a check that runs in each appending transaction, on the counters it has locked. When the check gives false, the
   * transaction is rolled back and throws `StoreUnavailableError` with the reason `history`.
   */
  beforeAppend(follows: (tenant: string, head: Place) => boolean): void

  /**
   * Verifies the audit chain of a tenant and its end, with the key that made the links. `expected` is an end noted
   * elsewhere: without it, an older end that is whole with its feed verifies.
   */
  verifyAudit(tenant: string, expected?: AuditHead): Promise<AuditVerdict>
  /** Every tenant that ever had an audit event, even when some of its rows were removed. */
  auditedTenants(): Promise<readonly string[]>

  /** Reads one row, for readiness. */
  ping(): Promise<void>
  /** SQLite: makes the reserve for a full disk, where it is not whole and there is room. See `StoreOptions.reserveBytes`. */
  tendReserve(): Promise<void>
  /** Resources in use, known without a query. */
  load(): StoreLoad
  close(): Promise<void>
}

/** Options of `Store.write`. */
export interface WriteOptions {
  /**
   * The write ends or suspends credentials. It may use the room that is kept for a full disk, and is tried once more after
   * that room was given up. All other writes are then refused as `full` until the room is there again. Default false.
   */
  readonly endsCredentials?: boolean
  /**
   * The write touches this tenant alone, and may share its transaction and its commit with other writes that do. It is
   * undone alone when it throws, and resolves after the commit of all. It must not wait for another write, and may be
   * run again when the transaction that it shared was lost. Default: a transaction of its own.
   */
  readonly tenant?: string
  /** Records of that tenant that the write is about to look for: read together with those of others. Default: none. */
  readonly ahead?: ReadAhead
}

/** Names of records. One that nothing has does no harm. */
export interface ReadAhead {
  /** Ids of keys, whose clients are read too. */
  readonly keys?: readonly string[]
  readonly clients?: readonly string[]
  /** Audiences of APIs. */
  readonly audiences?: readonly string[]
}

/** The result of a committed write. */
export interface Written<T> {
  readonly value: T
  /** Every entry appended, in order. */
  readonly entries: readonly InstallationEntry[]
}

/** Every `find` gives `undefined` when the record is not there, and when it is another tenant's. */
export interface ReadRepositories {
  readonly tenants: TenantReads
  readonly apis: ApiReads
  readonly clients: ClientReads
  readonly keys: KeyReads
  readonly tokens: TokenReads
  readonly accounts: AccountReads
  readonly consents: ConsentReads
  readonly families: FamilyReads
  readonly identities: IdentityReads
  readonly passkeys: PasskeyReads
  readonly sessions: AccountSessionReads
  readonly settings: SettingsReads
  readonly logos: LogoReads
  readonly teams: TeamReads
  readonly memberships: MembershipReads
  readonly invitations: InvitationReads
  readonly accessRequests: AccessRequestReads
  readonly statusEntries: StatusEntryReads
  readonly signingKeys: SigningKeyReads
  readonly issuers: IssuerReads
  readonly singleUse: SingleUseReads
  readonly audit: AuditReads
  readonly usage: UsageReads
  readonly verifierPositions: VerifierPositionReads
}

/**
 * The same reads inside the transaction, and the writes. On PostgreSQL a `find` takes its tenant's lock first.
 * `insert` throws `ConflictError` on a taken id, audience, slug or kid. `update` takes the whole changed record, whose
 * `version` is one above the stored one, and throws `RowCountError` unless it touches exactly one row.
 */
export interface WriteTransaction extends ReadRepositories {
  readonly tenants: TenantReads & TenantWrites
  readonly apis: ApiReads & ApiWrites
  readonly clients: ClientReads & ClientWrites
  readonly keys: KeyReads & KeyWrites
  readonly tokens: TokenReads & TokenWrites
  readonly accounts: AccountReads & AccountWrites
  readonly consents: ConsentReads & ConsentWrites
  readonly families: FamilyReads & FamilyWrites
  readonly identities: IdentityReads & IdentityWrites
  readonly passkeys: PasskeyReads & PasskeyWrites
  readonly sessions: AccountSessionReads & AccountSessionWrites
  readonly settings: SettingsReads & SettingsWrites
  readonly logos: LogoReads & LogoWrites
  readonly teams: TeamReads & TeamWrites
  readonly memberships: MembershipReads & MembershipWrites
  readonly invitations: InvitationReads & InvitationWrites
  readonly accessRequests: AccessRequestReads & AccessRequestWrites
  readonly signingKeys: SigningKeyReads & SigningKeyWrites
  readonly issuers: IssuerReads & IssuerWrites
  readonly idempotency: IdempotencyRecords
  readonly singleUse: SingleUse
  /** Keeps the change and writes it last, in the order given, just before commit. */
  append(change: Append): void
}

/** SQLite and PostgreSQL behind one seam. */

export type { StoreLoad } from './database.ts'
export type { DatabaseOpenReason, UnavailableReason } from './errors.ts'
export {
  ConflictError,
  DatabaseOpenError,
  FatalStoreError,
  PoisonedRowError,
  RowCountError,
  SchemaTooNewError,
  StoreUnavailableError,
  UnknownCursorError,
  UnstorableTextError,
} from './errors.ts'
export type { Append, InstallationEntry } from './feed/append.ts'
export type { AuditHead, AuditVerdict } from './feed/audit_link.ts'
export type { BootClock, DropTime } from './feed/drop_time.ts'
export type { EpochBegun, HistoryClaim } from './feed/epoch.ts'
export type { KeyProof } from './key_check.ts'
export type { OpenStoreOptions } from './open_store.ts'
export { openStore } from './open_store.ts'
export { type Behind, type Page, placeOf, type Sort, type SortName } from './page.ts'
export type { PostgresStoreOptions } from './postgres/open_postgres_store.ts'
export type { Api, ApiDraft, ApiScope } from './records/api.ts'
export { newApi } from './records/api.ts'
export type { ApiDocument, DocumentText, StoredDescription } from './records/api_document.ts'
export type { AuditActor, AuditDraft, AuditEvent, AuditFilter } from './records/audit_event.ts'
export type { Client, ClientDraft, ClientFilter, ClientType } from './records/client.ts'
export { isPublicClient, newClient } from './records/client.ts'
export type { ClientJwk } from './records/client_jwk.ts'
export type { ClientSecret } from './records/client_secret.ts'
export { newClientSecret } from './records/client_secret.ts'
export type { ClientSignIn } from './records/client_sign_in.ts'
export type { IdempotencyRecord } from './records/idempotency.ts'
export type { Issuer, IssuerDraft } from './records/issuer.ts'
export { newIssuer } from './records/issuer.ts'
export type { Key, KeyDraft, KeyFilter } from './records/key.ts'
export { newKey } from './records/key.ts'
export type { Account, AccountDraft, AccountFilter, AccountRole } from './records/people/account.ts'
export { emailKey, endedAccount, newAccount } from './records/people/account.ts'
export type { AccountSession, EndedSession, SessionFilter, SessionPortal } from './records/people/account_session.ts'
export type { Consent, ConsentFilter } from './records/people/consent.ts'
export { newConsent } from './records/people/consent.ts'
export type { Family, FamilyRefresh, FamilySignIn } from './records/people/family.ts'
export type { Identity, IdentityKind } from './records/people/identity.ts'
export { identityKinds } from './records/people/identity.ts'
export type { Logo, LogoType } from './records/people/logo.ts'
export type { Passkey } from './records/people/passkey.ts'
export type { Openness, Settings, SettingsContent, SignInWays, TenantColors } from './records/people/settings.ts'
export type { ScopeHolder, ScopeHolders } from './records/scope_holders.ts'
export type { SigningKey } from './records/signing_key.ts'
export type { StatusEntry } from './records/status_entry.ts'
export type {
  AccessRequest,
  AccessRequestDraft,
  AccessRequestFilter,
  AccessRequestStatus,
} from './records/teams/access_request.ts'
export { newAccessRequest } from './records/teams/access_request.ts'
export type { Invitation } from './records/teams/invitation.ts'
export { newInvitation } from './records/teams/invitation.ts'
export type { Member, Membership, TeamOfAccount, TeamRole } from './records/teams/membership.ts'
export type { Team, TeamDraft } from './records/teams/team.ts'
export { isActiveTeam, newTeam } from './records/teams/team.ts'
export type { Tenant } from './records/tenant.ts'
export type { Token, TokenFilter } from './records/token.ts'
export type { VerifierPosition } from './records/verifier_position.ts'
export { backupFile as backupSqliteFile } from './sqlite/backup.ts'
export { withExclusiveFile } from './sqlite/exclusive.ts'
export { type FileLock, lockFile as lockSqliteFile } from './sqlite/lock.ts'
export type { SqliteStoreOptions } from './sqlite/open_sqlite_store.ts'
export { openSqliteStore } from './sqlite/open_sqlite_store.ts'
export type { ReserveState } from './sqlite/reserve.ts'
export { hasTables } from './sqlite/tables.ts'
export type { ReadAhead, ReadRepositories, Store, WriteOptions, WriteTransaction, Written } from './store.ts'
export type { StoreOptions } from './store_options.ts'
export type { UsageBatch } from './usage/batch.ts'
export type { UsageCount } from './usage/count.ts'
export type { LastUse } from './usage/last_use.ts'
export type { OperationSum, OperationUse, OperationUseFilter } from './usage/operation_use.ts'
export type { Refusal, RefusalFilter } from './usage/refusal.ts'
export { newRefusal, refusalSeconds } from './usage/refusal.ts'
export { lastAddressSeconds, type UsageRetention } from './usage/roll_up.ts'
export type { SeriesFilter, UsageSum } from './usage/series.ts'

import type { ObjectType } from '@countersign/core'
import type { openPostgresStore as open } from './postgres/open_postgres_store.ts'
import type { probePostgres as probe } from './postgres/probe.ts'

export type { ObjectType }

/** Opens and migrates a PostgreSQL database; loads `pg` when called. See `PostgresStoreOptions`. */
export const openPostgresStore: typeof open = async (options) => {
  const { openPostgresStore: load } = await import('./postgres/open_postgres_store.ts')
  return load(options)
}

/** Checks a PostgreSQL database and changes nothing; loads `pg` when called. Gives the number of its schema. */
export const probePostgres: typeof probe = async (options) => {
  const { probePostgres: load } = await import('./postgres/probe.ts')
  return load(options)
}

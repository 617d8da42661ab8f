/** SQLite and PostgreSQL behind one set of repositories. */

export type { DatabaseOpenReason } from './errors.ts'
export {
  DatabaseOpenError,
  FatalStoreError,
  PoisonedRowError,
  RowCountError,
  SchemaTooNewError,
  UnknownCursorError,
  UnstorableTextError,
} from './errors.ts'
export type { AuditHead, AuditVerdict } from './feed/audit_link.ts'
export type { KeyProof } from './key_check.ts'
export type { OpenStoreOptions } from './open_store.ts'
export { openStore } from './open_store.ts'
export type { PostgresStoreOptions } from './postgres/open_postgres_store.ts'
export type {
  Api,
  ApiDocument,
  ApiScope,
  AuditActor,
  AuditDraft,
  AuditEvent,
  Client,
  ClientJwk,
  ClientSecret,
  ClientType,
  IdempotencyRecord,
  Key,
  LastUse,
  ObjectType,
  SigningKey,
  StatusEntry,
  Tenant,
  Token,
  TokenFormat,
  UsageBatch,
  UsageCount,
  UsageRetention,
  UsageSum,
  VerifierPosition,
} from './records.ts'
export { backupFile as backupSqliteFile } from './sqlite/backup.ts'
export { withExclusiveFile } from './sqlite/exclusive.ts'
export { type FileLock, lockFile as lockSqliteFile } from './sqlite/lock.ts'
export type { SqliteStoreOptions } from './sqlite/open_sqlite_store.ts'
export { openSqliteStore } from './sqlite/open_sqlite_store.ts'
export type { ReserveState } from './sqlite/reserve.ts'
export { hasTables } from './sqlite/tables.ts'
export type {
  Append,
  BootClock,
  DropTime,
  EpochBegun,
  HistoryClaim,
  InstallationEntry,
  Page,
  ReadRepositories,
  Store,
  StoreLoad,
  StoreOptions,
  UnavailableReason,
  WriteOptions,
  WriteTransaction,
  Written,
} from './store.ts'
export { ConflictError, StoreUnavailableError } from './store.ts'

import type { openPostgresStore as open } from './postgres/open_postgres_store.ts'

/** Opens and migrates a PostgreSQL database; loads `pg` when called. See `PostgresStoreOptions`. */
export const openPostgresStore: typeof open = async (options) => {
  const { openPostgresStore: load } = await import('./postgres/open_postgres_store.ts')
  return load(options)
}

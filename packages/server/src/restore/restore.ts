/** `countersign restore`: a backup in the place of a SQLite database, with a history of its own from there on. */
import {
  chmodSync,
  closeSync,
  copyFileSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import type { FeedObject, Seconds } from '@countersign/core'
import { DatabaseOpenError, hasTables, SchemaTooNewError, type Store, withExclusiveFile } from '@countersign/store'
import type { MasterKey } from '../keys/master_key.ts'
import { ConfigError } from '../keys/master_key_file.ts'
import { silentLog } from '../observe/log.ts'
import { lockData } from '../run/data_lock.ts'
import { openInstallationStore, readMaster, sqliteFile } from '../run/installation.ts'
import { defaultTenantId } from '../tenants/bootstrap.ts'
import { mergeEntries, mergeTaken } from './merge_taken.ts'

export interface RestoreOptions {
  /** `sqlite:PATH`: what is replaced. */
  readonly database: string
  readonly masterKey?: string
  /** The file that `backup` made; it is only read. */
  readonly backup: string
  /** A log of entries kept outside the database: lines as `GET /v1/feed/snapshot` streams them. */
  readonly revocations?: string
  readonly now: () => Seconds
}

export interface Restored {
  readonly file: string
  readonly epoch: string
  /** Where the replaced file is now; `null` when there was none. */
  readonly keptAs: string | null
  /** Objects changed because they were revoked, disabled, narrowed or ended since the backup. */
  readonly merged: number
  /** The last change that the backup knows. */
  readonly backupAt: Seconds
  /** Set when the replaced database could not be read: nothing between `backupAt` and now is known to be revoked. */
  readonly unknown: { readonly from: Seconds; readonly to: Seconds; readonly why: string } | null
  /** The first audit event of the default tenant that does not verify, if any. */
  readonly auditBrokenAt: number | null
}

/**
 * Nothing of the installation is touched until the new file is whole. Throws `ConfigError`, `DatabaseOpenError` (with the
 * reason `in_use` while a server has the database open), `SchemaTooNewError`.
 */
export async function restore(options: RestoreOptions): Promise<Restored> {
  const file = requireSqlite(options.database)
  const master = openExistingMaster(file, options.masterKey)
  const lock = await lockData(`sqlite:${file}`, 0)
  try {
    return await restoreLocked(file, master, options)
  } finally {
    lock.release()
  }
}

async function restoreLocked(file: string, master: MasterKey, options: RestoreOptions): Promise<Restored> {
  const { now } = options
  if (existsSync(file)) requireUnused(file)
  const work = `${file}.restoring`
  removeDatabase(work)
  copyFileSync(options.backup, work)
  chmodSync(work, 0o600)
  try {
    const restored = await openInstallationStore(`sqlite:${work}`, master, silentLog, now).catch((error: unknown) =>
      refuseBackup(error, work, options.backup),
    )
    const made = await remake(restored, file, master, options).finally(() => restored.close())
    // Folds the log into the one file that is moved.
    withExclusiveFile(work, () => {})
    const keptAs = replace(file, work)
    return { file, keptAs, ...made }
  } finally {
    removeDatabase(work)
  }
}

/** A copy was opened, `work`: the file that was given is the one to name. */
function refuseBackup(error: unknown, work: string, backup: string): never {
  if (!(error instanceof DatabaseOpenError)) throw error
  if (error.reason === 'wrong_master_key') throw foreign(error)
  throw new DatabaseOpenError(error.reason, error.message.replaceAll(work, backup), error)
}

function foreign(cause?: unknown): DatabaseOpenError {
  const why = 'the backup is of another installation: this master key made no audit event in it'
  return new DatabaseOpenError('not_a_database', why, cause)
}

type Made = Omit<Restored, 'file' | 'keptAs'>

async function remake(restored: Store, file: string, master: MasterKey, options: RestoreOptions): Promise<Made> {
  const { now } = options
  const { brokenAt } = await restored.verifyAudit(defaultTenantId)
  if (brokenAt === 1) throw foreign()
  const backupAt = await lastChange(restored)
  const lines = options.revocations === undefined ? undefined : readLines(options.revocations)
  const replaced = await openReplaced(file, master, now)
  try {
    const above = await highest('why' in replaced ? undefined : replaced.store, lines)
    const epoch = await restored.startEpoch(above)
    const fromLines = lines === undefined ? 0 : await mergeEntries(restored, lines.entries, master, now())
    if ('why' in replaced) {
      const isKnown = lines !== undefined
      const unknown = isKnown ? null : { from: backupAt, to: Math.floor(now()), why: replaced.why }
      return { epoch, merged: fromLines, backupAt, unknown, auditBrokenAt: brokenAt ?? null }
    }
    await takeDropTime(restored, replaced.store)
    const merged = fromLines + (await mergeTaken(restored, replaced.store, now()))
    return { epoch, merged, backupAt, unknown: null, auditBrokenAt: brokenAt ?? null }
  } catch (error) {
    if ('why' in replaced || !isUnreadable(error)) throw error
    throw new DatabaseOpenError(
      'not_a_database',
      `${file} is damaged: move it away and restore again; what was revoked since the backup is then unknown`,
      error,
    )
  } finally {
    if ('store' in replaced) await replaced.store.close()
  }
}

/** The drop time goes on from the replaced database, so that a clock which is behind accepts nothing again. */
async function takeDropTime(restored: Store, replaced: Store): Promise<void> {
  const [own, { timeMs, boot }] = await Promise.all([restored.dropTime.read(), replaced.dropTime.read()])
  if (timeMs > own.timeMs) await restored.dropTime.move(own.moves, { timeMs, boot })
}

function requireSqlite(database: string): string {
  const file = sqliteFile(database)
  if (file !== undefined) return resolve(file)
  throw new ConfigError('restore is for SQLite: a PostgreSQL database is restored with its own tools (pg_restore)')
}

/** A backup never holds the master key, and a new one could open nothing in it. */
function openExistingMaster(file: string, masterKey: string | undefined): MasterKey {
  const beside = join(dirname(file), 'master.key')
  if (masterKey === undefined && !existsSync(beside)) {
    throw new ConfigError(
      `${beside} is missing: put the installation’s master key there first, it is no part of a backup`,
    )
  }
  return readMaster(`sqlite:${file}`, masterKey)
}

function requireUnused(file: string): void {
  try {
    withExclusiveFile(file, () => {})
  } catch (error) {
    // A damaged file cannot be in use. It is kept beside as it is.
    if (error instanceof DatabaseOpenError) throw error
  }
}

async function openReplaced(
  file: string,
  master: MasterKey,
  now: () => Seconds,
): Promise<{ readonly store: Store } | { readonly why: string }> {
  if (!existsSync(file)) return { why: 'there was no database to be replaced' }
  if (!hasTables(file)) return { why: 'the database that was replaced is empty, or lacks its write-ahead log' }
  let store: Store | undefined
  try {
    store = await openInstallationStore(`sqlite:${file}`, master, silentLog, now)
    // Every page that is needed, read once before anything is begun.
    await store.feed.snapshotAll()
    return { store }
  } catch (error) {
    await store?.close()
    if (error instanceof SchemaTooNewError) throw error
    return { why: 'the database that was replaced cannot be read' }
  }
}

function isUnreadable(error: unknown): boolean {
  return error instanceof Error && ['FatalStoreError', 'PoisonedRowError'].includes(error.name)
}

interface Lines {
  readonly entries: readonly (FeedObject & { readonly tenant: string })[]
  /** The highest number that a place or an entry names. */
  readonly highest: number
}

/** Lines of snapshots, one after the other: each begins with its tenant and place. Throws `ConfigError`. */
function readLines(file: string): Lines {
  const entries: (FeedObject & { readonly tenant: string })[] = []
  let highest = 0
  let tenant = defaultTenantId
  const lines = readFileSync(file, 'utf8').split('\n')
  for (const [index, line] of lines.entries()) {
    if (line.trim() === '') continue
    const value = parseLine(line, `${file}:${index + 1}`)
    if (typeof value.tenant === 'string') tenant = value.tenant
    const place = value.place as { readonly sequence?: unknown } | undefined
    const sequence = place?.sequence ?? value.sequence
    if (Number.isSafeInteger(sequence)) highest = Math.max(highest, sequence as number)
    if (typeof value.type === 'string' && typeof value.state === 'object') {
      const { type, id, version, state, dropAt } = value as unknown as FeedObject
      entries.push({ type, id, version, state, dropAt, tenant } as FeedObject & { readonly tenant: string })
    }
  }
  return { entries, highest }
}

function parseLine(line: string, where: string): { readonly [name: string]: unknown } {
  try {
    const value: unknown = JSON.parse(line)
    if (typeof value === 'object' && value !== null) return value as { readonly [name: string]: unknown }
  } catch {
    // Said below.
  }
  throw new ConfigError(`${where} is no line of a feed snapshot`)
}

/** The highest number that is known of the history that ends. */
async function highest(replaced: Store | undefined, lines: Lines | undefined): Promise<number> {
  const ofLines = lines?.highest ?? 0
  if (replaced === undefined) return ofLines
  const { position, places } = await replaced.feed.places()
  return [...places.values()].reduce((most, { sequence }) => Math.max(most, sequence), Math.max(ofLines, position))
}

async function lastChange(store: Store): Promise<Seconds> {
  const { places } = await store.feed.places()
  let last = 0
  for (const tenant of places.keys()) {
    const [event] = await store.read.audit.list(tenant, {}, { limit: 1 })
    last = Math.max(last, event?.at ?? 0)
  }
  return last
}

/** The old file keeps a name of its own, then the new one takes its place: at no time is there half a database. */
function replace(file: string, work: string): string | null {
  const keptAs = existsSync(file) ? freeName(`${file}.before-restore`) : null
  if (keptAs !== null) {
    moveOut(file, keptAs)
    for (const suffix of ['-wal', '-shm']) if (existsSync(file + suffix)) renameSync(file + suffix, keptAs + suffix)
  }
  renameSync(work, file)
  const directory = openSync(dirname(file), 'r')
  fsyncSync(directory)
  closeSync(directory)
  return keptAs
}

/** Moved while nobody can have it open: a server that starts now finds no database, or the new one. */
function moveOut(file: string, keptAs: string): void {
  try {
    withExclusiveFile(file, () => renameSync(file, keptAs))
  } catch (error) {
    if (error instanceof DatabaseOpenError) throw error
    if (existsSync(file)) renameSync(file, keptAs)
  }
}

function freeName(name: string): string {
  let free = name
  for (let number = 2; existsSync(free); number++) free = `${name}-${number}`
  return free
}

function removeDatabase(file: string): void {
  for (const suffix of ['', '-wal', '-shm', '-journal']) rmSync(file + suffix, { force: true })
}

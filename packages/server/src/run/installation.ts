/** Master key, store and server of one installation, opened together. What `serve` and `dev` both begin with. */
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { hasTables, type KeyProof, openStore, type Store } from '@countersign/store'
import { openPlaceFile } from '../feed/place_file.ts'
import type { MasterKey } from '../keys/master_key.ts'
import { ConfigError, endFirstStart, isFirstStart, openMasterKeyFile, parseMasterKey } from '../keys/master_key_file.ts'
import { opensSigningKey } from '../keys/signing_keys.ts'
import type { Log } from '../observe/log.ts'
import { type CountersignServer, createServer } from '../server.ts'
import type { ServerOptions } from '../server_options.ts'

export interface InstallationOptions extends Omit<ServerOptions, 'store' | 'master'> {
  /** `sqlite:PATH` or `postgres://…`. */
  readonly database: string
  /** 32 bytes, base64url. Needed with PostgreSQL; with SQLite a file beside the database is used, and made at first start. */
  readonly masterKey?: string
  /** SQLite: room kept beside the database for a full disk. Default 0: none. */
  readonly reserveBytes?: number
}

export async function openInstallation(options: InstallationOptions): Promise<CountersignServer> {
  const { database, masterKey, reserveBytes = 0, ...rest } = options
  const master = openMaster(database, masterKey)
  const store = await openInstallationStore(database, master, options.log, options.now, reserveBytes)
  const file = sqliteFile(database)
  if (file !== undefined) endFirstStart(masterKeyFileOf(file))
  const placeFile = file === undefined ? {} : { placeFile: openPlaceFile(placeFileOf(file), master) }
  return createServer({ ...rest, ...placeFile, store, master })
}

/** The store alone, for commands that work on a database nobody serves. */
export function openInstallationStore(
  database: string,
  master: MasterKey,
  log: Log,
  now = () => Date.now() / 1000,
  reserveBytes = 0,
): Promise<Store> {
  return openStore({
    database,
    auditKey: master.derive('audit'),
    now,
    randomBytes,
    reserveBytes,
    keyProof: keyProofOf(master),
    onPoisonedRow: (error: Error) => log.error({ error }, 'a stored row cannot be read'),
  })
}

/** For a database that goes on, or that nothing says was ever there. Throws `ConfigError`, and makes nothing then. */
export function openMaster(database: string, masterKey: string | undefined): MasterKey {
  const file = sqliteFile(database)
  if (file !== undefined) requireNothingLost(file, masterKey === undefined ? [masterKeyFileOf(file)] : [])
  return readMaster(database, masterKey)
}

/** A restore replaces the database, so that it may be in any state. */
export function readMaster(database: string, masterKey: string | undefined): MasterKey {
  if (masterKey !== undefined) return parseMasterKey(masterKey, 'COUNTERSIGN_MASTER_KEY')
  const file = sqliteFile(database)
  if (file === undefined)
    throw new ConfigError('COUNTERSIGN_MASTER_KEY is required with PostgreSQL: 32 bytes in base64url')
  const directory = dirname(file)
  if (!existsSync(directory)) throw new ConfigError(`the directory ${directory} does not exist`)
  return openMasterKeyFile(masterKeyFileOf(file), existsSync(file))
}

/**
 * A database without a table begins a new installation, in which nothing is revoked and nobody is known. Not where something
 * says that there was one: a place file, which only a server with a database writes, or, beside a file that is there, the key
 * of an installation that had one.
 */
function requireNothingLost(file: string, keyFiles: readonly string[]): void {
  const left = [
    ...(existsSync(placeFileOf(file)) ? [placeFileOf(file)] : []),
    ...keyFiles.filter((keyFile) => existsSync(file) && existsSync(keyFile) && !isFirstStart(keyFile)),
  ]
  if (left.length === 0 || hasTables(file)) return
  const what = existsSync(file) ? 'is empty, or lacks its write-ahead log (-wal)' : 'is missing'
  throw new ConfigError(
    `${file} ${what}, and ${left.join(' and ')} ${left.length === 1 ? 'is' : 'are'} of an installation that had one: ` +
      'put the file back together with its -wal, or restore a backup (countersign restore FILE). Only to begin anew, with ' +
      'nothing of before, move all these files away',
  )
}

export function masterKeyFileOf(file: string): string {
  return join(dirname(file), 'master.key')
}

function placeFileOf(file: string): string {
  return `${file}-place`
}

export function keyProofOf(master: MasterKey): KeyProof {
  return {
    check: Buffer.from(master.derive('key_check')).toString('base64url'),
    opens: (sealed, key) => opensSigningKey(master, sealed, key),
  }
}

export function sqliteFile(database: string): string | undefined {
  return /^sqlite:(.+)$/s.exec(database)?.[1]
}

/** Master key, store and server of one installation, opened together. What `serve` and `dev` both begin with. */
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { openStore, type Store } from '@countersign/store'
import { type CountersignServer, createServer, type ServerOptions } from './server.ts'
import type { Log } from './services/log.ts'
import type { MasterKey } from './services/master_key.ts'
import { ConfigError, openMasterKeyFile, parseMasterKey } from './services/master_key_file.ts'
import { openPlaceFile } from './services/place_file.ts'

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
  const placeFile = file === undefined ? {} : { placeFile: openPlaceFile(`${file}-place`, master) }
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
    onPoisonedRow: (error: Error) => log.error({ error }, 'a stored row cannot be read'),
  })
}

export function openMaster(database: string, masterKey: string | undefined): MasterKey {
  if (masterKey !== undefined) return parseMasterKey(masterKey, 'COUNTERSIGN_MASTER_KEY')
  const file = sqliteFile(database)
  if (file === undefined)
    throw new ConfigError('COUNTERSIGN_MASTER_KEY is required with PostgreSQL: 32 bytes in base64url')
  const directory = dirname(file)
  if (!existsSync(directory)) throw new ConfigError(`the directory ${directory} does not exist`)
  return openMasterKeyFile(join(directory, 'master.key'), existsSync(file))
}

export function sqliteFile(database: string): string | undefined {
  return /^sqlite:(.+)$/s.exec(database)?.[1]
}

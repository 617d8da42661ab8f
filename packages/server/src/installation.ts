/** Master key, store and server of one installation, opened together. What `serve` and `dev` both begin with. */
import { randomBytes } from 'node:crypto'
import { existsSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type KeyProof, openStore, type Store } from '@countersign/store'
import { type CountersignServer, createServer, type ServerOptions } from './server.ts'
import type { Log } from './services/log.ts'
import type { MasterKey } from './services/master_key.ts'
import {
  ConfigError,
  endFirstStart,
  isFirstStart,
  openMasterKeyFile,
  parseMasterKey,
} from './services/master_key_file.ts'
import { openPlaceFile } from './services/place_file.ts'
import { opensSigningKey } from './services/signing_keys.ts'

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
  if (file !== undefined) endFirstStart(join(dirname(file), 'master.key'))
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
    keyProof: keyProofOf(master),
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
  const keyFile = join(directory, 'master.key')
  if (existsSync(keyFile) && isEmptyFile(file) && !isFirstStart(keyFile)) {
    throw new ConfigError(
      `${file} is empty, and ${keyFile} is of an installation that was not: restore a backup (countersign restore FILE), or ` +
        'remove the empty file to begin anew',
    )
  }
  return openMasterKeyFile(keyFile, existsSync(file))
}

function isEmptyFile(file: string): boolean {
  return existsSync(file) && statSync(file).size === 0 && !existsSync(`${file}-wal`)
}

function keyProofOf(master: MasterKey): KeyProof {
  return {
    check: Buffer.from(master.derive('key_check')).toString('base64url'),
    opens: (sealed, key) => opensSigningKey(master, sealed, key),
  }
}

export function sqliteFile(database: string): string | undefined {
  return /^sqlite:(.+)$/s.exec(database)?.[1]
}

import { randomBytes } from 'node:crypto'
import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { MasterKey } from './master_key.ts'

/** The configuration or a file it names does not hold: one line, exit 2. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}

/** 32 bytes in base64url, from configuration. Never quoted in an error. */
export function parseMasterKey(text: string, name: string): MasterKey {
  const trimmed = text.trim()
  const bytes = Buffer.from(trimmed, 'base64url')
  if (bytes.length !== 32 || bytes.toString('base64url') !== trimmed.replace(/=+$/, '')) {
    throw new ConfigError(`${name} must be 32 bytes in base64url`)
  }
  return new MasterKey(bytes)
}

/**
 * The key beside an embedded database: made at first start with mode 0600, and only when there is no database yet. A
 * database without its key is an error, since a new key could open nothing in it.
 */
export function openMasterKeyFile(file: string, databaseExists: boolean): MasterKey {
  if (existsSync(file)) {
    if ((statSync(file).mode & 0o077) !== 0) chmodSync(file, 0o600)
    return parseMasterKey(readFileSync(file, 'utf8'), file)
  }
  if (databaseExists) {
    throw new ConfigError(`${file} is missing, and the database beside it cannot be used without it: restore the file`)
  }
  // Until the database is there: a start that was killed in between may begin again with the key and an empty file.
  closeSync(openSync(firstStartFile(file), 'w', 0o600))
  const key = randomBytes(32)
  const descriptor = openSync(file, 'wx', 0o600)
  writeSync(descriptor, `${key.toString('base64url')}\n`)
  fsyncSync(descriptor)
  closeSync(descriptor)
  return new MasterKey(key)
}

/** Whether the start that made the key never came to have a database. */
export function isFirstStart(keyFile: string): boolean {
  return existsSync(firstStartFile(keyFile))
}

export function endFirstStart(keyFile: string): void {
  rmSync(firstStartFile(keyFile), { force: true })
}

function firstStartFile(keyFile: string): string {
  return `${keyFile}.first-start`
}

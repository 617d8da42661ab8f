/** The part of `countersign doctor` that needs the installation's files: what is right and wrong, and what to do. */
import { accessSync, constants, existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { parseMasterKey } from '../keys/master_key_file.ts'
import { keyProofOf, masterKeyFileOf, sqliteFile } from './installation.ts'

export interface Finding {
  readonly check: string
  readonly outcome: 'ok' | 'warn' | 'fail'
  /** Says what was found and, unless it is ok, what to do. */
  readonly detail: string
}

/** Before it, two connections that write or checkpoint at once can corrupt the file. */
const oldestSqlite = '3.51.3'

export interface InspectOptions {
  /** As configured; otherwise the file beside the database is meant. */
  readonly masterKey?: string | undefined
  /** `serve` makes no directory, as `dev` does. */
  readonly isServe?: boolean
}

/** Reads only: nothing is made, migrated or mended. */
export function inspectInstallation(
  database: string,
  nowMs: number,
  { masterKey, isServe = false }: InspectOptions = {},
): readonly Finding[] {
  const file = sqliteFile(database)
  if (file === undefined) return [sqliteVersion()]
  return [
    sqliteVersion(),
    directoryOf(file, isServe),
    ...modesOf(file),
    ...masterKeyOf(file, masterKey),
    ...schemaOf(file),
    ...dropTimeOf(file, nowMs),
  ]
}

function sqliteVersion(): Finding {
  const database = new DatabaseSync(':memory:')
  const { version } = database.prepare('select sqlite_version() as version').get() as { version: string }
  database.close()
  if (isAtLeast(version, oldestSqlite)) return { check: 'sqlite', outcome: 'ok', detail: `SQLite ${version}` }
  const detail = `SQLite ${version} can corrupt a database that is written to; use a Node with ${oldestSqlite} or newer`
  return { check: 'sqlite', outcome: 'fail', detail }
}

function isAtLeast(version: string, least: string): boolean {
  const parts = version.split('.').map(Number)
  for (const [index, part] of least.split('.').map(Number).entries()) {
    if ((parts[index] ?? 0) !== part) return (parts[index] ?? 0) > part
  }
  return true
}

function directoryOf(file: string, isServe: boolean): Finding {
  const directory = dirname(file)
  const check = 'data directory'
  if (!existsSync(directory)) {
    if (isServe)
      return { check, outcome: 'fail', detail: `${directory} is not there: make it, or set COUNTERSIGN_DATABASE` }
    return { check, outcome: 'warn', detail: `${directory} is not there: countersign dev makes it` }
  }
  try {
    accessSync(directory, constants.R_OK | constants.W_OK | constants.X_OK)
    return { check, outcome: 'ok', detail: directory }
  } catch {
    return { check, outcome: 'fail', detail: `${directory} cannot be written by this user: change its owner or mode` }
  }
}

function modesOf(file: string): readonly Finding[] {
  const directory = dirname(file)
  const files = [file, join(directory, 'master.key'), join(directory, 'profile.json')]
  const findings = files.filter(existsSync).map((each): Finding => {
    const mode = statSync(each).mode & 0o777
    if ((mode & 0o077) === 0) return { check: 'file mode', outcome: 'ok', detail: `${each} is its owner’s alone` }
    return { check: 'file mode', outcome: 'fail', detail: `${each} has mode ${mode.toString(8)}: chmod 600 ${each}` }
  })
  return findings
}

/** A server does not start without the key, nor with another one. */
function masterKeyOf(file: string, configured: string | undefined): readonly Finding[] {
  if (!existsSync(file)) return []
  const check = 'master key'
  const keyFile = masterKeyFileOf(file)
  if (configured === undefined && !existsSync(keyFile)) {
    const detail = `no master.key beside ${file}: restore it, or set COUNTERSIGN_MASTER_KEY; without it nothing can be opened`
    return [{ check, outcome: 'fail', detail }]
  }
  try {
    const text = configured ?? readFileSync(keyFile, 'utf8')
    const { check: proof } = keyProofOf(
      parseMasterKey(text, configured === undefined ? keyFile : 'COUNTERSIGN_MASTER_KEY'),
    )
    const stored = storedKeyCheck(file)
    if (stored === undefined || stored === proof) return [{ check, outcome: 'ok', detail: 'opens the database' }]
    return [{ check, outcome: 'fail', detail: `it does not open ${file}: that was made with another one` }]
  } catch (error) {
    return [{ check, outcome: 'fail', detail: error instanceof Error ? error.message : `${keyFile} cannot be read` }]
  }
}

/** Undefined in databases of older programs, and in files that are none: those are told of below. */
function storedKeyCheck(file: string): string | undefined {
  const database = new DatabaseSync(file, { readOnly: true, timeout: 2_000 })
  try {
    const row = database.prepare('select key_check from installation').get() as { key_check: string | null } | undefined
    return row?.key_check ?? undefined
  } catch {
    return undefined
  } finally {
    database.close()
  }
}

function schemaOf(file: string): readonly Finding[] {
  const check = 'database'
  if (!existsSync(file))
    return [{ check, outcome: 'warn', detail: `${file} is not there yet: the first start makes it` }]
  const database = new DatabaseSync(file, { readOnly: true, timeout: 2_000 })
  try {
    const { number } = database.prepare('select max(number) as number from schema_migrations').get() as {
      number: number
    }
    const rows = database.prepare('pragma quick_check(1)').all() as { quick_check: string }[]
    const flaw = rows.find(({ quick_check: found }) => found !== 'ok')?.quick_check
    if (flaw === undefined) return [{ check, outcome: 'ok', detail: `${file}, schema ${number}, sound` }]
    return [{ check, outcome: 'fail', detail: `${file} is damaged (${flaw}): restore a backup` }]
  } catch {
    return [{ check, outcome: 'fail', detail: `${file} cannot be read as a Countersign database: restore a backup` }]
  } finally {
    database.close()
  }
}

/** A database of an older schema has none; one that cannot be read is said above. */
function dropTimeOf(file: string, nowMs: number): readonly Finding[] {
  if (!existsSync(file)) return []
  const check = 'drop time'
  const database = new DatabaseSync(file, { readOnly: true, timeout: 2_000 })
  try {
    const row = database.prepare('select time_ms from drop_time').get() as { readonly time_ms: number } | undefined
    if (row === undefined) return []
    const lagSeconds = Math.round((nowMs - row.time_ms) / 1000)
    if (lagSeconds >= -300) return [{ check, outcome: 'ok', detail: `${lagSeconds} s behind this machine’s clock` }]
    const detail = `${-lagSeconds} s ahead of this machine’s clock: a clock is or was wrong; see CountersignClockOff in the runbook`
    return [{ check, outcome: 'warn', detail }]
  } catch {
    return []
  } finally {
    database.close()
  }
}

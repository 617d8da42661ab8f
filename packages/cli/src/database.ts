/** Which database a command works on, and the master key it is sealed with. */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import type { Command } from 'commander'
import { CommandError } from './exit.ts'
import { findProfileFile } from './profile.ts'

export interface DatabaseFlags {
  readonly database?: string
  readonly data?: string
}

export function withDatabase(command: Command): Command {
  return command
    .option('--database <sqlite:path>', 'default: COUNTERSIGN_DATABASE, else the data directory found upward')
    .option('--data <directory>', 'the data directory of dev')
}

export interface DatabasePlace {
  /** As COUNTERSIGN_DATABASE has it. May hold a password. */
  readonly database: string
  readonly masterKey?: string
}

type Environment = Readonly<Record<string, string | undefined>>

/** Flags, then environment, then `.countersign/countersign.db` here or above, then `serve`'s own default. */
export function findDatabase(flags: DatabaseFlags, environment: Environment = process.env): DatabasePlace {
  const database = nameDatabase(flags, environment)
  const masterKey = fromEnvironment('COUNTERSIGN_MASTER_KEY', environment)
  return { database, ...(masterKey === undefined ? {} : { masterKey }) }
}

/** The same; the file must be there. */
export function findExistingDatabase(flags: DatabaseFlags): DatabasePlace {
  const place = findDatabase(flags)
  const file = /^sqlite:(.+)$/s.exec(place.database)?.[1]
  if (file !== undefined && !existsSync(file)) throw new CommandError('notFound', `${file} does not exist`)
  return place
}

function nameDatabase({ database, data }: DatabaseFlags, environment: Environment): string {
  if (database !== undefined && data !== undefined) {
    throw new CommandError('usage', '--database and --data exclude each other')
  }
  const named = database ?? (data === undefined ? fromEnvironment('COUNTERSIGN_DATABASE', environment) : undefined)
  if (named !== undefined) {
    if (/^(sqlite:.+|postgres(ql)?:\/\/.+)$/s.test(named)) return named
    // The value may hold a password.
    const source = database === undefined ? 'COUNTERSIGN_DATABASE' : '--database'
    throw new CommandError('usage', `${source} must be sqlite:PATH or postgres://…`)
  }
  const profile = data === undefined ? findProfileFile(process.cwd()) : join(resolve(data), 'profile.json')
  return `sqlite:${profile === undefined ? './countersign.db' : join(dirname(profile), 'countersign.db')}`
}

function fromEnvironment(name: string, environment: Environment): string | undefined {
  const file = environment[`${name}_FILE`]
  if (file === undefined) return environment[name]
  try {
    return readFileSync(file, 'utf8').trim()
  } catch {
    throw new CommandError('usage', `${name}_FILE: ${file} cannot be read`)
  }
}

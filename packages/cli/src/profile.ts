import { chmodSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Secret } from '@countersign/core'
import { CommandError } from './exit.ts'

/** The profile that `dev` writes for this machine's CLI: the one place where a secret is kept readable, mode 0600. */
export interface Profile {
  readonly url: string
  readonly adminKey: Secret | undefined
  /** The audience chosen first for each API that `dev` was started with, by its name. */
  readonly audiences: Readonly<Record<string, string>>
  /** The first key of each API, by the same name. */
  readonly firstKeys: Readonly<Record<string, FirstKey>>
  /** The client of the demo application at each API, by audience. */
  readonly webClients: Readonly<Record<string, string>>
}

/** Ids, so that a later start can say what became of the key and how another is made. */
export interface FirstKey {
  readonly id: string
  readonly clientId: string
}

export function readProfile(file: string): Profile | undefined {
  if (!existsSync(file)) return undefined
  try {
    const value = JSON.parse(readFileSync(file, 'utf8')) as { readonly [K in keyof Profile]?: unknown }
    if (typeof value.url !== 'string') throw new Error('no url')
    return {
      url: value.url,
      adminKey: typeof value.adminKey === 'string' ? new Secret(value.adminKey) : undefined,
      audiences: readMap<string>(value.audiences),
      firstKeys: readMap<FirstKey>(value.firstKeys),
      webClients: readMap<string>(value.webClients),
    }
  } catch {
    throw new CommandError(
      'error',
      `${file} cannot be read: mend it, or delete it and set COUNTERSIGN_URL and COUNTERSIGN_KEY`,
    )
  }
}

/** A program of before wrote fewer maps. */
function readMap<T>(value: unknown): Readonly<Record<string, T>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, T>) : {}
}

/** Written beside and renamed, so that no reader sees half of it. */
export function writeProfile(file: string, { adminKey, ...rest }: Profile): void {
  const text = `${JSON.stringify({ adminKey: adminKey?.reveal(), ...rest }, null, 2)}\n`
  const beside = `${file}.${process.pid}.new`
  writeFileSync(beside, text, { mode: 0o600 })
  chmodSync(beside, 0o600)
  renameSync(beside, file)
}

/** `.countersign/profile.json` here or in a directory above. */
export function findProfile(from: string): Profile | undefined {
  const file = findProfileFile(from)
  return file === undefined ? undefined : readProfile(file)
}

export function findProfileFile(from: string): string | undefined {
  for (let directory = from; ; directory = dirname(directory)) {
    const file = join(directory, '.countersign', 'profile.json')
    if (existsSync(file)) return file
    if (dirname(directory) === directory) return undefined
  }
}

/** The audience that needs no flag: the only one there is. */
export function onlyAudience(profile: Profile | undefined): string | undefined {
  const audiences = Object.values(profile?.audiences ?? {})
  return audiences.length === 1 ? audiences[0] : undefined
}

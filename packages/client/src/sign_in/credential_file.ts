/** Where tokens live on a machine: one file for all issuers, readable by its owner alone, with a lock beside it. */
import { randomUUID } from 'node:crypto'
import { mkdir, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import type { TokenSet } from './token_set.ts'

/** A lock that is older, in milliseconds, was left by a process that has died: a refresh takes 30 s at most. */
const lockStaleMs = 60_000
const lockPollMs = 50

/** A place for tokens that processes share: a file, or a keychain of one's own. */
export interface CredentialStore {
  /** Gives what was written for this issuer and client; `undefined` for nothing. Rejects where that cannot be told. */
  read(issuer: string, clientId: string): Promise<unknown>
  /** Replaces it; `undefined` removes it. */
  write(issuer: string, clientId: string, set: TokenSet | undefined): Promise<void>
  /** Runs the work while no other process does. */
  alone<T>(work: () => Promise<T>): Promise<T>
}

/**
 * Keeps tokens in a file of mode 0600. Each set is found by its issuer and client alone.
 *
 * @param path The file; its folder is made with mode 0700.
 * @example
 * ```ts
 * const store = credentialFile(`${homedir()}/.config/ledgerly/credentials.json`)
 * ```
 */
export function credentialFile(path: string): CredentialStore {
  const lock = `${path}.lock`
  return Object.freeze({
    async read(issuer, clientId) {
      return (await readSets(path)).get(nameOf(issuer, clientId))
    },
    async write(issuer, clientId, set) {
      const sets = await readSets(path)
      if (set === undefined) sets.delete(nameOf(issuer, clientId))
      else sets.set(nameOf(issuer, clientId), set)
      await replaceFile(path, JSON.stringify({ credentials: Object.fromEntries(sets) }))
    },
    async alone(work) {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 })
      const release = await takeLock(lock)
      try {
        return await work()
      } finally {
        await release()
      }
    },
  } satisfies CredentialStore)
}

const nameOf = (issuer: string, clientId: string): string => `${issuer} ${clientId}`

/** A file that cannot be read or is not ours is an error: taken for an empty one, it would be written over. */
async function readSets(path: string): Promise<Map<string, unknown>> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw new Error(`${path} cannot be read (${error.code})`)
  })
  if (text === undefined) return new Map()
  if (process.platform !== 'win32' && ((await stat(path)).mode & 0o077) !== 0)
    throw new Error(`${path} can be read by others: chmod 600 it, and sign in again if they may have read it`)
  const credentials = readCredentials(text)
  if (credentials === undefined) throw new Error(`${path} is no file of credentials: remove it and sign in again`)
  return new Map(Object.entries(credentials))
}

function readCredentials(text: string): object | undefined {
  try {
    const { credentials } = JSON.parse(text) as { readonly credentials?: unknown }
    return typeof credentials === 'object' && credentials !== null ? credentials : undefined
  } catch {
    return undefined
  }
}

/** A process that dies meanwhile leaves the old file whole. */
async function replaceFile(path: string, text: string): Promise<void> {
  const made = `${path}.${randomUUID()}`
  try {
    await writeFile(made, text, { mode: 0o600, flag: 'wx', flush: true })
    await rename(made, path)
  } catch (error) {
    await rm(made, { force: true })
    throw error
  }
}

/** Waits until the lock is ours. Gives the release. */
async function takeLock(lock: string): Promise<() => Promise<void>> {
  const mine = randomUUID()
  for (;;) {
    const file = await open(lock, 'wx', 0o600).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'EEXIST') return undefined
      throw new Error(`${lock} cannot be made (${error.code})`)
    })
    if (file !== undefined) {
      await file.writeFile(mine).finally(() => file.close())
      return async () => {
        // Somebody who took it for stale has their own there now.
        if ((await readFile(lock, 'utf8').catch(() => undefined)) === mine) await rm(lock, { force: true })
      }
    }
    if (!(await removeStale(lock))) await setTimeout(lockPollMs)
  }
}

/** One of several who find it stale moves it away; a lock that was made anew meanwhile is put back. */
async function removeStale(lock: string): Promise<boolean> {
  const found = await stat(lock).catch(() => undefined)
  if (found === undefined) return true
  // The clock may have been set back since the lock was made.
  if (Math.abs(Date.now() - found.mtimeMs) <= lockStaleMs) return false
  const aside = `${lock}.${randomUUID()}`
  const isMoved = await rename(lock, aside).then(
    () => true,
    () => false,
  )
  if (!isMoved) return true
  const moved = await stat(aside)
  if (moved.ino === found.ino && moved.mtimeMs === found.mtimeMs) await rm(aside, { force: true })
  else await rename(aside, lock)
  return true
}

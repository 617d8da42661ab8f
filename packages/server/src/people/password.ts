/** Passwords: argon2id, as RFC 9106 writes it down, in threads that never hold up anything else. */
import { availableParallelism } from 'node:os'
import { decodeBase64url, encodeBase64url, timingSafeEqual } from '@countersign/core'
import languageCommon from '@zxcvbn-ts/language-common'
import { serverLimits } from '../limits.ts'
import { createHashThreads, type HashThreads } from './hash_thread.ts'

/** More wait than there is room for: try again later. */
export class PasswordsBusyError extends Error {
  override readonly name = 'PasswordsBusyError'
}

/** A hash with all that is needed to make it again. */
export interface PasswordHash {
  readonly algorithm: 'argon2id'
  /** Base64url, 16 bytes. */
  readonly salt: string
  readonly memoryKib: number
  readonly passes: number
  /** Base64url, 32 bytes. */
  readonly hash: string
}

export interface Passwords {
  hash(password: string): Promise<PasswordHash>
  /** `undefined`: there is none. The work is the same, so that its time tells nothing. */
  holds(password: string, stored: PasswordHash | undefined): Promise<boolean>
  close(): void
}

type Cost = Pick<PasswordHash, 'memoryKib' | 'passes'>

/** The first choice of OWASP’s cheat sheet on storing passwords. */
const usualCost: Cost = { memoryKib: 19_456, passes: 2 }

export interface PasswordOptions {
  readonly randomBytes: (count: number) => Uint8Array
  /** Hashes made at once. Default: half the cores, so that sign-ins never take what verifications need. */
  readonly atOnce?: number
  /** Default: of this process. */
  readonly threads?: HashThreads
  /** The work of a new hash. Default: 19 MiB of memory, two passes. */
  readonly cost?: Cost
}

/** In place of the result where too many passwords wait. */
export async function orBusy<T>(work: Promise<T>): Promise<T | { readonly refused: 'busy' }> {
  try {
    return await work
  } catch (error) {
    if (!(error instanceof PasswordsBusyError)) throw error
    return { refused: 'busy' }
  }
}

export function createPasswords({
  randomBytes,
  atOnce = halfTheCores,
  threads = createHashThreads(),
  cost = usualCost,
}: PasswordOptions): Passwords {
  /** No password has it: its hash is no 32 bytes. */
  const nobodys: PasswordHash = { algorithm: 'argon2id', salt: encodeBase64url(new Uint8Array(16)), ...cost, hash: '' }
  const waiting: (() => void)[] = []
  let running = 0

  async function inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (running >= atOnce) {
      if (waiting.length >= serverLimits.passwordsWaitingMax) throw new PasswordsBusyError('too many sign-ins wait')
      await new Promise<void>((resolve) => waiting.push(resolve))
    } else running++
    try {
      return await work()
    } finally {
      const next = waiting.shift()
      if (next === undefined) running--
      else next()
    }
  }

  return {
    hash: (password) =>
      inTurn(async () => {
        const salt = randomBytes(16)
        const hash = await derive(threads, password, salt, cost)
        return { algorithm: 'argon2id', salt: encodeBase64url(salt), ...cost, hash: encodeBase64url(hash) }
      }),
    holds: (password, stored = nobodys) =>
      inTurn(async () => {
        const hash = await derive(threads, password, decodeBase64url(stored.salt) ?? new Uint8Array(16), stored)
        return timingSafeEqual(encodeBase64url(hash), stored.hash)
      }),
    close: threads.close,
  }
}

const halfTheCores = Math.max(1, Math.floor(availableParallelism() / 2))

function derive(
  threads: HashThreads,
  password: string,
  nonce: Uint8Array,
  { memoryKib, passes }: Cost,
): Promise<Uint8Array> {
  const message = password.normalize('NFC')
  return threads.derive({ message, nonce, parallelism: 1, tagLength: 32, memory: memoryKib, passes })
}

/** Why a password is refused, in words for the person; `undefined` where it will do. No rule asks for kinds of characters. */
export function passwordFlaw(password: string): string | undefined {
  const text = password.normalize('NFC')
  const { length } = [...text]
  const { passwordCharactersMin: min, passwordCharactersMax: max } = serverLimits
  if (length < min) return `must have at least ${min} characters`
  if (length > max) return `must have at most ${max} characters`
  if (!text.isWellFormed() || text.includes('\0')) return 'must not have NUL or half a surrogate pair'
  if (common().has(text.toLowerCase())) return 'is among those that most people use: choose another'
  return undefined
}

let commonOnes: ReadonlySet<string> | undefined

/** Read at first use: most processes never need it. */
function common(): ReadonlySet<string> {
  commonOnes ??= new Set(languageCommon.dictionary['passwords-common'].slice(0, serverLimits.commonPasswords))
  return commonOnes
}

/**
 * The second factor of an account: an authenticator app or passkeys, and recovery codes for when they are lost. Whatever is
 * good once is read and marked in one transaction, by its version: of any number who try at once, one succeeds.
 */
import { decodeBase64url, encodeBase64url, type Seconds } from '@countersign/core'
import type { Identity, ReadRepositories, WriteTransaction } from '@countersign/store'
import { type MasterKey, seal, unseal } from '../../keys/master_key.ts'
import { delayAfter } from '../sign_in_tries.ts'
import { newRecoveryCodes, recoveryDigest } from './recovery_codes.ts'
import { findStep } from './totp.ts'

export interface OfAccount {
  readonly tenant: string
  readonly accountId: string
}

export interface TotpContent {
  /** The secret, sealed under a key that is derived from the master key; base64url. */
  readonly sealed: string
  /** The last step that was used: it and all before are good no more. */
  readonly step: number
  /** Wrong codes since the last right one. */
  readonly failures: number
  /** No code is looked at before, whoever tries. */
  readonly until: Seconds
}

interface RecoveryContent {
  /** One for each code that was not used. */
  readonly digests: readonly string[]
}

/** The ways in which an account proves that it is it, besides its password. */
export interface Factors {
  readonly hasTotp: boolean
  readonly passkeys: number
  readonly recoveryCodes: number
}

type Reads = Pick<ReadRepositories, 'identities' | 'passkeys'>

export async function readFactors({ identities, passkeys }: Reads, of: OfAccount): Promise<Factors> {
  const totp = await identities.find(of.tenant, of.accountId, 'totp')
  const codes = await identities.find(of.tenant, of.accountId, 'recovery_codes')
  return {
    hasTotp: totp !== undefined,
    passkeys: (await passkeys.ofAccount(of.tenant, of.accountId)).length,
    recoveryCodes: codes === undefined ? 0 : contentOf<RecoveryContent>(codes).digests.length,
  }
}

/** A password or a link is then one of two: it signs nobody in alone. */
export function hasSecondFactor({ hasTotp, passkeys }: Factors): boolean {
  return hasTotp || passkeys > 0
}

export type Proof = { readonly totp: string } | { readonly recoveryCode: string }

export type Proven = 'right' | 'wrong' | { readonly waitSeconds: number }

/** Uses the code up. A wrong one of an app makes the next wait, twice as long each time: there are only a million. */
export async function proveSecondFactor(
  transaction: WriteTransaction,
  master: MasterKey,
  of: OfAccount,
  proof: Proof,
  now: Seconds,
): Promise<Proven> {
  if ('recoveryCode' in proof) return useRecoveryCode(transaction, of, proof.recoveryCode, now)
  const identity = await transaction.identities.find(of.tenant, of.accountId, 'totp')
  if (identity === undefined) return 'wrong'
  const known = contentOf<TotpContent>(identity)
  if (now < known.until) return { waitSeconds: Math.ceil(known.until - now) }
  const step = findStep(openTotp(master, of, known.sealed), proof.totp, now, known.step)
  const failures = step === undefined ? known.failures + 1 : 0
  const content: TotpContent = {
    ...known,
    ...(step === undefined ? {} : { step }),
    failures,
    until: step === undefined ? Math.ceil(now) + delayAfter(failures) : 0,
  }
  await transaction.identities.update(nextOf(identity, content, now))
  return step === undefined ? 'wrong' : 'right'
}

async function useRecoveryCode(
  { identities }: WriteTransaction,
  of: OfAccount,
  code: string,
  now: Seconds,
): Promise<Proven> {
  const identity = await identities.find(of.tenant, of.accountId, 'recovery_codes')
  if (identity === undefined) return 'wrong'
  const { digests } = contentOf<RecoveryContent>(identity)
  const given = await recoveryDigest(of.tenant, of.accountId, code)
  if (!digests.includes(given)) return 'wrong'
  await identities.update(nextOf(identity, { digests: digests.filter((each) => each !== given) }, now))
  return 'right'
}

/** Ten new ones; those of before are good no more. */
export async function makeRecoveryCodes(
  { identities }: WriteTransaction,
  of: OfAccount,
  { now, randomBytes }: { readonly now: Seconds; readonly randomBytes: (count: number) => Uint8Array },
): Promise<readonly string[]> {
  const codes = newRecoveryCodes(randomBytes)
  const digests = await Promise.all(codes.map((code) => recoveryDigest(of.tenant, of.accountId, code)))
  await identities.put({ ...of, kind: 'recovery_codes', content: { digests } satisfies RecoveryContent }, now)
  return codes
}

/** A row cannot stand in for that of another account. */
const contextOf = ({ tenant, accountId }: OfAccount): string => JSON.stringify(['totp', tenant, accountId])

export function sealTotp(master: MasterKey, of: OfAccount, secret: Uint8Array): string {
  return encodeBase64url(seal(master.derive('second_factors'), encodeBase64url(secret), contextOf(of)))
}

function openTotp(master: MasterKey, of: OfAccount, sealed: string): Uint8Array {
  return decoded(unseal(master.derive('second_factors'), decoded(sealed), contextOf(of)))
}

function decoded(text: string): Uint8Array {
  const bytes = decodeBase64url(text)
  if (bytes === undefined) throw new Error('the secret of an authenticator app is no base64url')
  return bytes
}

function nextOf(identity: Identity, content: object, now: Seconds): Identity {
  return { ...identity, content: { ...content }, version: identity.version + 1, updatedAt: Math.floor(now) }
}

/** Written by this file alone. */
function contentOf<T>({ content }: Identity): T {
  return content as T
}

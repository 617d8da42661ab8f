/** An answer of a passkey, from text to a mark that it was used: first its signature, then everything that may have changed. */
import type { Seconds } from '@countersign/core'
import type { Passkey, Store, WriteTransaction } from '@countersign/store'
import { type Challenge, takeChallenge } from './challenge.ts'
import { readPasskeyAnswer, relyingParty, verifyAssertion } from './passkey.ts'

/** An answer whose signature holds. It has not been used yet. */
export interface ProvenPasskey {
  readonly passkey: Passkey
  readonly counter: number
  readonly challenge: Challenge
}

/** `undefined` where it does not hold, or is the passkey of another account than `accountId`. */
export async function provePasskey(
  { read }: Pick<Store, 'read'>,
  tenant: { readonly id: string; readonly issuer: string },
  challenge: Challenge,
  text: string,
  accountId?: string,
): Promise<ProvenPasskey | undefined> {
  const answer = readPasskeyAnswer(text)
  const party = relyingParty(tenant.issuer)
  const passkey = answer && (await read.passkeys.find(tenant.id, answer.id))
  if (answer === undefined || party === undefined || passkey === undefined) return undefined
  const { userHandle = accountId === undefined ? '' : passkey.userHandle } = answer
  if (userHandle !== passkey.userHandle) return undefined
  if (accountId !== undefined && accountId !== passkey.accountId) return undefined
  const counter = await verifyAssertion(party, passkey, challenge, answer)
  return counter === undefined ? undefined : { passkey, counter, challenge }
}

/** False when the passkey is gone or was used meanwhile, or the challenge was answered before. */
export async function usePasskey(
  transaction: WriteTransaction,
  { passkey: { tenant, id, accountId, publicKey }, counter, challenge }: ProvenPasskey,
  now: Seconds,
): Promise<boolean> {
  const current = await transaction.passkeys.find(tenant, id)
  if (current === undefined || current.accountId !== accountId || current.publicKey !== publicKey) return false
  // Both stay 0 where the authenticator counts nothing.
  const isCopied = (counter > 0 || current.counter > 0) && counter <= current.counter
  if (isCopied || !(await takeChallenge(transaction, tenant, challenge))) return false
  const at = Math.floor(now)
  await transaction.passkeys.update({
    ...current,
    counter,
    lastUsedAt: at,
    version: current.version + 1,
    updatedAt: at,
  })
  return true
}

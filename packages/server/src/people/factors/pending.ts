/** A sign-in whose first factor was right and whose second is waited for: good once, for a few minutes. */
import { randomBase62, type Seconds } from '@countersign/core'
import type { WriteTransaction } from '@countersign/store'
import { serverLimits } from '../../limits.ts'
import type { PortalLink } from '../portal_link.ts'

const kind = 'second_factor'

/** It has the members of the portal link by which the person came, where there was one. */
export interface Pending extends Partial<PortalLink> {
  readonly accountId: string
  /** How the first factor was proven. */
  readonly amr: readonly string[]
  /** The position of what let the person so far: what ends the account by a higher one ends this too. */
  readonly position: number
  /** The version of the password that was right: with another one it is over. */
  readonly passwordVersion?: number
}

/** Its name, which the next form carries. */
export async function keepPending(
  { singleUse }: WriteTransaction,
  tenant: string,
  pending: Pending,
  { now, randomBytes }: { readonly now: Seconds; readonly randomBytes: (count: number) => Uint8Array },
): Promise<string> {
  const name = randomBase62(32, randomBytes)
  await singleUse.keep(kind, tenant, name, pending, now + serverLimits.secondFactorSeconds)
  return name
}

/** `undefined` once it was used, is too old, or its password is another one. */
export async function findPending(
  { identities, singleUse }: WriteTransaction,
  tenant: string,
  name: string,
  now: Seconds,
): Promise<Pending | undefined> {
  const pending = (await singleUse.find(kind, tenant, name, now)) as Pending | undefined
  if (pending?.passwordVersion === undefined) return pending
  const password = await identities.find(tenant, pending.accountId, 'password')
  return password?.version === pending.passwordVersion ? pending : undefined
}

/** True for the first who asks. */
export async function redeemPending(
  { singleUse }: WriteTransaction,
  tenant: string,
  name: string,
  now: Seconds,
): Promise<boolean> {
  return (await singleUse.redeem(kind, tenant, name, now))?.isFirst === true
}

/** Links that sign a person in once. The secret stands behind `#`, so that no log and no scanner of links sees it. */
import { randomBase62, type Seconds, Secret } from '@countersign/core'
import type { Account, WriteTransaction } from '@countersign/store'
import type { TenantContext } from '../context.ts'
import { serverLimits } from '../limits.ts'
import type { IssuingMoment } from '../oauth/issuing_moment.ts'
import type { PortalLink } from './portal_link.ts'

const kind = 'sign_in_link'

/** A portal link has the members of one. */
interface SignInLink extends Partial<PortalLink> {
  readonly accountId: string
  /** The feed sequence at which it was made: what ends the account by a higher one ends the link too. */
  readonly position: number
}

interface Making {
  readonly transaction: WriteTransaction
  readonly tenant: Pick<TenantContext, 'id' | 'issuer'>
  readonly moment: IssuingMoment
  readonly randomBytes: (count: number) => Uint8Array
}

export async function signInLink(
  { transaction, tenant, moment, randomBytes }: Making,
  { id: accountId }: Account,
  lifeSeconds: number = serverLimits.signInLinkSeconds,
  portal?: PortalLink,
): Promise<{ readonly url: Secret; readonly expiresAt: Seconds }> {
  const code = randomBase62(32, randomBytes)
  const link: SignInLink = { accountId, position: moment.position, ...portal }
  const expiresAt = Math.floor(moment.takenAt + lifeSeconds)
  await transaction.singleUse.keep(kind, tenant.id, code, link, expiresAt)
  return { url: new Secret(`${tenant.issuer}/login/link#${code}`), expiresAt }
}

/** The account of the link, for the first who asks; `undefined` for everybody else. */
export async function redeemLink(
  transaction: WriteTransaction,
  tenant: string,
  code: string,
  now: Seconds,
): Promise<SignInLink | undefined> {
  const redeemed = await transaction.singleUse.redeem(kind, tenant, code, now)
  return redeemed?.isFirst === true ? (redeemed.content as SignInLink) : undefined
}

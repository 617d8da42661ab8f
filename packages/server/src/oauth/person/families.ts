/** A family of tokens for a person: it begins with a code, and ends by reuse, by its client, with its consent, or by age. */
import { digest, formatScope, type Scope, type Seconds } from '@countersign/core'
import type { Family, FamilyRefresh, WriteTransaction } from '@countersign/store'
import { serverLimits } from '../../limits.ts'
import type { RefreshToken } from './refresh_token.ts'

type Beginning = Pick<Family, 'tenant' | 'id' | 'consentId' | 'accountId' | 'clientId' | 'apiId' | 'position'> &
  Required<Pick<Family, 'signIn'>>

export async function beginFamily(
  transaction: WriteTransaction,
  of: Beginning,
  {
    scope,
    at,
    endsAt,
    first,
  }: {
    readonly scope: Scope
    readonly at: Seconds
    /** Its only token has ended by then. One that is refreshed lives its own time. */
    readonly endsAt: Seconds
    readonly first: RefreshToken | undefined
  },
): Promise<Family> {
  const expiresAt = first === undefined ? Math.ceil(endsAt) : at + serverLimits.familySecondsMax
  const family: Family = {
    ...of,
    scope: formatScope(scope),
    ...(first === undefined ? {} : { refresh: await newest(first, at, expiresAt) }),
    status: 'active',
    expiresAt,
    version: 1,
    createdAt: at,
    updatedAt: at,
  }
  await transaction.families.insert(family)
  return family
}

export async function rotateFamily(
  transaction: WriteTransaction,
  family: Family,
  next: RefreshToken,
  at: Seconds,
): Promise<void> {
  const refresh = await newest(next, at, family.expiresAt)
  await transaction.families.update({ ...family, refresh, version: family.version + 1, updatedAt: at })
}

async function newest({ text, counter }: RefreshToken, at: Seconds, endsAt: Seconds): Promise<FamilyRefresh> {
  const idleAt = Math.min(at + serverLimits.refreshIdleSeconds, endsAt)
  return { digest: await digest(text), counter, rotatedAt: at, idleAt }
}

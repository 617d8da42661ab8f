/** An account that a person makes for themselves: its address was proven, and it may do nothing that nobody gives it. */
import { type Account, newAccount, type WriteTransaction } from '@countersign/store'
import type { Services, TenantContext } from '../context.ts'
import type { IssuingMoment } from '../oauth/issuing_moment.ts'
import type { PasswordHash } from './password.ts'
import { type AtBrowser, signInOf } from './sign_in.ts'

export interface NewPerson {
  readonly email: string
  readonly name: string
  /** Absent where nobody signs in with a password. */
  readonly password?: PasswordHash | undefined
}

/** `undefined` where the address is somebody's by now. */
export async function makePerson(
  at: AtBrowser & { readonly services: Pick<Services, 'randomBytes'>; readonly tenant: Pick<TenantContext, 'id'> },
  transaction: WriteTransaction,
  { takenAt: now }: IssuingMoment,
  { email, name, password }: NewPerson,
): Promise<Account | undefined> {
  const { services, tenant } = at
  if ((await transaction.accounts.findByEmail(tenant.id, email)) !== undefined) return undefined
  const draft = { tenant: tenant.id, email, emailVerified: true, name, scope: '', access: {} }
  const account = newAccount(draft, { now, randomBytes: services.randomBytes })
  await transaction.accounts.insert(account)
  const identity = { tenant: tenant.id, accountId: account.id, kind: 'password' } as const
  if (password !== undefined) await transaction.identities.put({ ...identity, content: { ...password } }, now)
  const { actor, requestId } = signInOf(at, account.id)
  const after = { email, emailVerified: true, name }
  transaction.append({
    tenant: tenant.id,
    audit: { actor, action: 'account.create', objectType: 'account', objectId: account.id, after, requestId },
  })
  return account
}

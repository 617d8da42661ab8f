/**
 * Takes from a restored account what a later state lacks. Its ways to sign in become those of the later state, the newer ones
 * too: an older password may be known to somebody by now, and without a second factor that came since, less would be enough.
 */
import { type AccountState, formatScope, parseScope, type Status } from '@countersign/core'
import {
  type Account,
  endedAccount,
  type Identity,
  identityKinds,
  type Passkey,
  type StatusEntry,
} from '@countersign/store'
import { accountObject, endedSessionObjects } from '../feed/objects.ts'
import { isSame, narrow, rank } from './narrowed.ts'
import { append, type Taking, takeParty } from './taken.ts'

/** The later state of an account: its row, what was said of it, and its ways to sign in. */
export interface LaterAccount {
  readonly account: Account
  readonly said: StatusEntry | undefined
  readonly identities: readonly Identity[]
  readonly passkeys: readonly Passkey[]
}

interface Named {
  readonly tenant: string
  readonly id: string
}

/** Resolves to whether anything was changed. `undefined`: nothing is known of the account any more. */
export async function takeLaterAccount(
  taking: Taking,
  named: Named,
  later: LaterAccount | undefined,
): Promise<boolean> {
  const { it } = taking
  const account = await it.accounts.find(named.tenant, named.id)
  if (account === undefined) return false
  if (later === undefined || later.account.status === 'revoked') return takeAccount(taking, account, 'revoked')
  const isNarrowed = await takeAuthority(taking, account, later.account)
  const areWaysTaken = await takeWays(taking, named, later)
  const current = (await it.accounts.find(named.tenant, named.id)) ?? account
  const isLess = await takeAccount(taking, current, later.account.status)
  const said = later.said?.state as AccountState | undefined
  const isCut = said !== undefined && (await takeParty(taking, named.tenant, { type: 'account', id: named.id }, said))
  return isNarrowed || areWaysTaken || isLess || isCut
}

/** The owner's own id is another account's by now, or nobody's. Before any account is given its later one: each is there once. */
export async function takeExternalSubject(
  taking: Taking,
  { tenant, id }: Named,
  later: string | undefined,
): Promise<boolean> {
  const account = await taking.it.accounts.find(tenant, id)
  if (account?.externalSubject === undefined || account.externalSubject === later) return false
  const { externalSubject: _, ...rest } = account
  await update(taking, account, rest)
  return true
}

/** The status that a later copy says, which a restored account may lose by and never gain. */
export async function takeAccount(taking: Taking, account: Account, status: Status): Promise<boolean> {
  const { it, now } = taking
  if (rank[status] <= rank[account.status]) return false
  const { tenant, id } = account
  const changed = endedAccount({ ...account, status, version: account.version + 1, updatedAt: Math.floor(now) })
  await it.accounts.update(changed)
  const sessions = status === 'revoked' ? await endWaysIn(taking, account) : []
  const object = accountObject(changed, await it.statusEntries.find(tenant, 'account', id), now)
  append(taking, tenant, 'account', id, object, ...endedSessionObjects(sessions, now))
  return true
}

/** The access that a later copy says: role and scope are in no entry. */
export async function takeAccountAccess(taking: Taking, account: Account, later: Account['access']): Promise<boolean> {
  const access = await leftAccess(taking, account, later)
  const isLess = JSON.stringify(access) !== JSON.stringify(account.access)
  if (isLess) await update(taking, account, { ...account, access })
  return isLess
}

/** The access that both have. Where an account has no entry for an API, the default of the API counts. */
async function leftAccess(
  { it }: Taking,
  { tenant, access }: Account,
  later: Account['access'],
): Promise<Account['access']> {
  const left: Record<string, string> = { ...access }
  for (const id of new Set([...Object.keys(access), ...Object.keys(later)])) {
    const usual = (await it.apis.find(tenant, id))?.accountScope ?? ''
    const before = access[id] ?? usual
    const now = narrow(before, later[id] ?? usual)
    if (now !== formatScope(parseScope(before))) left[id] = now
  }
  return left
}

async function update(taking: Taking, account: Account, changed: Account): Promise<void> {
  const { it, now } = taking
  const { tenant, id } = account
  const next: Account = { ...changed, version: account.version + 1, updatedAt: Math.floor(now) }
  await it.accounts.update(next)
  const said = await it.statusEntries.find(tenant, 'account', id)
  append(taking, tenant, 'account', id, accountObject(next, said, now))
}

/** A deleted account has none, as where it was deleted. */
async function endWaysIn({ it, now }: Taking, { tenant, id }: Account) {
  await it.identities.deleteAll(tenant, id)
  await it.passkeys.deleteAll(tenant, id)
  return it.sessions.revokeByAccount(tenant, id, now)
}

/**
 * Role, scope and access, and the address: an older one may belong to somebody else by now. The owner's own id is that of the
 * later state, which says whom it means.
 */
async function takeAuthority(taking: Taking, account: Account, later: Account): Promise<boolean> {
  const { externalSubject: _, role: __, ...rest } = account
  const keepsRole = account.role !== undefined && later.role !== undefined
  const isSameAddress = account.email === later.email
  const narrowed: Account = {
    ...rest,
    ...(later.externalSubject === undefined ? {} : { externalSubject: later.externalSubject }),
    ...(keepsRole ? { role: account.role } : {}),
    scope: keepsRole ? narrow(account.scope, later.scope) : '',
    access: await leftAccess(taking, account, later.access),
    emailVerified: account.emailVerified && later.emailVerified && isSameAddress,
  }
  if (isSame(narrowed, account)) return false
  await update(taking, account, narrowed)
  return true
}

async function takeWays(taking: Taking, { tenant, id }: Named, later: LaterAccount): Promise<boolean> {
  const { it, now } = taking
  let isChanged = false
  for (const kind of identityKinds) {
    const found = await it.identities.find(tenant, id, kind)
    const content = later.identities.find((each) => each.kind === kind)?.content
    if (JSON.stringify(found?.content) === JSON.stringify(content)) continue
    if (content === undefined) await it.identities.delete(tenant, id, kind)
    else await it.identities.put({ tenant, accountId: id, kind, content }, now)
    isChanged = true
  }
  const passkeys = await it.passkeys.ofAccount(tenant, id)
  if (JSON.stringify(passkeys) !== JSON.stringify(later.passkeys)) {
    await it.passkeys.deleteAll(tenant, id)
    for (const passkey of later.passkeys) await it.passkeys.insert(passkey)
    isChanged = true
  }
  if (isChanged) append(taking, tenant, 'account', id)
  return isChanged
}

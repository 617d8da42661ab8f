/** Who may let somebody in to the portal by a link: decided when it is made, when it is used, and after the second factor. */
import { missingScope, parseScope, type Scope } from '@countersign/core'
import type { Account, SessionPortal, Team, WriteTransaction } from '@countersign/store'
import { type Maker, readMakerAgain } from '../caller/caller_again.ts'
import { type Reach, wholeTenant } from '../caller/reach.ts'
import { scopeOfRole } from '../caller/team_roles.ts'
import type { Services, TenantContext } from '../context.ts'
import { ProblemError } from '../http/problem.ts'

export interface PortalLink {
  readonly portal: SessionPortal
  readonly madeBy: Maker
}

interface Holder {
  readonly tenant: Pick<TenantContext, 'id'>
  readonly transaction: WriteTransaction
  requireHeld(scopes: Scope): void
}

interface Entering {
  readonly account: Account
  readonly team: Team
}

/**
 * Gives what was found, or throws `ProblemError`. A link is never wider than its maker, who could sign in as the account
 * (docs/security/invariants.md §11); nothing is looked for before the maker has shown to hold what the link gives.
 */
export async function requireMayLetIn(
  maker: Holder & { readonly reach: Reach },
  scope: Scope,
  find: () => Promise<Entering>,
): Promise<Entering> {
  wholeTenant(maker.reach, 'Making a portal link')
  maker.requireHeld(['accounts:write', 'teams:write'])
  maker.requireHeld(scope)
  const found = await find()
  const { account, team } = found
  if (team.status !== 'active') throw new ProblemError(409, 'disabled', 'The team is disabled.')
  if (account.role !== undefined)
    throw new ProblemError(403, 'forbidden', 'This account is an operator’s: no portal link signs in one.')
  await requireMayTouchAccount(maker, account)
  if (account.status !== 'active')
    throw new ProblemError(409, 'disabled', 'This account is disabled: nobody can sign in to it.')
  return found
}

/**
 * A caller who touches an account could sign in as it, and so must hold all that it can do, in its teams too
 * (docs/security/invariants.md §11).
 */
export async function requireMayTouchAccount(
  { requireHeld, tenant, transaction }: Holder,
  account: Account,
): Promise<void> {
  requireHeld(parseScope(account.scope))
  for (const { role } of await transaction.memberships.ofAccount(tenant.id, account.id)) requireHeld(scopeOfRole[role])
}

/** Whether its maker could make the link now, for the account as it is now. True where nobody came by one. */
export async function couldBeMadeNow(
  services: Pick<Services, 'now'>,
  tenant: Pick<TenantContext, 'id'>,
  transaction: WriteTransaction,
  account: Account,
  { madeBy, portal }: { readonly [Member in keyof PortalLink]: PortalLink[Member] | undefined },
): Promise<boolean> {
  if (portal === undefined) return true
  const team = await transaction.teams.find(tenant.id, portal.teamId)
  if (madeBy === undefined || team === undefined) return false
  try {
    const { held, reach } = await readMakerAgain(services, tenant, madeBy, transaction)
    const requireHeld = (scopes: Scope): void => {
      if (missingScope(scopes, held).length > 0)
        throw new ProblemError(403, 'insufficient_scope', 'The maker of the link holds less than it gives.')
    }
    const maker = { tenant, transaction, reach, requireHeld }
    await requireMayLetIn(maker, parseScope(portal.scope), async () => ({ account, team }))
    return true
  } catch (error) {
    if (error instanceof ProblemError) return false
    throw error
  }
}

/**
 * A browser that calls with its session. The cookie goes through the engine like any credential, and the session may do
 * what the reach of its account holds, which is read from the store at every request (docs/security/invariants.md §12).
 */
import { type Grant, insufficientScope, intersectScope, parseScope, type Scope, scopeView } from '@countersign/core'
import type { Account, AccountSession, ReadRepositories } from '@countersign/store'
import type { Outcome } from '@countersign/verifier/engine'
import { header } from '../http/header.ts'
import { ProblemError } from '../http/problem.ts'
import type { HttpRequest } from '../http/request.ts'
import { type Reach, reachOfAccount } from './reach.ts'
import { isFromOwnPage } from './session_cookie.ts'

const safeMethods: ReadonlySet<string> = new Set(['GET', 'HEAD'])

/** Another site can make a browser send its cookie, and cannot make the request come from a page of ours. */
export function requireOwnPage(request: HttpRequest, issuer: string): void {
  if (safeMethods.has(request.method) || isFromOwnPage(request, issuer)) return
  throw new ProblemError(403, 'forbidden', 'A session changes something only from a page of this server.')
}

/** A page names the account that it was written for: another tab may have signed in somebody else since. */
export function requireNamedAccount(request: HttpRequest, { subject }: Pick<Grant, 'subject'>): void {
  const named = header(request, 'countersign-account')
  if (named === undefined || named === subject) return
  throw new ProblemError(403, 'account_mismatch', 'The session is of another account than the page. Open it anew.')
}

/** A session as its account reaches now. */
export interface SessionReaching {
  readonly grant: Grant
  readonly reach: Reach
  readonly account: Account | undefined
  readonly session: AccountSession | undefined
}

export async function withinReach(
  reads: Pick<ReadRepositories, 'accounts' | 'memberships' | 'sessions' | 'teams'>,
  tenant: string,
  grant: Grant,
): Promise<SessionReaching> {
  const account = await reads.accounts.find(tenant, grant.subject)
  const session = await reads.sessions.find(tenant, grant.credentialId)
  // A session that is not there any more says of no link where it came from: it reaches nothing.
  const { reach, scope } = await reachOfAccount(reads, tenant, session && account, session?.portal)
  const { text, has } = scopeView(intersectScope(scope, parseScope(grant.scope)))
  return { grant: { ...grant, scope: text, has }, reach, account, session }
}

/** The outcome for what an operation needs: the engine has judged the session, and does not know its reach. */
export function withScope(grant: Grant, requires: readonly Scope[]): Outcome {
  if (requires.some((tokens) => grant.has(...tokens))) return { outcome: 'verified', grant }
  return { outcome: 'rejected', rejection: insufficientScope((token) => grant.has(token), requires) }
}

/** Links by which the owner's own server signs a customer of his in to the portal, with the reach and scope that it names. */
import { routes } from '@countersign/contract'
import { formatScope, formatTime, missingScope, randomBase62, type Scope } from '@countersign/core'
import { type Account, newAccount, newTeam, type Team } from '@countersign/store'
import { makerOf } from '../../caller/caller_again.ts'
import { scopeOfRole } from '../../caller/team_roles.ts'
import { serverLimits } from '../../limits.ts'
import { shownScope } from '../../oauth/shown_scope.ts'
import { signInLink } from '../../people/links.ts'
import { requireMayLetIn } from '../../people/portal_link.ts'
import { selfServiceAccess } from '../../people/self_service.ts'
import { scopeOf } from '../access.ts'
import type { WriteContext } from '../context.ts'
import { invalid } from '../find.ts'
import { issueOperation, type Operation } from '../operation.ts'
import { findTeamNamed, findTeamOfExternalId } from '../teams/find.ts'
import { ceilingOf } from '../teams/teams.ts'
import { auditOf as auditOfTeam, teamView } from '../teams/view.ts'
import { findAccountOfSubject } from './find.ts'

type Context = WriteContext<typeof routes.createPortalLink>

const createPortalLink = issueOperation(routes.createPortalLink, async (context, { moment }) => {
  const { actor, body, caller, requestId, services, tenant, transaction } = context
  const scope = namedScope(body.scope)
  const { account, team } = await requireMayLetIn(context, scope, async () => {
    const found = await teamOf(context)
    return { account: await accountOf(context, found), team: found }
  })
  const portal = {
    teamId: team.id,
    scope: formatScope(scope),
    ...(body.returnUrl === undefined ? {} : { returnUrl: body.returnUrl }),
  }
  const madeBy = await makerOf(services, tenant, caller)
  const making = { transaction, tenant, moment, randomBytes: services.randomBytes }
  // It ends with its maker, so that it says so.
  const left = (caller.grant.expiresAt ?? Number.POSITIVE_INFINITY) - moment.takenAt
  const link = await signInLink(making, account, Math.min(serverLimits.portalLinkSeconds, left), { portal, madeBy })
  const id = `link_${randomBase62(20, services.randomBytes)}`
  const expiresAt = formatTime(link.expiresAt)
  const audit = { actor, action: 'portal_link.create', objectType: 'account', objectId: account.id, requestId }
  transaction.append({ tenant: tenant.id, audit: { ...audit, teamId: team.id, after: { id, ...portal, expiresAt } } })
  return { status: 201, body: { id, url: link.url.reveal(), expiresAt } }
})

function namedScope(input: Context['body']['scope']): Scope {
  if (input === undefined) return scopeOfRole.developer
  const scope = scopeOf(input)
  if (scope.length === 0) throw invalid('/scope', 'names no scope')
  const beyond = missingScope(scope, scopeOfRole.owner)
  if (beyond.length > 0) throw invalid('/scope', `goes beyond what an owner of a team may: ${shownScope(beyond)}`)
  return scope
}

async function teamOf(context: Context): Promise<Team> {
  const { teamId, team } = context.body
  if (teamId !== undefined && team !== undefined) throw invalid('/team', 'and teamId are both there: give one of them')
  if (teamId !== undefined) return findTeamNamed(context, teamId)
  if (team === undefined) throw invalid('/teamId', 'or team must be there')
  return (await findTeamOfExternalId(context, team.externalId)) ?? makeTeam(context, team)
}

async function makeTeam(context: Context, { access, ...named }: NonNullable<Context['body']['team']>): Promise<Team> {
  const { now, services, tenant, transaction } = context
  const ceiling =
    access === undefined
      ? await selfServiceAccess(transaction, tenant.id)
      : await ceilingOf(context, access, '/team/access')
  const draft = { tenant: tenant.id, ...named, metadata: {}, status: 'active' as const, access: ceiling }
  const team = newTeam(draft, { now, randomBytes: services.randomBytes })
  await transaction.teams.insert(team)
  const after = await teamView(context, team)
  transaction.append({ tenant: tenant.id, audit: { ...auditOfTeam(context, 'team.create', team), after } })
  return team
}

/** Without a person, the account is the team's own: one for all who come so. */
async function accountOf(context: Context, team: Team): Promise<Account> {
  const { subject, ...person } = context.body.account ?? { subject: team.id, name: team.name }
  return (await findAccountOfSubject(context, subject)) ?? makeAccount(context, subject, person)
}

async function makeAccount(
  { actor, now, requestId, services, tenant, transaction }: Context,
  externalSubject: string,
  { name, email }: { readonly name: string; readonly email?: string | undefined },
): Promise<Account> {
  const address = email === undefined ? {} : { email }
  const draft = { tenant: tenant.id, ...address, emailVerified: false, name, externalSubject, scope: '', access: {} }
  const account = newAccount(draft, { now, randomBytes: services.randomBytes })
  await transaction.accounts.insert(account)
  const audit = { actor, action: 'account.create', objectType: 'account', objectId: account.id, requestId }
  transaction.append({ tenant: tenant.id, audit: { ...audit, after: { name, externalSubject, ...address } } })
  return account
}

export const portalLinkOperations: readonly Operation[] = [createPortalLink]

import type { Mutant } from './mutant.ts'

const reach = 'packages/server/src/caller/reach.ts'
const find = 'packages/server/src/management/find.ts'
const ofReach = ['packages/server/src/people/reach.test.ts']
const ofTeams = ['packages/server/src/people/teams.test.ts']
const linkSession = ['packages/server/src/people/link_session.test.ts']
const linkMaker = ['packages/server/src/people/portal_link_maker.test.ts']

/** The reach of a person, and the ceiling of a team: docs/people/teams.md. */
export const reachMutants: readonly Mutant[] = [
  {
    id: 'REACH-1',
    what: 'what is of another team is there',
    file: reach,
    find: "if (inIt === undefined) return 'absent'",
    replace: "if (inIt === undefined) return 'allowed'",
    tests: ofReach,
  },
  {
    id: 'REACH-2',
    what: 'a role in one team counts in another',
    file: reach,
    find: "return suffices(reach, inIt) ? 'allowed' : 'forbidden'",
    replace: "return 'allowed'",
    tests: ofReach,
  },
  {
    id: 'REACH-3',
    what: 'lists have what is of other teams',
    file: reach,
    find: "return reach.of === 'tenant' ? undefined : mayIn(reach).map(([id]) => id)",
    replace: 'return undefined',
    tests: ofReach,
  },
  {
    id: 'REACH-4',
    what: 'a kept answer is given again by a role in another team',
    file: reach,
    find: 'if (teamId !== undefined) return intersectScope(held, reach.teams.get(teamId)?.scope ?? [])',
    replace: 'if (teamId !== undefined) return held',
    tests: ofReach,
  },
  {
    id: 'REACH-5',
    what: 'APIs that no ceiling names and that offer nothing are in reach',
    file: find,
    find: '(apiIdsOf(reach)?.includes(api.id) !== false || isOffered(reach, api))',
    replace: 'api.id !== undefined',
    tests: ofReach,
  },
  {
    id: 'REACH-6',
    what: 'members of a disabled team go on writing',
    file: reach,
    find: "scopeOfRole[isActiveTeam(team) ? role : 'viewer']",
    replace: 'scopeOfRole[isActiveTeam(team) ? role : role]',
    tests: ofTeams,
  },
  {
    id: 'REACH-7',
    what: 'the reach of the beginning is believed in the transaction',
    file: 'packages/server/src/caller/caller_again.ts',
    find: 'return readMakerAgain(services, tenant, await makerOf(services, tenant, caller), transaction)',
    replace:
      'const again = await readMakerAgain(services, tenant, await makerOf(services, tenant, caller), transaction)\n' +
      '  return { ...again, reach: caller.reach, held: parseScope(caller.grant.scope) }',
    tests: ofTeams,
  },
  {
    id: 'CEILING-1',
    what: 'a client is left what its team does not have',
    file: 'packages/server/src/people/team_clients.ts',
    find: 'return most === undefined ? [] : [[apiId, formatScope(intersectScope(parseScope(scope), parseScope(most)))]]',
    replace: 'return most === undefined ? [] : [[apiId, scope]]',
    tests: ofTeams,
  },
  {
    id: 'CEILING-2',
    what: 'a client of a disabled team goes on',
    file: 'packages/server/src/people/team_clients.ts',
    find: "own.status === 'active' && !isActiveTeam(team) ? 'disabled' : own.status",
    replace: 'isActiveTeam(team) ? own.status : own.status',
    tests: ofTeams,
  },
  {
    id: 'CEILING-3',
    what: 'what one team had cut comes back in another',
    file: 'packages/server/src/management/clients/team.ts',
    find: 'const own = { status: client.status, access: client.access, ...given }',
    replace: 'const own = { ...ownOf(client), ...given }',
    tests: ofTeams,
  },
  {
    id: 'MEMBERS-1',
    what: 'an account can be signed in to by whoever holds less than its teams give it',
    file: 'packages/server/src/people/portal_link.ts',
    find: 'for (const { role } of await transaction.memberships.ofAccount(tenant.id, account.id)) requireHeld(scopeOfRole[role])',
    replace: 'await transaction.memberships.ofAccount(tenant.id, scopeOfRole.viewer.join())',
    tests: ofTeams,
  },
  {
    id: 'LINK-1',
    what: 'a session that a portal link began changes its account',
    file: 'packages/server/src/people/factors/own_session.ts',
    find: 'return own?.session.portal === undefined ? own : undefined',
    replace: 'return own',
    tests: linkSession,
  },
  {
    id: 'LINK-2',
    what: 'a session that a portal link began is that of a person at the pages',
    file: 'packages/server/src/people/pages/show_page.ts',
    find: 'present?.session.portal === undefined ? present : undefined',
    replace: 'present',
    tests: linkSession,
  },
  {
    id: 'LINK-3',
    what: 'a session that a portal link began gives an application a code',
    file: 'packages/server/src/people/authorization.ts',
    find: ' || present.session.portal !== undefined',
    replace: '',
    tests: linkSession,
  },
  {
    id: 'LINK-4',
    what: 'a portal link outlives its maker',
    file: 'packages/server/src/people/portal_link.ts',
    find: 'if (error instanceof ProblemError) return false',
    replace: 'if (error instanceof ProblemError) return true',
    tests: linkMaker,
  },
  {
    id: 'MEMBERS-2',
    what: 'the last owner leaves',
    file: 'packages/server/src/management/teams/members.ts',
    find: 'activeOwners > 0',
    replace: 'all >= 0',
    tests: ofTeams,
  },
  {
    id: 'MEMBERS-3',
    what: 'an invitation is accepted by whoever has the code',
    file: 'packages/server/src/management/teams/members.ts',
    find: 'if (account === undefined || !isInvited(invited, account))',
    replace: 'if (account === undefined || (isInvited(invited, account) && account === null))',
    tests: ofTeams,
  },
]

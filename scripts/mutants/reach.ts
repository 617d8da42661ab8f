import type { Mutant } from './mutant.ts'

const reach = 'packages/server/src/caller/reach.ts'
const find = 'packages/server/src/management/find.ts'
const ofReach = ['packages/server/src/people/reach.test.ts']
const ofTeams = ['packages/server/src/people/teams.test.ts']

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
    find: 'return sessionReach(services, tenant, caller, client, transaction)',
    replace: 'return { reach: caller.reach, scope: parseScope(caller.grant.scope) }',
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
    file: 'packages/server/src/management/people/accounts.ts',
    find: 'for (const { role } of await transaction.memberships.ofAccount(tenant.id, account.id)) requireHeld(scopeOfRole[role])',
    replace: 'await transaction.memberships.ofAccount(tenant.id, scopeOfRole.viewer.join())',
    tests: ofTeams,
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

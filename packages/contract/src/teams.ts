import { z } from 'zod'
import { route } from './route.ts'
import { nameSchemas } from './schema_names.ts'
import * as v from './values.ts'

const ceiling = z.object({ audience: v.audience, scope: v.scopeText })
/** The owner's own id of a team. */
export const teamExternalId = z.string().min(1).max(255).describe('Your own id of the team; unique in the tenant')
const externalId = teamExternalId
const ceilingInput = v.access.describe('The ceiling: for each API, the most that a client of the team can have')

/** The role of a member, which says what they may do in the team. */
export const teamRole = z
  .enum(['owner', 'developer', 'viewer'])
  .describe('A viewer reads; a developer makes clients, keys and tokens as well; an owner has members too')

export const team = z.object({
  id: v.id,
  name: v.name,
  externalId: externalId.nullable(),
  metadata: v.metadata,
  status: v.objectStatus,
  access: z.array(ceiling).describe('The ceiling: for each API, the most that a client of the team can have'),
  ...v.stamps,
})

export const teamMember = z.object({
  accountId: v.id,
  email: v.emailText.nullable(),
  name: v.personName,
  role: teamRole,
  status: v.objectStatus.describe('The state of the account'),
  ...v.stamps,
})

const invitation = z.object({
  id: v.id,
  teamId: v.id,
  email: v.emailText,
  role: teamRole,
  createdAt: v.stamps.createdAt,
  expiresAt: v.time.describe('When it ends'),
})

const newInvitation = invitation.extend({
  url: z.url().describe('The link to send to the person, shown once. Its code stands behind `#`'),
  isMailed: z.boolean().describe('Whether a link was mailed to the address, with a code of its own'),
})

nameSchemas({
  Team: team,
  TeamAccess: ceiling,
  TeamMember: teamMember,
  TeamRole: teamRole,
  Invitation: invitation,
  NewInvitation: newInvitation,
})

const oneTeam = '/v1/teams/{id}'
const members = `${oneTeam}/members` as const
const oneMember = `${members}/{accountId}` as const

export const teamRoutes = {
  createTeam: route({
    operationId: 'createTeam',
    method: 'POST',
    path: '/v1/teams',
    tag: 'teams',
    summary: 'Make a team: people who share clients, with the most that a client of theirs can have',
    scope: 'teams:write',
    body: z.strictObject({
      name: v.name,
      access: ceilingInput,
      externalId: externalId.optional(),
      metadata: v.metadata.optional(),
      status: v.switchable.optional(),
    }),
    answer: { status: 201, schema: team },
    isIdempotent: true,
  }),
  listTeams: route({
    operationId: 'listTeams',
    method: 'GET',
    path: '/v1/teams',
    tag: 'teams',
    summary: 'List teams; a person without reach over the tenant sees their own',
    scope: 'teams:read',
    query: z.strictObject(v.listQuery('createdAt', 'name')),
    answer: { status: 200, schema: v.page(team) },
  }),
  getTeam: route({
    operationId: 'getTeam',
    method: 'GET',
    path: oneTeam,
    tag: 'teams',
    summary: 'Read a team',
    scope: 'teams:read',
    answer: { status: 200, schema: team },
  }),
  updateTeam: route({
    operationId: 'updateTeam',
    method: 'PATCH',
    path: oneTeam,
    tag: 'teams',
    summary: 'Change a team; its ceiling and status hold at once for every client of it',
    scope: 'teams:write',
    body: z.strictObject({
      name: v.name.optional(),
      access: ceilingInput.optional(),
      externalId: externalId.nullable().optional(),
      metadata: v.metadata.optional(),
      status: v.switchable.optional(),
    }),
    answer: { status: 200, schema: team },
  }),
  deleteTeam: route({
    operationId: 'deleteTeam',
    method: 'DELETE',
    path: oneTeam,
    tag: 'teams',
    summary: 'Delete a team and its clients; everything that they hold is revoked',
    scope: 'teams:write',
    answer: {
      status: 200,
      schema: z.object({
        id: v.id,
        status: v.revoked,
        clients: z.int().describe('Clients that were deleted'),
        ...v.inFeed,
      }),
    },
  }),
  listTeamMembers: route({
    operationId: 'listTeamMembers',
    method: 'GET',
    path: members,
    tag: 'teams',
    summary: 'List the members of a team',
    scope: 'teams:read',
    query: z.strictObject(v.pageQuery),
    answer: { status: 200, schema: v.page(teamMember) },
  }),
  addTeamMember: route({
    operationId: 'addTeamMember',
    method: 'POST',
    path: members,
    tag: 'teams',
    summary: 'Add the account whose verified address this is; where there is none, invite the person',
    scope: 'teams:write',
    body: z.strictObject({ email: v.email, role: teamRole }),
    answer: {
      status: 201,
      schema: z.object({
        member: teamMember.nullable().describe('The new member; null where nobody has the address yet'),
        invitation: newInvitation.nullable().describe('The invitation; null where a member was added'),
      }),
    },
    isIdempotent: true,
  }),
  updateTeamMember: route({
    operationId: 'updateTeamMember',
    method: 'PATCH',
    path: oneMember,
    tag: 'teams',
    summary: 'Change the role of a member; the last owner stays one',
    scope: 'teams:write',
    body: z.strictObject({ role: teamRole }),
    answer: { status: 200, schema: teamMember },
  }),
  removeTeamMember: route({
    operationId: 'removeTeamMember',
    method: 'DELETE',
    path: oneMember,
    tag: 'teams',
    summary: 'Take a member out of a team, or leave it; the keys of the team stay. The last owner cannot leave',
    scope: 'teams:write',
    orScope: 'teams:read',
    answer: { status: 200, schema: z.object({ teamId: v.id, accountId: v.id }) },
  }),
  listInvitations: route({
    operationId: 'listInvitations',
    method: 'GET',
    path: `${oneTeam}/invitations`,
    tag: 'teams',
    summary: 'List the invitations to a team that nobody has accepted, without their codes',
    scope: 'teams:read',
    query: z.strictObject(v.pageQuery),
    answer: { status: 200, schema: v.page(invitation) },
  }),
  deleteInvitation: route({
    operationId: 'deleteInvitation',
    method: 'DELETE',
    path: `${oneTeam}/invitations/{invitationId}`,
    tag: 'teams',
    summary: 'Take an invitation back',
    scope: 'teams:write',
    answer: { status: 200, schema: z.object({ id: v.id, teamId: v.id }) },
  }),
  acceptInvitation: route({
    operationId: 'acceptInvitation',
    method: 'POST',
    path: '/v1/invitations/accept',
    tag: 'teams',
    summary:
      'Become a member of a team, as the person who was invited: the session’s account has the address, verified',
    scope: undefined,
    body: z.strictObject({
      code: z.string().min(1).max(255).describe('The code of the link: all that stands behind #'),
    }),
    answer: { status: 200, schema: z.object({ id: v.id, name: v.name, role: teamRole }) },
  }),
}

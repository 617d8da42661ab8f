import type { z } from 'zod'
import type { teamMember as memberSchema, teamRoutes, team as teamSchema } from '../teams.ts'
import type { Examples } from './example.ts'

const team: z.input<typeof teamSchema> = {
  id: 'team_Wm2q8RkTzY4vNcLb1sHd',
  name: 'Example Partner',
  externalId: 'crm-4711',
  metadata: { plan: 'gold' },
  status: 'active',
  access: [{ audience: 'https://orders.example', scope: 'orders:read orders:write' }],
  createdAt: '2027-01-15T08:00:00Z',
  updatedAt: '2027-01-15T08:00:00Z',
}

const narrowed = { ...team, access: [{ audience: 'https://orders.example', scope: 'orders:read' }] }

const member: z.input<typeof memberSchema> = {
  accountId: 'acct_mzKsr9sjRwxw8Ag2psrG',
  email: 'ann@example.com',
  name: 'Ann E.',
  role: 'developer',
  status: 'active',
  createdAt: '2027-01-15T08:00:00Z',
  updatedAt: '2027-01-15T08:00:00Z',
}

const invitation = {
  id: 'invite_p4Jx7WcVn2RkTzY8vLbQ',
  teamId: team.id,
  email: 'ann@example.com',
  role: 'developer' as const,
  createdAt: '2027-01-15T08:00:00Z',
  expiresAt: '2027-01-22T08:00:00Z',
}

const params = { id: team.id }
const ofMember = { id: team.id, accountId: member.accountId }

/** Examples of the operations on teams, their members and invitations. */
export const teamExamples: Examples<typeof teamRoutes> = {
  createTeam: {
    body: {
      name: 'Example Partner',
      access: [{ audience: 'https://orders.example', scope: 'orders:read orders:write' }],
      externalId: 'crm-4711',
      metadata: { plan: 'gold' },
    },
    answer: team,
  },
  listTeams: { query: { limit: '25' }, answer: { data: [team], next: null } },
  getTeam: { params, answer: team },
  updateTeam: {
    params,
    body: { access: [{ audience: 'https://orders.example', scope: 'orders:read' }] },
    answer: narrowed,
  },
  deleteTeam: {
    params,
    answer: { id: team.id, status: 'revoked', clients: 0, feedSequence: 0, verifiers: { applied: 1, total: 1 } },
  },
  listTeamMembers: { params, query: { limit: '25' }, answer: { data: [member], next: null } },
  addTeamMember: {
    params,
    body: { email: 'ann@example.com', role: 'developer' },
    answer: { member: null, invitation: { ...invitation, url: 'https://auth.example/invite#CODE', isMailed: false } },
  },
  updateTeamMember: { params: ofMember, body: { role: 'viewer' }, answer: { ...member, role: 'viewer' } },
  removeTeamMember: { params: ofMember, answer: { teamId: team.id, accountId: member.accountId } },
  listInvitations: { params, query: { limit: '25' }, answer: { data: [invitation], next: null } },
  deleteInvitation: {
    params: { id: team.id, invitationId: 'invite_Zt5Hn8QwLb3RkVx1cYpM' },
    answer: { id: 'invite_Zt5Hn8QwLb3RkVx1cYpM', teamId: team.id },
  },
  acceptInvitation: {
    body: { code: 'kT3…' },
    answer: { id: team.id, name: team.name, role: 'developer' },
  },
}

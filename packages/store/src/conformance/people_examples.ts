/** Valid records of people and teams. */
import type { Account } from '../records/people/account.ts'
import type { AccountSession } from '../records/people/account_session.ts'
import type { Logo } from '../records/people/logo.ts'
import type { Passkey } from '../records/people/passkey.ts'
import type { Settings } from '../records/people/settings.ts'
import type { AccessRequest } from '../records/teams/access_request.ts'
import type { Invitation } from '../records/teams/invitation.ts'
import type { Membership } from '../records/teams/membership.ts'
import type { Team } from '../records/teams/team.ts'
import { digestOf, fresh } from './examples.ts'
import { startAt } from './test_database.ts'

export function exampleAccount(tenant: string, id: string, members: Partial<Account> = {}): Account {
  const who = { email: `${id}@example.com`, emailVerified: true, name: 'Ann' }
  return { tenant, id, ...who, status: 'active', scope: '', access: {}, ...fresh, ...members }
}

export function exampleSession(tenant: string, id: string, members: Partial<AccountSession> = {}): AccountSession {
  return {
    tenant,
    id,
    digest: digestOf(`session ${tenant} ${id}`),
    prefix: 'cs',
    clientId: 'client_1',
    apiId: 'api_1',
    accountId: 'acct_9',
    status: 'active',
    position: 0,
    amr: ['pwd'],
    authenticatedAt: startAt,
    lastSeenAt: startAt,
    expiresAt: startAt + 43_200,
    userAgent: 'Mozilla/5.0',
    ...fresh,
    ...members,
  }
}

export function examplePasskey(tenant: string, id: string, members: Partial<Passkey> = {}): Passkey {
  return {
    tenant,
    id,
    accountId: 'acct_9',
    userHandle: 'handle',
    name: 'Laptop',
    publicKey: 'key',
    counter: 0,
    transports: ['internal'],
    isSynced: true,
    ...fresh,
    ...members,
  }
}

export function exampleTeam(tenant: string, id: string, members: Partial<Team> = {}): Team {
  return {
    tenant,
    id,
    name: 'Partner',
    externalId: `crm-${id}`,
    metadata: { plan: 'gold' },
    status: 'active',
    isWithoutMember: false,
    access: { api_1: 'orders:read' },
    ...fresh,
    ...members,
  }
}

export function exampleMembership(
  tenant: string,
  teamId: string,
  accountId: string,
  members: Partial<Membership> = {},
): Membership {
  return { tenant, teamId, accountId, role: 'owner', ...fresh, ...members }
}

export function exampleInvitation(
  tenant: string,
  teamId: string,
  id: string,
  members: Partial<Invitation> = {},
): Invitation {
  return {
    tenant,
    id,
    teamId,
    email: 'Bob@example.com',
    role: 'developer',
    digest: digestOf(id),
    invitedBy: 'acct_9',
    position: 7,
    createdAt: startAt,
    expiresAt: startAt + 7 * 86_400,
    ...members,
  }
}

export function exampleAccessRequest(
  tenant: string,
  teamId: string,
  id: string,
  members: Partial<AccessRequest> = {},
): AccessRequest {
  const { version, createdAt, updatedAt } = fresh
  return {
    tenant,
    id,
    teamId,
    apiId: 'api_1',
    scope: 'orders:read orders:write',
    reason: 'A new shop',
    status: 'pending',
    askedBy: 'acct_9',
    version,
    createdAt,
    updatedAt,
    ...members,
  }
}

export function exampleSettings(tenant: string, members: Partial<Settings> = {}): Settings {
  const ways = { password: true, passkey: false, mailCode: true }
  const logo = { uri: 'https://acme.example/logo.png', digest: 'digest_9' }
  const content = { logo, colors: { accent: '#1847c3' }, signIn: ways, signUp: 'open', portal: 'off' } as const
  return { tenant, content, version: 1, createdAt: startAt, updatedAt: startAt, ...members }
}

export function exampleLogo(tenant: string, digest: string): Logo {
  return { tenant, digest, type: 'image/png', content: 'iVBORw0KGgo', createdAt: startAt }
}

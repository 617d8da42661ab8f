import type { z } from 'zod'
import type { accountRoutes, account as schema } from '../accounts.ts'
import type { Examples } from './example.ts'

const account: z.input<typeof schema> = {
  id: 'acct_mzKsr9sjRwxw8Ag2psrG',
  email: 'ann@example.com',
  emailVerified: true,
  name: 'Ann Example',
  externalSubject: 'customer-4711',
  status: 'active',
  role: null,
  scope: '',
  access: [{ audience: 'https://orders.example', scope: 'orders:read' }],
  createdAt: '2027-01-15T08:00:00Z',
  updatedAt: '2027-01-15T08:00:00Z',
}

const session = {
  id: 'lGdj9FIIlvTr',
  accountId: 'acct_mzKsr9sjRwxw8Ag2psrG',
  createdAt: '2027-01-15T08:00:00Z',
  lastSeenAt: '2027-01-15T08:00:00Z',
  expiresAt: '2027-01-15T20:00:00Z',
  userAgent: 'Mozilla/5.0',
  address: '192.0.2.7',
  current: false,
}

const consent = {
  id: 'consent_mzKsr9sjRwxw8Ag2psrG',
  accountId: 'acct_mzKsr9sjRwxw8Ag2psrG',
  clientId: 'client_mzKsr9sjRwxw8Ag2psrG',
  client: { name: 'Mobile app', verified: true, homepageUri: 'https://app.example' },
  audience: 'https://orders.example',
  scope: 'orders:read',
  createdAt: '2027-01-15T08:00:00Z',
  lastUsedAt: '2027-01-15T08:00:00Z',
}

const params = { id: 'acct_mzKsr9sjRwxw8Ag2psrG' }
const verifiers = { applied: 1, total: 1 }

/** Examples of the operations on accounts and their sessions. */
export const accountExamples: Examples<typeof accountRoutes> = {
  getMe: {
    answer: {
      kind: 'session',
      subject: 'acct_mzKsr9sjRwxw8Ag2psrG',
      name: 'Ann E.',
      clientId: 'client_portal',
      scope: '',
      teams: [],
      session: { id: 'lGdj9FIIlvTr', authenticatedAt: '2027-01-15T08:00:00Z', expiresAt: '2027-01-15T20:00:00Z' },
    },
  },
  createAccount: {
    body: {
      email: 'ann@example.com',
      emailVerified: true,
      name: 'Ann Example',
      externalSubject: 'customer-4711',
      access: [{ audience: 'https://orders.example', scope: 'orders:read' }],
    },
    answer: account,
  },
  listAccounts: { query: { limit: '25', externalSubject: 'customer-4711' }, answer: { data: [account], next: null } },
  getAccount: { params, answer: account },
  updateAccount: { params, body: { name: 'Ann E.' }, answer: { ...account, name: 'Ann E.' } },
  deleteAccount: { params, answer: { id: params.id, status: 'revoked', feedSequence: 24, verifiers } },
  revokeAccount: {
    params,
    body: { reason: 'A lost laptop' },
    answer: { id: params.id, sessions: 1, feedSequence: 23, verifiers },
  },
  createAccountLink: {
    params,
    answer: { url: 'https://auth.example/login/link#…', expiresAt: '2027-01-15T09:00:00Z' },
  },
  listSessions: { query: { limit: '25' }, answer: { data: [session], next: null } },
  revokeSession: {
    params: { id: 'lGdj9FIIlvTr' },
    body: { reason: 'Not mine' },
    answer: { id: 'lGdj9FIIlvTr', status: 'revoked', feedSequence: 25, verifiers },
  },
  listConsents: { query: { limit: '25' }, answer: { data: [consent], next: null } },
  revokeConsent: {
    params: { id: consent.id },
    body: { reason: 'Not used any more' },
    answer: { id: consent.id, status: 'revoked', feedSequence: 26, verifiers },
  },
}

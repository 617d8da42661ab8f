import type { z } from 'zod'
import type { keyRoutes, key as schema } from '../keys.ts'
import type { Examples } from './example.ts'

const key: z.input<typeof schema> = {
  id: 'rrnsvsVJmNHj',
  clientId: 'client_mzKsr9sjRwxw8Ag2psrG',
  audience: 'https://orders.example',
  scope: 'orders:read',
  name: 'Mobile app, production',
  subject: 'customer-17',
  environment: 'live',
  status: 'active',
  expiresAt: '2028-01-15T08:00:00Z',
  metadata: { region: 'eu' },
  ipAllow: ['192.0.2.0/24'],
  originAllow: null,
  rateLimit: { limit: 100, windowSeconds: 60 },
  rateLimits: null,
  rolledFrom: null,
  createdAt: '2027-01-15T08:00:00Z',
  updatedAt: '2027-01-15T08:00:00Z',
}

/** Examples of the operations on API keys. */
export const keyExamples: Examples<typeof keyRoutes> = {
  createKey: {
    body: {
      clientId: 'client_mzKsr9sjRwxw8Ag2psrG',
      audience: 'https://orders.example',
      scope: 'orders:read',
      name: 'Mobile app, production',
      subject: 'customer-17',
      expiresAt: '2028-01-15T08:00:00Z',
      metadata: { region: 'eu' },
      ipAllow: ['192.0.2.0/24'],
      rateLimit: { limit: 100, windowSeconds: 60 },
    },
    answer: { ...key, key: 'cs_live_rrnsvsVJmNHj_…' },
  },
  listKeys: {
    query: { clientId: 'client_mzKsr9sjRwxw8Ag2psrG', status: 'active' },
    answer: { data: [{ ...key, lastUsedAt: null, lastUsed: null }], next: null },
  },
  getKey: { params: { id: 'rrnsvsVJmNHj' }, answer: { ...key, lastUsedAt: null, lastUsed: null, lastUsedScopes: [] } },
  updateKey: {
    params: { id: 'rrnsvsVJmNHj' },
    body: { scope: 'orders:read orders:write', ipAllow: null },
    answer: {
      ...key,
      scope: 'orders:read orders:write',
      ipAllow: null,
      feedSequence: 10,
      verifiers: { applied: 0, total: 0 },
    },
  },
  rollKey: {
    params: { id: 'rrnsvsVJmNHj' },
    body: { graceSeconds: 86400 },
    answer: {
      ...key,
      id: '5iemOZUSUJuw',
      scope: 'orders:read orders:write',
      ipAllow: null,
      rolledFrom: 'rrnsvsVJmNHj',
      key: 'cs_live_5iemOZUSUJuw_…',
      rolledFromExpiresAt: '2027-01-16T08:00:00Z',
      earlierGraceUntil: null,
    },
  },
  disableKey: {
    params: { id: 'rrnsvsVJmNHj' },
    body: { reason: 'Seen in a log' },
    answer: {
      id: 'rrnsvsVJmNHj',
      status: 'disabled',
      feedSequence: 13,
      verifiers: { applied: 0, total: 0 },
    },
  },
  enableKey: {
    params: { id: 'rrnsvsVJmNHj' },
    body: { reason: 'A false alarm' },
    answer: { id: 'rrnsvsVJmNHj', status: 'active', feedSequence: 14, verifiers: { applied: 0, total: 0 } },
  },
  revokeKey: {
    params: { id: 'rrnsvsVJmNHj' },
    body: { reason: 'Its holder left' },
    answer: {
      id: 'rrnsvsVJmNHj',
      status: 'revoked',
      feedSequence: 17,
      verifiers: { applied: 0, total: 1 },
    },
  },
}

import type { z } from 'zod'
import type { token as schema, tokenRoutes } from '../tokens.ts'
import type { Examples } from './example.ts'

const token: z.input<typeof schema> = {
  jti: 'gUCE8EB3YRrPBouWz5aww9',
  format: 'jwt',
  clientId: 'client_mzKsr9sjRwxw8Ag2psrG',
  audience: 'https://orders.example',
  scope: 'orders:read',
  subject: 'client_mzKsr9sjRwxw8Ag2psrG',
  name: 'Nightly report',
  status: 'active',
  expiresAt: '2027-02-14T08:00:00Z',
  metadata: {},
  parent: null,
  createdAt: '2027-01-15T08:00:00Z',
  updatedAt: '2027-01-15T08:00:00Z',
}

/** Examples of the operations on tokens. */
export const tokenExamples: Examples<typeof tokenRoutes> = {
  createToken: {
    body: {
      clientId: 'client_mzKsr9sjRwxw8Ag2psrG',
      audience: 'https://orders.example',
      scope: 'orders:read',
      ttlSeconds: 2592000,
      name: 'Nightly report',
    },
    answer: { ...token, token: 'eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCIs…' },
  },
  listTokens: { query: { clientId: 'client_mzKsr9sjRwxw8Ag2psrG' }, answer: { data: [token], next: null } },
  getToken: { params: { jti: 'gUCE8EB3YRrPBouWz5aww9' }, answer: token },
  updateToken: {
    params: { jti: 'gUCE8EB3YRrPBouWz5aww9' },
    body: { expiresAt: '2027-01-22T08:00:00Z' },
    answer: {
      ...token,
      expiresAt: '2027-01-22T08:00:00Z',
      feedSequence: 15,
      verifiers: { applied: 0, total: 0 },
    },
  },
  revokeToken: {
    params: { jti: 'gUCE8EB3YRrPBouWz5aww9' },
    body: { reason: 'The report is gone' },
    answer: {
      jti: 'gUCE8EB3YRrPBouWz5aww9',
      status: 'revoked',
      feedSequence: 16,
      verifiers: { applied: 0, total: 0 },
    },
  },
}

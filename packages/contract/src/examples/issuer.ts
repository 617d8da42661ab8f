import type { z } from 'zod'
import type { issuerRoutes } from '../issuers.ts'
import type { Examples } from './example.ts'

const rules = [
  { when: { sub: 'repo:acme/api:ref:refs/heads/main' }, scope: 'orders:read orders:write' },
  { when: { repository_owner: 'acme', event_name: 'pull_request' }, scope: 'orders:read' },
]

const jwk = {
  kty: 'EC',
  kid: 'ci-2027',
  alg: 'ES256',
  crv: 'P-256',
  x: '3YxAnTK1YXYhI3evpwitDBJhZTNXR212fcz1SveyE8M',
  y: 'RAdV_pUBgm0sNYEQfhturx2LWKa8_5Rq4S5gtVmfCUI',
}

const issuer: z.input<(typeof issuerRoutes)['getIssuer']['answer']['schema']> = {
  id: 'issuer_Vd0PsGwkSb4kQ1mTnZ2h',
  issuer: 'https://ci.example',
  clientId: 'client_mzKsr9sjRwxw8Ag2psrG',
  audience: 'https://orders.example',
  scope: 'orders:read orders:write',
  rules,
  status: 'active',
  jwksUri: null,
  jwks: { keys: [jwk] },
  fetch: null,
  createdAt: '2027-01-15T08:00:00Z',
  updatedAt: '2027-01-15T08:00:00Z',
}

/** Examples of the operations on trusted issuers. */
export const issuerExamples: Examples<typeof issuerRoutes> = {
  createIssuer: {
    body: {
      issuer: 'https://ci.example',
      jwks: { keys: [jwk] },
      clientId: 'client_mzKsr9sjRwxw8Ag2psrG',
      audience: 'https://orders.example',
      rules,
      scope: 'orders:read orders:write',
    },
    answer: issuer,
  },
  listIssuers: { query: { limit: '25' }, answer: { data: [issuer], next: null } },
  getIssuer: { params: { id: 'issuer_Vd0PsGwkSb4kQ1mTnZ2h' }, answer: issuer },
  updateIssuer: {
    params: { id: 'issuer_Vd0PsGwkSb4kQ1mTnZ2h' },
    body: { scope: 'orders:read' },
    answer: { ...issuer, scope: 'orders:read' },
  },
  testIssuer: {
    params: { id: 'issuer_Vd0PsGwkSb4kQ1mTnZ2h' },
    body: { token: 'eyJhbGciOiJub25lIn0.e30.c2lnbmVk' },
    answer: {
      isVerified: false,
      code: 'malformed',
      detail: '"alg" of a JOSE header must be one we verify',
      rules: [],
      access: [],
    },
  },
  deleteIssuer: {
    params: { id: 'issuer_Vd0PsGwkSb4kQ1mTnZ2h' },
    answer: {
      id: 'issuer_Vd0PsGwkSb4kQ1mTnZ2h',
      status: 'revoked',
      feedSequence: 24,
      verifiers: { applied: 0, total: 1 },
    },
  },
}

import type { z } from 'zod'
import type { clientRoutes, client as schema } from '../clients.ts'
import type { Examples } from './example.ts'

const client: z.input<typeof schema> = {
  clientId: 'client_mzKsr9sjRwxw8Ag2psrG',
  name: 'Mobile app',
  type: 'service',
  status: 'active',
  teamId: null,
  access: [{ audience: 'https://orders.example', scope: 'orders:read orders:write' }],
  guards: [],
  redirectUris: ['https://app.example/callback'],
  verified: true,
  consent: 'ask',
  requirePkce: true,
  postLogoutRedirectUris: ['https://app.example/signed-out'],
  offlineAccess: true,
  idTokenAlg: 'RS256',
  logoUri: null,
  homepageUri: 'https://app.example',
  metadata: { plan: 'pro' },
  jwks: {
    keys: [
      {
        kty: 'EC',
        kid: 'laptop-2027',
        alg: 'ES256',
        use: 'sig',
        crv: 'P-256',
        x: '3YxAnTK1YXYhI3evpwitDBJhZTNXR212fcz1SveyE8M',
        y: 'RAdV_pUBgm0sNYEQfhturx2LWKa8_5Rq4S5gtVmfCUI',
      },
    ],
  },
  secrets: [{ id: 'a9SVWSBD6wEv', createdAt: '2027-01-15T08:00:00Z', expiresAt: null }],
  selfIssuedTtlSecondsMax: 3600,
  rateLimit: null,
  rateLimits: null,
  createdAt: '2027-01-15T08:00:00Z',
  updatedAt: '2027-01-15T08:00:00Z',
}

/** Examples of the operations on clients. */
export const clientExamples: Examples<typeof clientRoutes> = {
  createClient: {
    body: {
      name: 'Mobile app',
      type: 'service',
      access: [{ audience: 'https://orders.example', scope: 'orders:read orders:write' }],
      redirectUris: ['https://app.example/callback'],
      postLogoutRedirectUris: ['https://app.example/signed-out'],
      offlineAccess: true,
      homepageUri: 'https://app.example',
      jwks: {
        keys: [
          {
            kty: 'EC',
            x: '3YxAnTK1YXYhI3evpwitDBJhZTNXR212fcz1SveyE8M',
            y: 'RAdV_pUBgm0sNYEQfhturx2LWKa8_5Rq4S5gtVmfCUI',
            crv: 'P-256',
            alg: 'ES256',
            use: 'sig',
            kid: 'laptop-2027',
          },
        ],
      },
      metadata: { plan: 'pro' },
    },
    answer: { ...client, clientSecret: 'cs_secret_a9SVWSBD6wEv_…' },
  },
  listClients: { query: { limit: '25' }, answer: { data: [client], next: null } },
  getClient: { params: { clientId: 'client_mzKsr9sjRwxw8Ag2psrG' }, answer: client },
  updateClient: {
    params: { clientId: 'client_mzKsr9sjRwxw8Ag2psrG' },
    body: { selfIssuedTtlSecondsMax: 600 },
    answer: { ...client, selfIssuedTtlSecondsMax: 600 },
  },
  deleteClient: {
    params: { clientId: 'client_mzKsr9sjRwxw8Ag2psrG' },
    answer: {
      clientId: 'client_mzKsr9sjRwxw8Ag2psrG',
      status: 'revoked',
      feedSequence: 24,
      verifiers: { applied: 0, total: 1 },
    },
  },
  listClientSecrets: {
    params: { clientId: 'client_mzKsr9sjRwxw8Ag2psrG' },
    answer: {
      data: [
        { id: 'a9SVWSBD6wEv', createdAt: '2027-01-15T08:00:00Z', expiresAt: '2027-01-16T08:00:00Z' },
        { id: 'lGdj9FIIlvTr', createdAt: '2027-01-15T08:00:00Z', expiresAt: null },
      ],
    },
  },
  revokeClientSecret: {
    params: { clientId: 'client_mzKsr9sjRwxw8Ag2psrG', id: 'a9SVWSBD6wEv' },
    body: { reason: 'Found by a scan' },
    answer: {
      id: 'a9SVWSBD6wEv',
      clientId: 'client_mzKsr9sjRwxw8Ag2psrG',
      feedSequence: 23,
      verifiers: { applied: 0, total: 0 },
    },
  },
  createClientSecret: {
    params: { clientId: 'client_mzKsr9sjRwxw8Ag2psrG' },
    body: { graceSeconds: 86400 },
    answer: {
      id: 'lGdj9FIIlvTr',
      clientId: 'client_mzKsr9sjRwxw8Ag2psrG',
      clientSecret: 'cs_secret_lGdj9FIIlvTr_…',
      createdAt: '2027-01-15T08:00:00Z',
    },
  },
  revokeClient: {
    params: { clientId: 'client_mzKsr9sjRwxw8Ag2psrG' },
    body: { reason: 'A lost laptop' },
    answer: {
      clientId: 'client_mzKsr9sjRwxw8Ag2psrG',
      keys: 1,
      tokens: 0,
      secrets: 1,
      publicKeys: 1,
      feedSequence: 22,
      verifiers: { applied: 0, total: 1 },
    },
  },
}

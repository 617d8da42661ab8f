import type { z } from 'zod'
import type { apiRoutes, api as schema } from '../apis.ts'
import type { Examples } from './example.ts'

const api: z.input<typeof schema> = {
  id: 'api_yzQrE3sfoyzQX1U2',
  audience: 'https://orders.example',
  name: 'Orders',
  status: 'active',
  scopes: [
    { name: 'orders:read', description: 'Read orders' },
    { name: 'orders:write', description: 'Create and change orders' },
  ],
  retiredScopes: [],
  tokenTtlSeconds: 3600,
  tokenTtlSecondsMax: 7776000,
  tokenFormat: 'jwt',
  accountScope: '',
  selfServiceScope: 'orders:read',
  onRequestScope: 'orders:read orders:write',
  callUrl: 'https://orders.example',
  resources: [],
  signingAlg: 'ES256',
  scopeClaim: 'string',
  maxStalenessSeconds: 300,
  credentialHeaders: [],
  rateLimit: null,
  rateLimits: null,
  builtIn: false,
  createdAt: '2027-01-15T08:00:00Z',
  updatedAt: '2027-01-15T08:00:00Z',
}

const document = {
  openapi: '3.1.0',
  info: { title: 'Orders', version: '1' },
  components: {
    securitySchemes: {
      oauth: {
        type: 'oauth2',
        flows: {
          clientCredentials: {
            tokenUrl: 'https://auth.example/oauth/token',
            scopes: { 'orders:read': 'Read orders' },
          },
        },
      },
    },
  },
  paths: {
    '/orders': {
      get: {
        operationId: 'listOrders',
        security: [{ oauth: ['orders:read'] }],
        responses: { '200': { description: 'The orders' } },
      },
    },
  },
}

const operation = {
  method: 'GET',
  basePath: '',
  path: '/orders',
  operationId: 'listOrders',
  tags: [],
  requires: [['orders:read']],
  public: false,
}

/** Examples of the operations on APIs. */
export const apiExamples: Examples<typeof apiRoutes> = {
  createApi: {
    body: {
      audience: 'https://orders.example',
      name: 'Orders',
      scopes: [
        { name: 'orders:read', description: 'Read orders' },
        { name: 'orders:write', description: 'Create and change orders' },
      ],
      selfServiceScope: 'orders:read',
      onRequestScope: 'orders:read orders:write',
      callUrl: 'https://orders.example',
    },
    answer: api,
  },
  listApis: { query: { limit: '25' }, answer: { data: [api], next: null } },
  getApi: { params: { id: 'api_yzQrE3sfoyzQX1U2' }, answer: api },
  updateApi: {
    params: { id: 'api_yzQrE3sfoyzQX1U2' },
    body: {
      maxStalenessSeconds: 30,
      resources: ['https://orders.example/v2'],
      credentialHeaders: ['X-Partner-Key'],
      rateLimit: { limit: 1000, windowSeconds: 60 },
    },
    answer: {
      ...api,
      maxStalenessSeconds: 30,
      resources: ['https://orders.example/v2'],
      credentialHeaders: ['X-Partner-Key'],
      rateLimit: { limit: 1000, windowSeconds: 60 },
    },
  },
  deleteApi: {
    params: { id: 'api_yzQrE3sfoyzQX1U2' },
    answer: {
      id: 'api_yzQrE3sfoyzQX1U2',
      status: 'revoked',
      feedSequence: 25,
      verifiers: { applied: 0, total: 1 },
    },
  },
  getOpenapi: { params: { id: 'api_yzQrE3sfoyzQX1U2' }, answer: document },
  listOperations: {
    params: { id: 'api_yzQrE3sfoyzQX1U2' },
    answer: { data: [operation], importedAt: '2027-01-15T08:00:00Z' },
  },
  importOpenapi: {
    params: { id: 'api_yzQrE3sfoyzQX1U2' },
    query: { dryRun: 'false' },
    document,
    answer: {
      operations: [operation],
      scopes: [{ name: 'orders:read', description: 'Read orders' }],
      added: [{ method: 'GET', path: '/orders' }],
      removed: [],
      becamePublic: [],
      credentialHeaders: [],
      problems: [],
    },
  },
}

import type { usageAndAuditRoutes } from '../usage_and_audit.ts'
import type { Examples } from './example.ts'

/** Examples of the operations on usage and audit. */
export const usageAndAuditExamples: Examples<typeof usageAndAuditRoutes> = {
  getUsage: {
    query: {
      keyId: 'rrnsvsVJmNHj',
      from: '2027-01-15T08:00:00Z',
      to: '2027-01-15T09:00:00Z',
      interval: 'hour',
    },
    answer: { data: [{ at: '2027-01-15T08:00:00Z', outcome: 'verified', count: 12 }] },
  },
  reportUsage: {
    body: {
      batchId: 'orders-7f3a-1',
      counts: [
        {
          credentialId: 'rrnsvsVJmNHj',
          clientId: 'client_mzKsr9sjRwxw8Ag2psrG',
          scope: 'orders:read',
          outcome: 'verified',
          minuteAt: '2027-01-15T08:00:00Z',
          count: 12,
        },
      ],
      operations: [
        {
          audience: 'https://orders.example',
          method: 'GET',
          route: '/orders/{id}',
          outcome: 'verified',
          dayAt: '2027-01-15T00:00:00Z',
          count: 12,
        },
      ],
      refusals: [
        {
          at: '2027-01-15T08:00:00Z',
          requestId: '8a4b0f6e-2f5e-4a57-9d0c-0b1f6f5d2c11',
          credentialId: 'rrnsvsVJmNHj',
          clientId: 'client_mzKsr9sjRwxw8Ag2psrG',
          method: 'DELETE',
          route: '/orders/{id}',
          code: 'insufficient_scope',
          missingScope: 'orders:admin',
          scope: 'orders:admin',
          address: '192.0.2.7',
        },
      ],
    },
    answer: { accepted: true },
  },
  getApiUsage: {
    params: { id: 'api_yzQrE3sfoyzQX1U2' },
    query: { from: '2027-01-15T00:00:00Z', to: '2027-01-16T00:00:00Z' },
    answer: {
      data: [{ method: 'GET', route: '/orders/{id}', outcome: 'verified', count: 12 }],
    },
  },
  listRefusals: {
    query: { requestId: '8a4b0f6e-2f5e-4a57-9d0c-0b1f6f5d2c11' },
    answer: {
      data: [
        {
          at: '2027-01-15T08:00:00Z',
          requestId: '8a4b0f6e-2f5e-4a57-9d0c-0b1f6f5d2c11',
          keyId: 'rrnsvsVJmNHj',
          clientId: 'client_mzKsr9sjRwxw8Ag2psrG',
          method: 'DELETE',
          route: '/orders/{id}',
          code: 'insufficient_scope',
          missingScope: 'orders:admin',
          scope: 'orders:admin',
          address: '192.0.2.7',
          checks: [
            { name: 'operation', result: 'skipped' },
            { name: 'format', result: 'passed' },
            { name: 'known', result: 'passed' },
            { name: 'signature', result: 'skipped' },
            { name: 'issuer', result: 'skipped' },
            { name: 'revoked', result: 'passed' },
            { name: 'disabled', result: 'passed' },
            { name: 'expiry', result: 'skipped' },
            { name: 'start', result: 'skipped' },
            { name: 'audience', result: 'passed' },
            { name: 'access', result: 'passed' },
            { name: 'address', result: 'skipped' },
            { name: 'origin', result: 'skipped' },
            { name: 'scope', result: 'failed', needs: 'orders:admin' },
            { name: 'rate_limit', result: 'skipped' },
          ],
        },
      ],
      next: null,
    },
  },
  listAudit: {
    query: { objectId: 'client_mzKsr9sjRwxw8Ag2psrG', action: 'client.secret.create' },
    answer: {
      data: [
        {
          sequence: 9,
          at: '2027-01-15T08:00:00Z',
          actor: {
            kind: 'credential',
            clientId: 'client_N6kg1I7nHL6Ak53drm5k',
            credentialId: 'fRqmzQrAqtwf',
            address: '192.0.2.7',
          },
          action: 'client.secret.create',
          objectType: 'client',
          objectId: 'client_mzKsr9sjRwxw8Ag2psrG',
          before: null,
          after: { secretId: 'lGdj9FIIlvTr', graceSeconds: 86400 },
          requestId: 'req_OdV9q0wxdsaJB1kN',
          callerRequestId: null,
          link: '1QUYFSIwbOn_WuO-Q20n1nZPnn19Emu8VgQxghrV5_A',
        },
      ],
      next: null,
    },
  },
}

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
    },
    answer: { accepted: true },
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

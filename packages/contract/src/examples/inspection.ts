import type { inspectionRoutes } from '../inspections.ts'
import type { Examples } from './example.ts'
import { grantExample } from './grant.ts'

/** Examples of the operation on inspections. */
export const inspectionExamples: Examples<typeof inspectionRoutes> = {
  inspect: {
    body: { digest: 'CVyqBWaxdOyrH_arKe_9-rXHL9u9WVomxRGTZ_gfZgw', method: 'GET', path: '/orders' },
    answer: {
      active: true,
      grant: grantExample,
      issued: { scope: 'orders:read orders:write', expiresAt: '2028-01-15T08:00:00Z', issuedAt: null },
      lineage: [],
      checks: [
        { name: 'operation', result: 'passed', has: 'GET /orders' },
        { name: 'format', result: 'skipped' },
        { name: 'known', result: 'passed' },
        { name: 'signature', result: 'skipped' },
        { name: 'issuer', result: 'skipped' },
        { name: 'revoked', result: 'passed' },
        { name: 'disabled', result: 'passed' },
        { name: 'expiry', result: 'passed', has: '2028-01-15T08:00:00Z', needs: 'later than 2027-01-15T08:00:00Z' },
        { name: 'start', result: 'skipped' },
        { name: 'audience', result: 'skipped' },
        { name: 'access', result: 'passed' },
        { name: 'address', result: 'skipped' },
        { name: 'origin', result: 'skipped' },
        { name: 'scope', result: 'passed', has: 'orders:read orders:write', needs: 'orders:read' },
        { name: 'rate_limit', result: 'skipped' },
      ],
    },
  },
}

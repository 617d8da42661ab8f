import type { z } from 'zod'
import type { tenant as schema, tenantRoutes } from '../tenants.ts'
import type { Examples } from './example.ts'

const tenant: z.input<typeof schema> = {
  id: 'tenant_UPJAV3BmB9Hhl5XW',
  slug: 'acme',
  name: 'Acme',
  issuer: 'https://auth.example/t/acme',
  status: 'active',
  createdAt: '2027-01-15T08:00:00Z',
  updatedAt: '2027-01-15T08:00:00Z',
}

/** Examples of the operations on tenants. */
export const tenantExamples: Examples<typeof tenantRoutes> = {
  createTenant: {
    body: { slug: 'acme', name: 'Acme' },
    answer: { ...tenant, adminKey: 'cs_live_c2Rkz16pbX22_…' },
  },
  listTenants: { query: { limit: '25' }, answer: { data: [tenant], next: null } },
  getTenant: { params: { id: 'tenant_UPJAV3BmB9Hhl5XW' }, answer: tenant },
  updateTenant: {
    params: { id: 'tenant_UPJAV3BmB9Hhl5XW' },
    body: { name: 'Acme Ltd' },
    answer: { ...tenant, name: 'Acme Ltd' },
  },
  deleteTenant: {
    params: { id: 'tenant_UPJAV3BmB9Hhl5XW' },
    answer: {
      id: 'tenant_UPJAV3BmB9Hhl5XW',
      status: 'revoked',
      feedSequence: 6,
      verifiers: { applied: 1, total: 1 },
    },
  },
}

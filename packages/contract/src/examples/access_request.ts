import type { z } from 'zod'
import type { accessRequestRoutes, accessRequest as schema } from '../access_requests.ts'
import type { Examples } from './example.ts'

const request: z.input<typeof schema> = {
  id: 'request_Jx7WcVn2RkTzY8vLbQp4',
  teamId: 'team_Wm2q8RkTzY4vNcLb1sHd',
  audience: 'https://orders.example',
  scope: 'orders:read orders:write',
  reason: 'Our shop writes orders',
  until: '2027-07-15T08:00:00Z',
  status: 'pending',
  askedBy: null,
  given: null,
  refusal: null,
  decidedAt: null,
  createdAt: '2027-01-15T08:00:00Z',
  updatedAt: '2027-01-15T08:00:00Z',
}

const decidedAt = '2027-01-15T08:00:00Z'
const until = '2027-04-15T08:00:00Z'
const approved = { ...request, status: 'approved' as const, decidedAt, given: { scope: 'orders:write', until } }
const refused = { ...request, id: 'request_Rk2TzY8vLbQp4Jx7WcVn', reason: 'A second shop' }
const withdrawn = { ...request, id: 'request_QwLb3RkVx1cYpMZt5Hn8', reason: 'A third shop' }
const refusal = 'The contract has no writing yet'

/** Examples of the operations on requests for access. */
export const accessRequestExamples: Examples<typeof accessRequestRoutes> = {
  createAccessRequest: {
    body: {
      teamId: request.teamId,
      audience: 'https://orders.example',
      scope: 'orders:read orders:write',
      reason: 'Our shop writes orders',
      until: '2027-07-15T08:00:00Z',
    },
    answer: request,
  },
  listAccessRequests: {
    query: { limit: '25', teamId: request.teamId, status: 'pending' },
    answer: { data: [request], next: null },
  },
  approveAccessRequest: {
    params: { id: request.id },
    body: { scope: 'orders:write', until },
    answer: approved,
  },
  refuseAccessRequest: {
    params: { id: refused.id },
    body: { reason: refusal },
    answer: { ...refused, status: 'refused', refusal, decidedAt },
  },
  withdrawAccessRequest: {
    params: { id: withdrawn.id },
    body: {},
    answer: { ...withdrawn, status: 'withdrawn', decidedAt },
  },
}

import type { signingKeyRoutes } from '../apis.ts'
import type { Examples } from './example.ts'

/** Examples of the operations on signing keys. */
export const signingKeyExamples: Examples<typeof signingKeyRoutes> = {
  listSigningKeys: {
    answer: {
      data: [
        {
          kid: 'ZIyf7OQJ2NKOfRXyP_aPhQ7N3HLfKcngJjybJAStIEY',
          alg: 'ES256',
          purpose: 'gateway_assertion',
          status: 'active',
          publishedAt: '2027-01-15T08:00:00Z',
          signsAt: '2027-01-15T08:00:00Z',
          retiredAt: null,
          leavesAt: null,
        },
        {
          kid: 'i9BH1uEr3R1_GkSr33cJlBh8_5IrSmhGgvsy7WV_u6U',
          alg: 'ES256',
          purpose: 'access_token',
          status: 'active',
          publishedAt: '2027-01-15T08:00:00Z',
          signsAt: '2027-01-15T08:00:00Z',
          retiredAt: null,
          leavesAt: null,
        },
      ],
    },
  },
  rotateSigningKeys: {
    body: {},
    answer: {
      data: [
        {
          kid: 'v7BK2k5ij5OQqXYVIkf_NNahv32qkKRj3zVzK22SGiE',
          alg: 'ES256',
          purpose: 'gateway_assertion',
          status: 'active',
          publishedAt: '2027-01-15T08:00:00Z',
          signsAt: '2027-01-15T08:10:00Z',
          retiredAt: null,
          leavesAt: null,
        },
        {
          kid: 'CkDKxniaHUgNgxnP0KytsJ_fQztzorioWWL4zfCvT2Y',
          alg: 'ES256',
          purpose: 'access_token',
          status: 'active',
          publishedAt: '2027-01-15T08:00:00Z',
          signsAt: '2027-01-15T08:10:00Z',
          retiredAt: null,
          leavesAt: null,
        },
      ],
    },
  },
  revokeSigningKey: {
    params: { kid: 'ZIyf7OQJ2NKOfRXyP_aPhQ7N3HLfKcngJjybJAStIEY' },
    body: { reason: 'Its private key was copied' },
    answer: {
      kid: 'ZIyf7OQJ2NKOfRXyP_aPhQ7N3HLfKcngJjybJAStIEY',
      status: 'revoked',
      feedSequence: 20,
      verifiers: { applied: 0, total: 1 },
    },
  },
}

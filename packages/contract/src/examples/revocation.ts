import type { revocationRoutes } from '../revocations.ts'
import type { Examples } from './example.ts'

/** The example of ending what stands in no list. */
export const revocationExamples: Examples<typeof revocationRoutes> = {
  createRevocation: {
    body: {
      jti: 'Yp3xLrVfTq81sGd0ZbKc2e',
      clientId: 'client_mzKsr9sjRwxw8Ag2psrG',
      reason: 'Seen in a log',
    },
    answer: { matched: null, feedSequence: 21, verifiers: { applied: 0, total: 1 } },
  },
}

import { ProblemError } from '../../http/problem.ts'
import { type IssuableQuestion, type IssuableScope, judgeIssuable } from '../../oauth/issuing_gate.ts'
import { beyondAccess, noAccess } from '../access.ts'
import { invalid } from '../find.ts'

/** The gate, where what is not issuable is a problem. */
export function requireIssuable(question: IssuableQuestion): IssuableScope {
  const judgement = judgeIssuable(question)
  if (!('reason' in judgement)) return judgement
  switch (judgement.reason) {
    case 'no_access':
      throw noAccess()
    case 'beyond_scope':
      throw beyondAccess(judgement.beyond)
    case 'client_disabled':
      throw new ProblemError(409, 'client_disabled', 'The client is disabled.')
    case 'api_disabled':
      throw new ProblemError(409, 'api_disabled', 'The API is disabled.')
    case 'too_long':
      throw invalid('/ttlSeconds', `may be at most ${judgement.ttlSecondsMax} for this API`)
  }
}

/** The caller alone can tell whether the token is still wanted. */
export function revokedMeanwhile(what: 'client' | 'subject'): ProblemError {
  return new ProblemError(503, 'unavailable', `The ${what} has been revoked meanwhile. Try again.`, {
    headers: { 'Retry-After': '1' },
  })
}

import type { Answer } from '../http/answer.ts'
import { OauthError, oauthErrorAnswer } from './oauth_error.ts'

/** RFC 6749 §3.2: these endpoints take POST. Their errors have one form, this one too. */
export function wrongMethod(): Answer {
  return oauthErrorAnswer(new OauthError('invalid_request', 'this endpoint takes POST', 405, { Allow: 'POST' }))
}

import { StoreUnavailableError } from '@countersign/store'
import type { Answer } from '../http/answer.ts'
import { ProblemError } from '../http/problem.ts'
import type { Log } from '../observe/log.ts'
import { StaleBookError } from './issuing_moment.ts'
import { OauthError, oauthErrorAnswer } from './oauth_error.ts'
import { UnsignableTokenError } from './token_issuer.ts'

/** An OAuth endpoint answers every error as RFC 6749 §5.2 says. */
export async function answerOauth(log: Log, requestId: string, work: () => Promise<Answer>): Promise<Answer> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof OauthError) return oauthErrorAnswer(error)
    if (error instanceof ProblemError)
      return oauthErrorAnswer(new OauthError('invalid_request', error.message, error.status))
    if (error instanceof UnsignableTokenError) return oauthErrorAnswer(new OauthError('invalid_scope', error.message))
    if (error instanceof StoreUnavailableError || error instanceof StaleBookError) {
      log.warn({ requestId, error: error.message }, 'oauth endpoint unavailable')
      return oauthErrorAnswer(new OauthError('temporarily_unavailable', 'try again', 503, { 'Retry-After': '1' }))
    }
    log.error({ requestId, error }, 'oauth endpoint failed')
    return oauthErrorAnswer(
      new OauthError('server_error', `the server failed; its log has the cause under ${requestId}`),
    )
  }
}

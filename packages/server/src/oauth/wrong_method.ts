import type { Answer } from '../http/answer.ts'
import { OauthError, oauthErrorAnswer } from './oauth_error.ts'

/** RFC 6749 §3.2: these endpoints take POST, and userinfo GET too. Their errors have one form, this one too. */
export function wrongMethod(...methods: readonly string[]): () => Answer {
  const [taken, Allow] = [methods.join(' and '), methods.join(', ')]
  return () => oauthErrorAnswer(new OauthError('invalid_request', `this endpoint takes ${taken}`, 405, { Allow }))
}

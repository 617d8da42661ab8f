import type { Seconds } from '@countersign/core'
import { ApiError } from './api_error.ts'
import type { Authenticate } from './client_authentication.ts'
import { parseAnswer, send, timeoutMsDefault } from './send.ts'

/** The answer of the token endpoint (RFC 6749 §5.1) in our spelling. */
export interface TokenAnswer {
  /** The token itself. */
  readonly accessToken: string
  /** The token's life in seconds. */
  readonly expiresIn: number
  /** The granted scope; absent when the server did not name it. */
  readonly scope?: string
}

/** With what is answered for a person besides. */
export interface PersonalAnswer extends TokenAnswer {
  readonly refreshToken?: string
  readonly idToken?: string
}

/**
 * Sends one request to the issuer's token endpoint, which is not looked up: stored credentials go to one place only.
 */
export async function requestToken(options: {
  readonly issuer: string
  readonly authenticate: Authenticate
  readonly form: Readonly<Record<string, string | undefined>>
  readonly fetch: typeof fetch
  readonly now: Seconds
  readonly secrets?: readonly string[]
}): Promise<PersonalAnswer> {
  const { headers, form, secrets } = await options.authenticate(options.now)
  const fields = Object.entries({ ...options.form, ...form }).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value]],
  )
  const { text } = await send({
    url: `${options.issuer}/oauth/token`,
    method: 'POST',
    headers: { ...headers, accept: 'application/json', 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(fields).toString(),
    fetch: options.fetch,
    timeoutMs: timeoutMsDefault,
    secrets: [...secrets, ...(options.secrets ?? [])],
  })
  return readTokenAnswer(parseAnswer(text))
}

function readTokenAnswer(answer: { readonly [name: string]: unknown }): PersonalAnswer {
  const { access_token: accessToken, expires_in: expiresIn, token_type: tokenType, scope } = answer
  const { refresh_token: refreshToken, id_token: idToken } = answer
  const isSound =
    typeof accessToken === 'string' &&
    accessToken !== '' &&
    typeof tokenType === 'string' &&
    tokenType.toLowerCase() === 'bearer' &&
    typeof expiresIn === 'number' &&
    expiresIn > 0
  if (!isSound) {
    throw new ApiError({
      status: 0,
      code: 'bad_answer',
      detail: 'the token endpoint did not answer a bearer token with an expiry',
    })
  }
  return {
    accessToken,
    expiresIn,
    ...(typeof scope === 'string' ? { scope } : {}),
    ...(typeof refreshToken === 'string' && refreshToken !== '' ? { refreshToken } : {}),
    ...(typeof idToken === 'string' ? { idToken } : {}),
  }
}

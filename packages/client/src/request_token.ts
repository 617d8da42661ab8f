import { ApiError } from './api_error.ts'
import { type FormRequest, postForm } from './post_form.ts'
import { parseAnswer } from './send.ts'

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

/** Sends one request to the issuer's token endpoint. */
export async function requestToken(request: FormRequest): Promise<PersonalAnswer> {
  return readTokenAnswer(parseAnswer(await postForm('/oauth/token', request)))
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

/** An authorization server at which somebody is signed in and has let an application in before. */
import { createHash, randomBytes } from 'node:crypto'

export interface SigningIn {
  readonly url: string
  /** The `Cookie` field of the browser. */
  readonly cookie: string
  readonly client: { readonly client_id: string; readonly client_secret: string }
  /** The authorization endpoint with a request of that application. */
  readonly authorize: string
  readonly token: string
  readonly userinfo: string
  /** The scope of userinfo alone, since not every server lets one token in at an API and there. */
  readonly authorizeUserinfo: string
  readonly verifier: string
}

export const redirectUri = 'https://app.bench.example/callback'

export function pkce(): { readonly verifier: string; readonly challenge: string } {
  const verifier = randomBytes(32).toString('base64url')
  return { verifier, challenge: createHash('sha256').update(verifier).digest('base64url') }
}

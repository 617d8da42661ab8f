/** The tokens of a person at a client, and the calls that get, renew and end them. */
import type { Seconds } from '@countersign/core'
import { ApiError } from '../api_error.ts'
import type { Authenticate } from '../client_authentication.ts'
import { postForm } from '../post_form.ts'
import { requestToken } from '../request_token.ts'
import { type TokenLife, tokenLife } from '../token_life.ts'
import { withoutAbsent } from '../without_absent.ts'
import { type IdTokenClaims, readIdToken } from './id_token.ts'
import type { Pending } from './request.ts'

/**
 * Tokens, with who gave them and to whom: they go back there and nowhere else (the kin of CVE-2025-58062). Plain data, to be
 * kept as JSON.
 */
export interface TokenSet extends TokenLife {
  /** The issuer that gave the tokens. */
  readonly issuer: string
  /** The client that they were given to. */
  readonly clientId: string
  /** The access token. */
  readonly accessToken: string
  /** The scope that was granted; absent when the server did not name it. */
  readonly scope?: string
  /** Absent where the client is given none. */
  readonly refreshToken?: string
  /** Names the sign-in when it is ended; absent without `openid`. */
  readonly idToken?: string
  /** Who has signed in; absent without `openid`. */
  readonly claims?: IdTokenClaims
}

/** The client as it asks: who it is, and its means. */
export interface Asking {
  readonly issuer: string
  readonly clientId: string
  readonly authenticate: Authenticate
  readonly fetch: typeof fetch
  readonly now: () => Seconds
}

/** Redeems the code of a sign-in (RFC 6749 §4.1.3). */
export async function redeemCode(asking: Asking, code: string, pending: Pending): Promise<TokenSet> {
  const { redirectUri, verifier, nonce, issuer, clientId } = pending
  if (issuer !== asking.issuer || clientId !== asking.clientId)
    throw new ApiError({ status: 0, code: 'unexpected_answer', detail: 'the sign-in was begun at another server' })
  const form = { grant_type: 'authorization_code', code, redirect_uri: redirectUri, code_verifier: verifier }
  return requestSet(asking, form, [code, verifier], { nonce })
}

/** Renews the tokens (RFC 6749 §6). The refresh token is another one afterwards. */
export async function refreshSet(asking: Asking, before: TokenSet, refreshToken: string): Promise<TokenSet> {
  const form = { grant_type: 'refresh_token', refresh_token: refreshToken }
  const fresh = await requestSet(asking, form, [refreshToken], { subject: before.claims?.sub })
  const { scope, idToken, claims } = before
  const kept = { scope, refreshToken, idToken, claims }
  return { ...withoutAbsent(kept), ...fresh }
}

async function requestSet(
  asking: Asking,
  form: Readonly<Record<string, string>>,
  secrets: readonly string[],
  expected: { readonly nonce?: string | undefined; readonly subject?: string | undefined },
): Promise<TokenSet> {
  const { issuer, clientId, authenticate, fetch, now } = asking
  const askedAt = now()
  const answer = await requestToken({ issuer, authenticate, form, fetch, now: askedAt, secrets })
  const { accessToken, scope, refreshToken, idToken } = answer
  if (expected.nonce !== undefined && idToken === undefined)
    throw new ApiError({ status: 0, code: 'unexpected_answer', detail: 'the token endpoint answered no ID token' })
  const claims = idToken === undefined ? undefined : readIdToken(idToken, { issuer, clientId, now: now(), ...expected })
  return {
    issuer,
    clientId,
    accessToken,
    ...tokenLife(answer, askedAt),
    ...withoutAbsent({ scope, refreshToken, idToken, claims }),
  }
}

/** Ends the tokens at the server (RFC 7009): the refresh token with all that came of it, else the access token. */
export async function revokeSet({ issuer, authenticate, fetch, now }: Asking, set: TokenSet): Promise<void> {
  const token = set.refreshToken ?? set.accessToken
  await postForm('/oauth/revoke', { issuer, authenticate, form: { token }, fetch, now: now(), secrets: [token] })
}

/** Gives what was kept, where it is whole and was given by this issuer to this client; else nothing. */
export function readTokenSet(value: unknown, { issuer, clientId }: Pick<Asking, 'issuer' | 'clientId'>) {
  if (typeof value !== 'object' || value === null) return undefined
  const set = value as { readonly [Name in keyof TokenSet]?: unknown }
  const isOurs = set.issuer === issuer && set.clientId === clientId
  const isWhole =
    typeof set.accessToken === 'string' && typeof set.renewAt === 'number' && typeof set.expiresAt === 'number'
  return isOurs && isWhole ? (value as TokenSet) : undefined
}

/** A public client names itself (RFC 6749 §3.2.1). */
export function asPublic(clientId: string): Authenticate {
  return async () => ({ headers: {}, form: { client_id: clientId }, secrets: [] })
}

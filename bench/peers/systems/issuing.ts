/** An authorization server under test: its targets, and what it must issue before it is measured. */
import { createRemoteJWKSet, jwtVerify } from 'jose'
import { ask, falsify, type Target, withField } from '../target.ts'

export interface IssuingTargets {
  /** Each answer has a JWT of RFC 9068. */
  readonly jwt: Target
  /** Each answer has an opaque token. */
  readonly opaque: Target
  /** Introspection of an opaque token, so that each has to look it up. */
  readonly introspect: Target
  readonly issuer: string
  readonly jwksUrl: string
}

const scope = 'orders:read'

/** An ES256 JWT of RFC 9068 for the audience that its own published key verifies, and another one for every request. */
export async function requireJwt({ jwt, issuer, jwksUrl }: IssuingTargets, audience: string): Promise<void> {
  const requiredClaims = ['exp', 'jti', 'client_id']
  const options = { issuer, audience, algorithms: ['ES256'], typ: 'at+jwt', requiredClaims }
  const keys = createRemoteJWKSet(new URL(jwksUrl))
  const ids = new Set<unknown>()
  for (const text of [await issue(jwt), await issue(jwt)]) {
    const { payload } = await jwtVerify(text, keys, options)
    if (payload.scope !== scope) throw new Error(`${issuer} issued a token for another scope`)
    ids.add(payload.jti)
  }
  if (ids.size !== 2) throw new Error(`${issuer} issued the same token twice`)
}

/** A token that only its own issuer can read and that ends, another one for every request; one of its shape is unknown. */
export async function requireOpaque({ opaque, introspect, issuer }: IssuingTargets): Promise<void> {
  const texts = [await issue(opaque), await issue(opaque)]
  for (const text of texts) {
    if (text.startsWith('ey') && text.includes('.'))
      throw new Error(`${issuer} issued a JWT instead of an opaque token`)
    const told = await introspected(introspect, text)
    if (told.active !== true) throw new Error(`${issuer} does not know the token that it issued`)
    if (told.scope !== scope) throw new Error(`${issuer} issued a token for another scope`)
    if (typeof told.exp !== 'number') throw new Error(`${issuer} issued a token without an end`)
    if ((await introspected(introspect, falsify(text))).active !== false)
      throw new Error(`${issuer} knows a token that nobody issued`)
  }
  if (new Set(texts).size !== 2) throw new Error(`${issuer} issued the same token twice`)
}

/** The token of one answer. */
export async function issue(target: Target): Promise<string> {
  const { status, text } = await ask(target)
  const { access_token: token } = JSON.parse(text) as { readonly access_token?: string }
  if (token === undefined) throw new Error(`${target.url} answered ${status} without a token`)
  return token
}

async function introspected(target: Target, token: string): Promise<Readonly<Record<string, unknown>>> {
  return JSON.parse((await ask(withField(target, 'token', token))).text) as Readonly<Record<string, unknown>>
}

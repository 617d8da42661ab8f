/** `id_token_hint`: an ID token of ours that a client sends back (OpenID Connect Core §3.1.2.1). It proves nothing about now. */
import { importVerificationKey, isJwtFault, parseJwt, verifyJwt } from '@countersign/core'
import type { Services, TenantContext } from '../../context.ts'

export interface IdTokenHint {
  readonly accountId: string
  readonly clientId: string
  readonly sessionId: string | undefined
}

/** Expired ones count too, as long as the key that signed them is published. `undefined` for any other text. */
export async function readIdTokenHint(
  { signingKeys }: Pick<Services, 'signingKeys'>,
  { id, issuer }: TenantContext,
  text: string,
): Promise<IdTokenHint | undefined> {
  const jwt = parseJwt(text)
  if (isJwtFault(jwt)) return undefined
  const { kid, alg } = jwt.header
  const jwk = (await signingKeys.published(id, 'id_token')).find((each) => each.kid === kid && each.alg === alg)
  if (jwk === undefined) return undefined
  const key = importVerificationKey(jwk, { purpose: 'id_token' })
  const verified = await verifyJwt(jwt, key, { typ: ['JWT'], issuer, purpose: 'id_token' })
  if (isJwtFault(verified)) return undefined
  const { sub, aud, sid } = verified.claims
  if (typeof sub !== 'string' || typeof aud !== 'string') return undefined
  return { accountId: sub, clientId: aud, sessionId: typeof sid === 'string' ? sid : undefined }
}

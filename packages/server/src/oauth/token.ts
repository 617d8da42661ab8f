/** `POST /oauth/token`, RFC 6749 §3.2. A grant fills in what is its own and cannot leave out a shared step. */
import { formatScope, type Seconds } from '@countersign/core'
import type { Services, TenantContext } from '../context.ts'
import { type Answer, json } from '../http/answer.ts'
import { clientAddress, type Sender, senderOf } from '../http/client_address.ts'
import type { HttpRequest } from '../http/request.ts'
import { type AuthenticatorServices, identifyClient } from './client_authenticator.ts'
import { refused } from './client_failure.ts'
import { readForm } from './form.ts'
import type { GrantDecision, GrantServices, TokenRequest } from './grants/grant_type.ts'
import { grantTypes } from './grants/index.ts'
import { atOneMoment } from './issuing_moment.ts'
import { answerOauth } from './oauth_endpoint.ts'
import { OauthError } from './oauth_error.ts'
import { idTokenAlgOf, issueIdToken, provideIdTokenKey } from './person/id_token.ts'
import { presentsClient, readPresentedClient } from './presented_client.ts'
import {
  type IssuedToken,
  type IssueRequest,
  issueJwt,
  issueOpaqueToken,
  type OpaqueIssuerServices,
} from './token_issuer.ts'

export type TokenServices = AuthenticatorServices &
  GrantServices &
  OpaqueIssuerServices &
  Pick<Services, 'log' | 'master' | 'metrics' | 'trustedProxies'>

export function token(services: TokenServices, tenant: TenantContext, request: HttpRequest): Promise<Answer> {
  return answerOauth(services.log, request.requestId, async () => {
    // 1. The form, once, within limits.
    const form = await readForm(request)
    const name = form.get('grant_type')
    if (name === undefined) throw new OauthError('invalid_request', 'grant_type is missing')

    // A grant whose own proof names the client needs no other.
    const identify = presentsClient(request, form) ? undefined : grantTypes.get(name)?.identify
    const proof = identify ?? readPresentedClient(request, form)
    const address = clientAddress(request, services.trustedProxies)

    // 2. The moment all of it counts from, before anything that authorises it is read (docs/protocol/feed.md §2.3).
    const { issue, answer, issued, idToken } = await atOneMoment(services, tenant, async (moment) => {
      // 3. Who is asking.
      const asking = { requestId: request.requestId, address, moment, allowsPublic: true }
      const asked = { tenant, moment, requestId: request.requestId, parameters: form, address }
      const { useUp, ...identified } =
        typeof proof === 'function'
          ? { ...(await proof(services, asked)), isPublic: false, useUp: async () => {} }
          : await identifyClient(services, tenant, proof, asking)

      // 4. Which grant: a map, not a chain of ifs. It decides, through the one issuing gate.
      const decision = await decide(services, name, { ...asked, ...identified }, useUp)

      // 5. Signed, or stored where the API wants opaque tokens.
      const sender = senderOf(request, services.trustedProxies)
      const issued = await issueToken(services, decision.issue, request.requestId, sender)
      return { ...decision, issued, idToken: await tellSignIn(services, decision, issued) }
    })

    // 6. RFC 6749 §5.1.
    services.metrics.issued(name, 'issued')
    return json(
      200,
      {
        access_token: issued.text.reveal(),
        token_type: 'Bearer',
        expires_in: lifeOf(issue, issued, services.now()),
        scope: formatScope(issue.issuable.scope),
        ...answer,
        ...(idToken === undefined ? {} : { id_token: idToken }),
      },
      { Pragma: 'no-cache' },
    )
  })
}

/** RFC 6749 §5.1. `exp` counts from the whole second in which the request began, so only whole seconds since then are gone. */
function lifeOf({ moment }: IssueRequest, { expiresAt }: IssuedToken, now: Seconds): number {
  return Math.max(0, Math.floor(expiresAt) - Math.floor(moment.takenAt) - Math.floor(now - moment.takenAt))
}

/**
 * Uses up the assertion. An answer of either kind takes it; a request that begins again does not. It comes after all
 * comparisons, but for grants that use something up themselves.
 */
async function decide(
  services: GrantServices,
  name: string,
  request: TokenRequest,
  useUp: () => Promise<void>,
): Promise<GrantDecision> {
  let decision: GrantDecision
  try {
    const grantType = grantTypes.get(name)
    if (grantType === undefined)
      throw new OauthError('unsupported_grant_type', 'grant_types_supported of the metadata lists the grant types')
    if (request.isPublic && grantType.isForPublic !== true) throw refused()
    // An assertion that was seen before must not cost its client a code or a refresh token.
    if (grantType.usesUp === true) await useUp()
    decision = await grantType.decide(services, request)
  } catch (error) {
    if (error instanceof OauthError && error.error !== 'temporarily_unavailable') await useUp()
    throw error
  }
  await useUp()
  return decision
}

/** An ID token, where the grant has a sign-in to tell of. */
async function tellSignIn(
  services: OpaqueIssuerServices & Pick<Services, 'master'>,
  { issue, idToken }: GrantDecision,
  issued: IssuedToken,
): Promise<string | undefined> {
  if (idToken === undefined) return undefined
  const { tenant, client, moment } = issue
  await provideIdTokenKey(services, tenant, idTokenAlgOf(client))
  return issueIdToken(services, { tenant, client, at: moment.takenAt }, idToken, issued.text.reveal())
}

function issueToken(
  services: OpaqueIssuerServices,
  issue: IssueRequest,
  requestId: string,
  sender: Sender,
): Promise<IssuedToken> {
  if (issue.api.tokenFormat === 'jwt') return issueJwt(services, issue)
  const actor = { kind: 'client', clientId: issue.client.id, ...sender } as const
  return issueOpaqueToken(services, issue, { actor, requestId })
}

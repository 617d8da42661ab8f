/** `/oauth/logout`: OpenID Connect RP-Initiated Logout 1.0. A client sends people here to end their session. */
import { setCookie } from '../../caller/session_cookie.ts'
import type { TenantContext } from '../../context.ts'
import type { Answer } from '../../http/answer.ts'
import type { HttpRequest } from '../../http/request.ts'
import { parseForm, readForm } from '../../oauth/form.ts'
import { OauthError } from '../../oauth/oauth_error.ts'
import { type IdTokenHint, readIdTokenHint } from '../../oauth/person/id_token_hint.ts'
import { signOut } from '../sign_in.ts'
import type { Endpoint, PageContext } from './endpoint.ts'
import { html } from './html.ts'
import { type Page, seeOther } from './page.ts'
import { askToSignOut } from './sign_out.ts'

/**
 * With a hint of the session that this browser has, it ends at once. Without one it asks first, since a link from anywhere may
 * lead here, and then it sends nobody on.
 */
export const clientLogout: Endpoint = {
  form: 'logout',
  async get(context) {
    const { present, request, services, tenant } = context
    const parameters = parseForm(request.query)
    const text = parameters.get('id_token_hint')
    const hint = text === undefined ? undefined : await readIdTokenHint(services, tenant, text)
    if (text !== undefined && hint === undefined) return wrong('The id_token_hint is no ID token of this server.')
    const clientId = parameters.get('client_id')
    if (hint !== undefined && clientId !== undefined && clientId !== hint.clientId)
      return wrong('The client_id is not that of the id_token_hint.')
    const target = await targetOf(context, hint?.clientId ?? clientId, parameters)
    if ('error' in target) return wrong(target.error)
    if (present !== undefined && present.session.id !== hint?.sessionId) return askToSignOut(context, present)
    if (present !== undefined) await signOut(context, present.session.id, present.account.id)
    const cookies = context.sessionText === undefined ? [] : [setCookie(tenant.issuer, 'session', undefined, 0)]
    if (hint === undefined || target.uri === undefined) return { ...signedOut(), cookies }
    return seeOther(target.uri, cookies)
  },
}

/** A form of another site has no cookies of ours, so that it is sent on to our own page with what it says. */
export async function postClientLogout({ issuer }: TenantContext, request: HttpRequest): Promise<Answer> {
  try {
    return seeOther(`${issuer}/oauth/logout?${new URLSearchParams([...(await readForm(request))])}`)
  } catch (error) {
    if (!(error instanceof OauthError)) throw error
    return seeOther(`${issuer}/oauth/logout`)
  }
}

/** Compared by bytes; a URI that no client is named for leads nowhere. */
async function targetOf(
  { services, tenant }: PageContext,
  clientId: IdTokenHint['clientId'] | undefined,
  parameters: ReadonlyMap<string, string>,
): Promise<{ readonly uri?: string } | { readonly error: string }> {
  const asked = parameters.get('post_logout_redirect_uri')
  if (asked === undefined) return {}
  const client = clientId === undefined ? undefined : await services.store.read.clients.find(tenant.id, clientId)
  if (client?.status !== 'active' || client.signIn?.postLogoutRedirectUris?.includes(asked) !== true)
    return { error: 'The application has not registered this post_logout_redirect_uri.' }
  const state = parameters.get('state')
  if (state === undefined) return { uri: asked }
  return { uri: `${asked}${asked.includes('?') ? '&' : '?'}${new URLSearchParams({ state })}` }
}

function wrong(detail: string): Page {
  const title = 'This application asked in a wrong way'
  const body = html`<div class="deed"><header><h1>${title}</h1><p>${detail}</p></header>
<section><p>Nothing was changed, and you were not sent back.</p></section></div>`
  return { status: 400, title, error: 'invalid_request', body }
}

function signedOut(): Page {
  const body = html`<div class="deed"><header><h1>You are signed out</h1><p>Of this server, at this browser.</p></header></div>`
  return { title: 'You are signed out', body }
}

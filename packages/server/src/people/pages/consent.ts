/** `/oauth/consent`: what an application wants, and the answer of the person. */
import { formatScope, limits, parseScope, type Scope } from '@countersign/core'
import type { Answer } from '../../http/answer.ts'
import { senderOf } from '../../http/client_address.ts'
import type { AuthorizationRequest } from '../../oauth/authorization/request.ts'
import type { Form } from '../../oauth/form.ts'
import { atOneMoment } from '../../oauth/issuing_moment.ts'
import { OauthError } from '../../oauth/oauth_error.ts'
import { AskAgainError, type Asked, allow, findRequest, openRequest, readAsked, refuse } from '../authorization.ts'
import { logoPath } from './assets.ts'
import type { Endpoint, PageContext, SignedIn } from './endpoint.ts'
import { homepageLink } from './homepage.ts'
import { type Html, html } from './html.ts'
import { frameOf, type Page, seeOther } from './page.ts'
import { returnAnswer } from './return_answer.ts'

export const consent: Endpoint = {
  // The form is good for what it showed, and for nothing else.
  form: (form) => formOf(form.get('request') ?? '', form.get('scope') ?? ''),
  get: (context) => ask(context, new URLSearchParams(context.request.query).get('request') ?? ''),
  stale: ({ tenant }, form) =>
    seeOther(`${tenant.issuer}/oauth/consent?request=${encodeURIComponent(form.get('request') ?? '')}`),
  async post(context, form) {
    const { services, signedIn, tenant } = context
    const id = form.get('request') ?? ''
    const request = await findRequest(context, id)
    if (request === undefined) {
      // Pressed again: the browser takes this answer, and it is the one of before while its code waits.
      const isAgain = form.get('decision') === 'allow' && signedIn !== undefined
      return isAgain ? give(context, signedIn, id, form) : over()
    }
    if (signedIn === undefined || mustSignIn(request, signedIn, context.now))
      return seeOther(`${tenant.issuer}/login?request=${encodeURIComponent(id)}`)
    if (isOfAnother(request, signedIn)) return sendBack(context, id, another)
    if (form.get('decision') === 'allow') return give(context, signedIn, id, form)
    if (form.get('decision') !== 'deny') return ask(context, id)
    const refused = await refuse(services, tenant, id)
    if (refused === undefined) return over()
    return returnAnswer(frameOf(context), refused, { error: new OauthError('access_denied', 'the person has refused') })
  },
}

function formOf(id: string, scope: string): string {
  return `consent ${id} ${scope}`
}

async function ask(context: PageContext, id: string): Promise<Page | Answer> {
  const { services, signedIn, tenant } = context
  const request = await openRequest(context, id)
  if (request === undefined) return over()
  const isSilent = request.prompt.includes('none')
  if (signedIn === undefined || mustSignIn(request, signedIn, context.now)) {
    if (isSilent) return sendBack(context, id, new OauthError('login_required', 'nobody is signed in'))
    return seeOther(`${tenant.issuer}/login?request=${encodeURIComponent(id)}`)
  }
  if (isOfAnother(request, signedIn)) return sendBack(context, id, another)
  try {
    const asked = await atOneMoment(services, tenant, (moment) =>
      readAsked(services.store.read, tenant, request, signedIn.account, moment),
    )
    if (asked.isSettled) return giveAsked(context, signedIn, id, { scope: formatScope(asked.all), isAsked: false })
    if (isSilent) return sendBack(context, id, new OauthError('consent_required', 'the person has to be asked'))
    return consentPage(context, signedIn, id, asked)
  } catch (error) {
    if (!(error instanceof OauthError)) throw error
    return sendBack(context, id, error)
  }
}

/** A sign-in that was made for this request is new enough, however long the person takes. */
function mustSignIn(
  { prompt, maxAgeSeconds, askedAt }: AuthorizationRequest,
  { session }: SignedIn,
  now: number,
): boolean {
  // A sign-in of the second in which the request came may be the one before it.
  const isForThis = session.authenticatedAt >= Math.ceil(askedAt)
  if (isForThis) return false
  if (prompt.includes('login') || prompt.includes('select_account')) return true
  if (maxAgeSeconds === undefined) return false
  const age = now - session.authenticatedAt
  // A clock that was put back makes nothing newer.
  return age >= maxAgeSeconds || age <= -limits.clockLeewaySeconds
}

/** The request is about one account, and another one is signed in (OpenID Connect Core §3.1.2.1). */
function isOfAnother({ accountId }: AuthorizationRequest, { account }: SignedIn): boolean {
  return accountId !== undefined && accountId !== account.id
}

const another = new OauthError('login_required', 'another account is signed in than id_token_hint names')

async function sendBack(context: PageContext, id: string, error: OauthError): Promise<Page | Answer> {
  const { services, tenant } = context
  const refused = await refuse(services, tenant, id)
  return refused === undefined ? over() : returnAnswer(frameOf(context), refused, { error })
}

function give(context: PageContext, signedIn: SignedIn, id: string, form: Form): Promise<Page | Answer> {
  return giveAsked(context, signedIn, id, { scope: form.get('scope') ?? '', isAsked: true })
}

async function giveAsked(
  context: PageContext,
  signedIn: SignedIn,
  id: string,
  { scope, isAsked }: { readonly scope: string; readonly isAsked: boolean },
): Promise<Page | Answer> {
  const { request, services, tenant } = context
  const { account, session } = signedIn
  const actor = { kind: 'account', accountId: account.id, ...senderOf(request, services.trustedProxies) } as const
  const allowing = {
    account,
    session,
    requestId: id,
    scope: parseScope(scope),
    isAsked,
    actor,
    httpRequestId: request.requestId,
  }
  try {
    const given = await allow(services, tenant, allowing)
    return given === undefined ? over() : returnAnswer(frameOf(context), given.request, { code: given.code })
  } catch (error) {
    if (error instanceof OauthError) return sendBack(context, id, error)
    if (!(error instanceof AskAgainError)) throw error
    return seeOther(`${tenant.issuer}/oauth/consent?request=${encodeURIComponent(id)}`)
  }
}

function over(): Page {
  const body = html`<div class="deed"><header><h1>This request is over</h1>
<p>It was answered before, or you took more than ten minutes. Go back to the application and begin again.</p></header></div>`
  return { status: 410, title: 'This request is over', error: 'expired', body }
}

function consentPage({ tenant, token }: PageContext, { account }: SignedIn, id: string, asked: Asked): Page {
  const { client, api, all, identity, request, scope } = asked
  const scopeText = formatScope(all)
  const ofApi = scope.length > 0 || identity.length === 0 ? scopeSection(api.name, scope, asked) : undefined
  const ofPerson = identity.length > 0 ? scopeSection('Your account here', identity, asked) : undefined
  const isVerified = client.signIn?.verified === true
  const warning = isVerified ? undefined : html`<p class="caution">Nobody has checked who makes this application.</p>`
  // A picture of one that nobody has checked could be anybody's.
  const picture =
    isVerified && client.logo !== undefined
      ? html`<img class="logo" src="${tenant.issuer}${logoPath(client.logo.digest)}" alt="">`
      : undefined
  const home = client.homepageUri === undefined ? undefined : html`<p>${homepageLink(client.homepageUri)}</p>`
  const body = html`<form class="deed" method="post" action="${tenant.issuer}/oauth/consent">
${token(formOf(id, scopeText))}
<input type="hidden" name="request" value="${id}"><input type="hidden" name="scope" value="${scopeText}">
<header>${picture}<h1>${client.name} wants to use your account</h1>${home}<p>${account.name}, ${account.email ?? ''}</p>${warning}</header>
${ofApi}${ofPerson}
<div class="answer"><button type="submit" name="decision" value="deny">Deny</button>
<button class="primary" type="submit" name="decision" value="allow">Allow</button></div>
<p class="below">Either way you go back to <code>${destinationOf(request)}</code></p></form>
<p class="below">You can end this at any time with your account. The application is then refused within seconds.</p>
<p class="below"><a href="${tenant.issuer}/login?request=${id}">Use another account</a></p>`
  return { title: `Allow ${client.name}?`, isLeaving: true, body }
}

/** OpenID Connect Core §5.4 and §11, in the words of the person. */
const aboutPerson: Readonly<Record<string, string>> = {
  openid: 'Know that it is you, whenever you sign in',
  profile: 'See your name',
  email: 'See your e-mail address',
  offline_access: 'Go on using this when you are away',
}

/** Where nothing was given before, all of it is new, and no item has to say so. */
function scopeSection(title: string, scope: Scope, { api, given }: Asked): Html {
  const items = scope.map((name) => {
    const description = aboutPerson[name] ?? api.scopes.find((each) => each.name === name)?.description
    const text = description === undefined || description === '' ? name : description
    const isNew = given.length > 0 && !given.includes(name)
    return html`<li><div>${text}<small><code>${name}</code></small></div>${isNew ? html`<span class="new">new</span>` : undefined}</li>`
  })
  const asks =
    items.length === 0
      ? html`<p>Nothing but to know that it may call this API for you.</p>`
      : html`<ul class="rows">${items}</ul>`
  return html`<section><h2>${title}</h2>${asks}</section>`
}

/** The host that people know; of an application on this machine its own scheme. */
function destinationOf({ redirectUri }: AuthorizationRequest): string {
  const { host, protocol } = new URL(redirectUri)
  return host === '' ? protocol : host
}

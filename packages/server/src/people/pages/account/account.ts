/** `/account`: what a person sees and ends of their own. */
import { formatTime } from '@countersign/core'
import type { AccountSession } from '@countersign/store'
import { setCookie } from '../../../caller/session_cookie.ts'
import type { Answer } from '../../../http/answer.ts'
import { serverLimits } from '../../../limits.ts'
import type { Form } from '../../../oauth/form.ts'
import { signOutEverywhere } from '../../own_account.ts'
import { removeConsent, signOut } from '../../sign_in.ts'
import type { Endpoint, PageContext, SignedIn } from '../endpoint.ts'
import { homepageLink } from '../homepage.ts'
import { type Html, html } from '../html.ts'
import { type Page, seeOther } from '../page.ts'
import { signInFirst } from './own_page.ts'
import { waysSection } from './ways.ts'

export const account: Endpoint = {
  form: 'account',
  get: (context) => {
    const { signedIn } = context
    return signedIn === undefined ? signInFirst(context) : accountPage(context, signedIn)
  },
  post: end,
}

/** A session or consent of somebody else is not there. */
async function end(context: PageContext, form: Form): Promise<Page | Answer> {
  const { services, signedIn, tenant } = context
  if (signedIn === undefined) return signInFirst(context)
  const consentId = form.get('consent')
  if (consentId !== undefined) {
    await removeConsent(context, consentId, signedIn.account.id)
    return seeOther(`${tenant.issuer}/account`)
  }
  if (form.has('everywhere')) {
    await signOutEverywhere({ ...context, signedIn })
    return seeOther(`${tenant.issuer}/login`, [setCookie(tenant.issuer, 'session', undefined, 0)])
  }
  const id = form.get('session') ?? ''
  const session = await services.store.read.sessions.find(tenant.id, id)
  // A session of somebody else is not there.
  if (session?.accountId === signedIn.account.id) await signOut(context, id, signedIn.account.id)
  const isOwn = id === signedIn.session.id
  const cookies = isOwn ? [setCookie(tenant.issuer, 'session', undefined, 0)] : []
  return seeOther(`${tenant.issuer}${isOwn ? '/login' : '/account'}`, cookies)
}

/** The most applications that a page shows; the management API lists all. */
const consentsShown = 100

async function accountPage(context: PageContext, signedIn: SignedIn): Promise<Page> {
  const { account: person, session } = signedIn
  const { now, services, tenant, token } = context
  const filter = { accountId: person.id, activeAt: now }
  const sessions = await services.store.read.sessions.list(tenant.id, filter, {
    limit: serverLimits.accountSessionsMax,
  })
  const consents = await consentRows(context, person.id)
  const rows = sessions.map((each) => sessionRow(context, each, each.id === session.id))
  const body = html`<div class="deed">
<header><h1>Your account</h1><p>${person.name}</p></header>
<section><h2>Profile</h2><dl class="facts">
<dt>Name</dt><dd>${person.name}</dd>
<dt>E-mail</dt><dd>${person.email ?? 'none'}${changeAddressLink(context)}</dd>
${person.role === undefined ? undefined : html`<dt>Role</dt><dd>Operator of this server</dd>`}
</dl></section>
${await waysSection(context, signedIn)}
${consents.length === 0 ? undefined : html`<section><h2>Connected applications</h2><ul class="rows">${consents}</ul></section>`}
<section><h2>Where you are signed in</h2><ul class="rows">${rows}</ul>
<form method="post" action="${tenant.issuer}/account">${token('account')}<input type="hidden" name="everywhere" value="1">
<div class="side"><span class="quiet">Applications end too</span><button class="danger" type="submit">Sign out everywhere</button></div></form></section>
<form method="post" action="${tenant.issuer}/logout">${token('logout')}
<div class="side"><span class="quiet">Signed in at this browser</span><button type="submit">Sign out</button></div></form>
</div>`
  return { title: 'Your account', body }
}

/** Only where mail is on: the new address is proven by it. */
function changeAddressLink({ services, tenant }: PageContext): Html | undefined {
  return services.mailer.isOn ? html` <a href="${tenant.issuer}/account/address">Change</a>` : undefined
}

function sessionRow({ tenant, token }: PageContext, session: AccountSession, isHere: boolean): Html {
  const browser = session.userAgent === '' ? 'A browser' : browserOf(session.userAgent)
  const seen = formatTime(session.lastSeenAt).replace('T', ' ').replace('Z', ' UTC')
  const where = session.address === undefined ? '' : ` from ${session.address}`
  return html`<li><div>${browser} ${isHere ? html`<span class="here">here</span>` : undefined}
<small>since ${formatTime(session.createdAt).slice(0, 10)}${where}, last seen ${seen}</small></div>
<form method="post" action="${tenant.issuer}/account">${token('account')}
<input type="hidden" name="session" value="${session.id}"><button class="danger" type="submit">End</button></form></li>`
}

async function consentRows(context: PageContext, accountId: string): Promise<readonly Html[]> {
  const { services, tenant, token } = context
  const { apis, clients, consents } = services.store.read
  const rows: Html[] = []
  for (const { id, clientId, apiId, scope, createdAt } of await consents.list(
    tenant.id,
    { accountId },
    { limit: consentsShown },
  )) {
    const client = await clients.find(tenant.id, clientId)
    const api = await apis.find(tenant.id, apiId)
    const home = client?.homepageUri === undefined ? undefined : homepageLink(client.homepageUri)
    rows.push(html`<li><div>${client?.name ?? 'An application that is gone'} ${home}
<small>${api?.name ?? 'an API that is gone'}: ${scope === '' ? 'no scope' : scope}, since ${formatTime(createdAt).slice(0, 10)}</small></div>
<form method="post" action="${tenant.issuer}/account">${token('account')}
<input type="hidden" name="consent" value="${id}"><button class="danger" type="submit">Remove</button></form></li>`)
  }
  return rows
}

/** The name of the browser, as far as its own word goes. The order matters: most claim to be others as well. */
function browserOf(userAgent: string): string {
  const names = ['Firefox', 'Edg', 'OPR', 'Chrome', 'Safari', 'curl'] as const
  const found = names.find((name) => userAgent.includes(`${name}/`))
  if (found === undefined) return userAgent
  return found === 'Edg' ? 'Edge' : found === 'OPR' ? 'Opera' : found
}

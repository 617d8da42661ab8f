/**
 * The one way to a page: who is at the browser, and whether a form comes from a page that this server showed to that
 * browser. A handler sees nothing else.
 */
import { randomBase62 } from '@countersign/core'
import { isFromOwnPage, readCookie, setCookie } from '../../caller/session_cookie.ts'
import type { TenantContext } from '../../context.ts'
import type { Answer } from '../../http/answer.ts'
import { senderOf } from '../../http/client_address.ts'
import { headerValues } from '../../http/header.ts'
import { ProblemError } from '../../http/problem.ts'
import type { HttpRequest } from '../../http/request.ts'
import { createMac } from '../../keys/mac.ts'
import { readForm } from '../../oauth/form.ts'
import { OauthError } from '../../oauth/oauth_error.ts'
import { readSettings } from '../settings.ts'
import type { Endpoint, PageContext, PageServices, SignedIn } from './endpoint.ts'
import { html } from './html.ts'
import { frameOf, type Page, pageAnswer } from './page.ts'

export async function showPage(
  services: PageServices,
  tenant: TenantContext,
  request: HttpRequest,
  endpoint: Endpoint,
): Promise<Answer> {
  const known = readCookie(request, tenant.issuer, 'browser')
  const browser = known ?? randomBase62(22, services.randomBytes)
  const sessionText = readCookie(request, tenant.issuer, 'session')
  const mac = createMac(services.master.derive('form_tokens'))
  const shownTo = (form: string): string => JSON.stringify([tenant.id, browser, sessionText ?? '', form])
  const present = await findPresent(services, tenant, request, sessionText)
  const context: PageContext = {
    services,
    tenant,
    request,
    name: (await services.store.read.tenants.find(tenant.id))?.name ?? '',
    settings: await readSettings(services.store.read, tenant, services.openness),
    signedIn: present?.session.portal === undefined ? present : undefined,
    present,
    browser,
    sessionText,
    now: services.now(),
    token: (form) => html`<input type="hidden" name="csrf" value="${mac.of(shownTo(form))}">`,
  }
  const answer = (shown: Page | Answer): Answer => ('title' in shown ? pageAnswer(frameOf(context), shown) : shown)
  const { post } = endpoint
  if (request.method !== 'POST' || post === undefined) {
    const cookies = known === undefined ? [setCookie(tenant.issuer, 'browser', browser, browserSeconds)] : []
    const shown = answer(await endpoint.get(context))
    return { ...shown, cookies: [...cookies, ...(shown.cookies ?? [])] }
  }
  try {
    const form = await readForm(request)
    const isOurs = known !== undefined && isFromForm(request, tenant.issuer)
    if (!isOurs) return answer(expired(tenant))
    const name = typeof endpoint.form === 'string' ? endpoint.form : endpoint.form(form)
    if (!mac.holds(shownTo(name), form.get('csrf') ?? ''))
      return answer(endpoint.stale === undefined ? expired(tenant) : endpoint.stale(context, form))
    return answer(await post(context, form))
  } catch (error) {
    if (error instanceof OauthError) return answer(wrongRequest(error.message))
    throw error
  }
}

const browserSeconds = 365 * 86_400

/** `Origin: null` comes from a page of ours as well: it sends no referrer. */
function isFromForm(request: HttpRequest, issuer: string): boolean {
  if (isFromOwnPage(request, issuer)) return true
  const origins = headerValues(request, 'origin')
  return headerValues(request, 'sec-fetch-site').length === 0 && origins.length === 1 && origins[0] === 'null'
}

async function findPresent(
  { sessionMoves, store, trustedProxies }: PageServices,
  tenant: TenantContext,
  request: HttpRequest,
  text: string | undefined,
): Promise<SignedIn | undefined> {
  if (text === undefined) return undefined
  const outcome = await tenant.engine.verify({
    credential: text,
    audience: tenant.managementAudience,
    requires: [[]],
    address: undefined,
    origin: undefined,
    isCookie: true,
  })
  // Nobody can tell who it is. To go on as if nobody were signed in would say that a session has ended.
  if (outcome.outcome === 'unavailable')
    throw new ProblemError(503, 'unavailable', 'The session cannot be looked up. Try again.', {
      headers: { 'Retry-After': '1' },
    })
  if (outcome.outcome !== 'verified') return undefined
  const { clientId, credentialId, subject } = outcome.grant
  const actor = { kind: 'credential', clientId, credentialId, accountId: subject } as const
  sessionMoves.seen(outcome.grant, () => ({
    actor: { ...actor, ...senderOf(request, trustedProxies) },
    requestId: request.requestId,
  }))
  const session = await store.read.sessions.find(tenant.id, credentialId)
  const account = await store.read.accounts.find(tenant.id, subject)
  return session === undefined || account?.status !== 'active' ? undefined : { account, session, text }
}

function expired({ issuer }: Pick<TenantContext, 'issuer'>): Page {
  const body = html`<div class="deed"><header><h1>This form is too old</h1>
<p>It was shown at another time, or to another browser. Nothing was changed.</p></header>
<section><a href="${issuer}/login">Begin again</a></section></div>`
  return { status: 410, title: 'This form is too old', error: 'expired', body }
}

function wrongRequest(detail: string): Page {
  const body = html`<div class="deed"><header><h1>This request cannot be read</h1><p>${detail}. Nothing was changed.</p></header></div>`
  return { status: 400, title: 'This request cannot be read', error: 'invalid_request', body }
}

/** `/login`: an address and a password, together or one after the other. */
import { setCookie } from '../../caller/session_cookie.ts'
import { serverLimits } from '../../limits.ts'
import type { Form } from '../../oauth/form.ts'
import { signInByPassword } from '../sign_in.ts'
import type { Endpoint, PageContext } from './endpoint.ts'
import { html } from './html.ts'
import { type Page, seeOther } from './page.ts'

export const login: Endpoint = {
  form: 'login',
  get: (context) => {
    const query = new URLSearchParams(context.request.query)
    const returnTo = query.get('returnTo') ?? undefined
    return loginPage(context, { returnTo: ownPath(context, returnTo), request: requestId(query.get('request')) })
  },
  async post(context, form) {
    const { tenant } = context
    const shown = shownOf(context, form)
    const { email = '' } = shown
    const password = form.get('password')
    if (email === '' || email.length > 254) return loginPage(context, { ...shown, wrong: 'Give your e-mail address.' })
    if (password === undefined && !form.has('asked')) return loginPage(context, { ...shown, isPasswordAsked: true })
    const tried = await signInByPassword(context, email, password ?? '')
    if ('text' in tried) {
      const cookie = setCookie(tenant.issuer, 'session', tried.text.reveal(), serverLimits.sessionSecondsMax)
      return seeOther(destination(context, shown), [cookie])
    }
    if (tried.refused === 'busy')
      return loginPage(context, { ...shown, status: 503, wrong: 'Too many people sign in at this moment. Try again.' })
    const wrong =
      tried.refused === 'wait'
        ? `Too many tries from here. Try again in ${tried.seconds} ${tried.seconds === 1 ? 'second' : 'seconds'}.`
        : 'The e-mail address or the password is wrong.'
    return loginPage(context, { ...shown, status: tried.refused === 'wait' ? 429 : 422, wrong })
  },
}

interface Shown {
  readonly status?: number
  readonly email?: string | undefined
  readonly returnTo?: string | undefined
  /** The request of an application that waits for the person. */
  readonly request?: string | undefined
  readonly isPasswordAsked?: true
  readonly wrong?: string
}

function shownOf(context: PageContext, form: Form): Shown {
  const returnTo = ownPath(context, form.get('returnTo'))
  return { email: form.get('email')?.trim(), returnTo, request: requestId(form.get('request')) }
}

/** A path below the issuer; anything else is dropped, so that nobody is sent elsewhere after a sign-in. */
function ownPath({ tenant }: Pick<PageContext, 'tenant'>, path: string | undefined): string | undefined {
  if (path === undefined || !/^\/(?![/\\])[\x21-\x7e]*$/.test(path) || path.includes('\\')) return undefined
  const { origin, pathname } = new URL(tenant.issuer)
  const base = pathname === '/' ? '/' : `${pathname}/`
  const target = URL.parse(path, origin)
  return target?.origin === origin && target.pathname.startsWith(base) ? path : undefined
}

function requestId(text: string | null | undefined): string | undefined {
  return text != null && /^[0-9A-Za-z]{32}$/.test(text) ? text : undefined
}

function destination({ tenant }: PageContext, { request, returnTo }: Shown): string {
  if (request !== undefined) return `${tenant.issuer}/oauth/consent?request=${request}`
  return returnTo === undefined ? `${tenant.issuer}/account` : `${new URL(tenant.issuer).origin}${returnTo}`
}

function loginPage({ tenant, token }: PageContext, shown: Shown): Page {
  const { email, returnTo, request, isPasswordAsked, wrong } = shown
  const invalid = wrong === undefined ? undefined : html` aria-invalid="true" aria-describedby="wrong"`
  const body = html`<div class="deed"><header><h1>Sign in</h1></header>
<form method="post" action="${tenant.issuer}/login">
${wrong === undefined ? undefined : html`<p class="wrong" role="alert" id="wrong">${wrong}</p>`}
${token('login')}
${returnTo === undefined ? undefined : html`<input type="hidden" name="returnTo" value="${returnTo}">`}
${request === undefined ? undefined : html`<input type="hidden" name="request" value="${request}">`}
${isPasswordAsked === undefined ? undefined : html`<input type="hidden" name="asked" value="password">`}
<label>E-mail address<input name="email" type="email" autocomplete="username" required value="${email ?? ''}"${invalid}></label>
<label>Password<input name="password" type="password" autocomplete="current-password"${invalid}></label>
<button class="primary" type="submit">Sign in</button>
</form></div>`
  const status = shown.status ?? (wrong === undefined ? 200 : 422)
  const isLeaving = request === undefined ? {} : { isLeaving: true as const }
  return { status, title: 'Sign in', ...(wrong === undefined ? {} : { error: 'wrong' }), ...isLeaving, body }
}

/** `/login`: an address and a password, together or one after the other; the other ways in stand after them. */
import { setCookie } from '../../caller/session_cookie.ts'
import { serverLimits } from '../../limits.ts'
import type { Form } from '../../oauth/form.ts'
import type { Onward } from '../mail_codes/sign_in_code.ts'
import { signInByPassword } from '../sign_in.ts'
import type { Endpoint, PageContext } from './endpoint.ts'
import { type Html, html } from './html.ts'
import { codeFormOf } from './mail_codes/code_form.ts'
import { destination, leaving, onwardFields, readOnward, withOnward } from './onward.ts'
import { type Page, seeOther } from './page.ts'

export const login: Endpoint = {
  form: 'login',
  get: (context) => loginPage(context, { onward: readOnward(context), isRecovered: isRecovered(context) }),
  async post(context, form) {
    const { settings, tenant } = context
    const shown = shownOf(context, form)
    const { email = '', onward } = shown
    const password = form.get('password')
    if (email === '' || email.length > 254) return loginPage(context, { ...shown, wrong: 'Give your e-mail address.' })
    if (!settings.signIn.password)
      return loginPage(context, { ...shown, wrong: 'Nobody signs in with a password here.' })
    if (password === undefined && !form.has('asked')) return loginPage(context, { ...shown, isPasswordAsked: true })
    const tried = await signInByPassword(context, email, password ?? '')
    if ('text' in tried) {
      const cookie = setCookie(tenant.issuer, 'session', tried.text.reveal(), serverLimits.sessionSecondsMax)
      return seeOther(destination(context, onward), [cookie])
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
  readonly onward: Onward
  readonly isPasswordAsked?: true
  readonly isRecovered?: boolean
  readonly wrong?: string
}

function shownOf(context: PageContext, form: Form): Shown {
  return { email: form.get('email')?.trim(), onward: readOnward(context, form) }
}

function isRecovered({ request }: PageContext): boolean {
  return new URLSearchParams(request.query).get('notice') === 'recovered'
}

function loginPage(context: PageContext, shown: Shown): Page {
  const { settings, tenant, token } = context
  const { email, onward, isPasswordAsked, wrong } = shown
  const invalid = wrong === undefined ? undefined : html` aria-invalid="true" aria-describedby="wrong"`
  const first = settings.signIn.password
    ? { path: '/login', form: 'login', button: 'Sign in' }
    : { path: '/login/code', form: codeFormOf('/login/code', ''), button: 'Send me a code' }
  const password = settings.signIn.password
    ? html`<label>Password<input name="password" type="password" autocomplete="current-password"${invalid}></label>`
    : undefined
  const recovered = html`<p class="done" role="status">Your password was replaced, and you were signed out everywhere. Sign in with the new one.</p>`
  const body = html`<div class="deed"><header><h1>Sign in</h1></header>
<form method="post" action="${tenant.issuer}${first.path}">
${shown.isRecovered === true ? recovered : undefined}
${wrong === undefined ? undefined : html`<p class="wrong" role="alert" id="wrong">${wrong}</p>`}
${token(first.form)}
${onwardFields(onward)}
${isPasswordAsked === undefined ? undefined : html`<input type="hidden" name="asked" value="password">`}
<label>E-mail address<input name="email" type="email" autocomplete="username" required value="${email ?? ''}"${invalid}></label>
${password}
<button class="primary" type="submit">${first.button}</button>
</form>${otherWays(context, onward)}</div>`
  const status = shown.status ?? (wrong === undefined ? 200 : 422)
  return { status, title: 'Sign in', ...(wrong === undefined ? {} : { error: 'wrong' }), ...leaving(onward), body }
}

/** Only what works here: a link that leads to "this is off" is none. */
function otherWays({ services, settings, tenant }: PageContext, onward: Onward): Html | undefined {
  const { mailer } = services
  const { signIn, signUp } = settings
  const ways = [
    {
      path: '/login/code',
      text: 'Sign in with a code by mail',
      isThere: signIn.password && signIn.mailCode && mailer.isOn,
    },
    { path: '/recover', text: 'Forgotten your password?', isThere: signIn.password && mailer.isOn },
    { path: '/signup', text: 'Create an account', isThere: signUp === 'open' && mailer.isOn },
  ].filter(({ isThere }) => isThere)
  if (ways.length === 0) return undefined
  const rows = ways.map(
    ({ path, text }) => html`<li><a href="${withOnward(`${tenant.issuer}${path}`, onward)}">${text}</a></li>`,
  )
  return html`<section><ul class="ways">${rows}</ul></section>`
}

/** `/login`: an address and a password, together or one after the other; the other ways in stand after them. */
import type { Form } from '../../oauth/form.ts'
import { signInByPassword } from '../sign_in.ts'
import { type Goal, goalFields, goalOf, goOn } from './after_sign_in.ts'
import type { Endpoint, PageContext } from './endpoint.ts'
import { html } from './html.ts'
import { codeFormOf } from './mail_codes/code_form.ts'
import { leaving, otherWays } from './mail_codes/other_ways.ts'
import type { Page } from './page.ts'

export const login: Endpoint = {
  form: 'login',
  get: (context) =>
    loginPage(context, {
      goal: goalOf(context, new URLSearchParams(context.request.query)),
      isRecovered: isRecovered(context),
    }),
  async post(context, form) {
    const { settings } = context
    const shown = shownOf(context, form)
    const { email = '', goal } = shown
    const password = form.get('password')
    if (email === '' || email.length > 254) return loginPage(context, { ...shown, wrong: 'Give your e-mail address.' })
    if (!settings.signIn.password)
      return loginPage(context, { ...shown, wrong: 'Nobody signs in with a password here.' })
    if (password === undefined && !form.has('asked')) return loginPage(context, { ...shown, isPasswordAsked: true })
    const tried = await signInByPassword(context, email, password ?? '')
    if ('text' in tried) return goOn(context, goal, tried.text.reveal())
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
  readonly goal: Goal
  readonly isPasswordAsked?: true
  readonly isRecovered?: boolean
  readonly wrong?: string
}

function shownOf(context: PageContext, form: Form): Shown {
  return { email: form.get('email')?.trim(), goal: goalOf(context, form) }
}

function isRecovered({ request }: PageContext): boolean {
  return new URLSearchParams(request.query).get('notice') === 'recovered'
}

function loginPage(context: PageContext, shown: Shown): Page {
  const { settings, tenant, token } = context
  const { email, goal, isPasswordAsked, wrong } = shown
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
${goalFields(goal)}
${isPasswordAsked === undefined ? undefined : html`<input type="hidden" name="asked" value="password">`}
<label>E-mail address<input name="email" type="email" autocomplete="username" required value="${email ?? ''}"${invalid}></label>
${password}
<button class="primary" type="submit">${first.button}</button>
</form>${otherWays(context, goal)}</div>`
  const status = shown.status ?? (wrong === undefined ? 200 : 422)
  return { status, title: 'Sign in', ...(wrong === undefined ? {} : { error: 'wrong' }), ...leaving(goal), body }
}

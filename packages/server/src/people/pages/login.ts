/** `/login`: an address and a password, together or one after the other; the other ways in stand after them. */
import type { Form } from '../../oauth/form.ts'
import { findRequest } from '../authorization.ts'
import { type PasswordOutcome, signInByPassword } from '../sign_in.ts'
import { type Goal, goalFields, goalOf, goOn } from './after_sign_in.ts'
import type { Endpoint, PageContext } from './endpoint.ts'
import { type Html, html } from './html.ts'
import { codeFormOf } from './mail_codes/code_form.ts'
import { leaving, otherWays } from './mail_codes/other_ways.ts'
import type { Page } from './page.ts'
import { passkeyProof } from './passkey_form.ts'
import { postProof, proofFormName, secondFactorPage } from './second_factor.ts'
import { busyText, invalid, waitText, wrongAnswer, wrongText } from './wrong.ts'

export const login: Endpoint = {
  form: (form) => proofFormName(form) ?? 'login',
  async get(context) {
    const query = new URLSearchParams(context.request.query)
    const goal = goalOf(context, query)
    const isRecovered = query.get('notice') === 'recovered'
    return loginPage(context, { goal, isRecovered, email: await hintedAddress(context, goal) })
  },
  async post(context, form) {
    // A passkey as second factor stays good: the setting is about the way in.
    if (form.has('passkey') && !form.has('pending') && !context.settings.signIn.passkey) return noPasskey(context, form)
    if (form.has('pending') || form.has('passkey')) return (await postProof(context, form)) ?? noPasskey(context, form)
    const goal = goalOf(context, form)
    const email = form.get('email')?.trim() ?? ''
    const password = form.get('password')
    if (email === '' || email.length > 254)
      return loginPage(context, { goal, email, wrong: 'Give your e-mail address.' })
    if (!context.settings.signIn.password)
      return loginPage(context, { goal, email, wrong: 'Nobody signs in with a password here.' })
    if (password === undefined && !form.has('asked')) return loginPage(context, { goal, email, isPasswordAsked: true })
    const tried = await signInByPassword(context, email, password ?? '')
    if ('text' in tried) return goOn(context, goal, tried.text.reveal())
    if ('pending' in tried) return secondFactorPage(context, { pending: tried.pending, goal })
    return loginPage(context, { goal, email, ...refusalOf(tried) })
  },
}

/** `login_hint` of the application that waits (OpenID Connect Core §3.1.2.1), where it can be an address. */
async function hintedAddress(context: PageContext, { request }: Goal): Promise<string | undefined> {
  const hint = request === undefined ? undefined : (await findRequest(context, request))?.loginHint
  return hint !== undefined && hint.length <= 254 && hint.includes('@') ? hint : undefined
}

function refusalOf(tried: Extract<PasswordOutcome, { readonly refused: string }>): Pick<Shown, 'status' | 'wrong'> {
  switch (tried.refused) {
    case 'busy':
      return { status: 503, wrong: busyText }
    case 'wait':
      return { status: 429, wrong: waitText(tried.seconds) }
    case 'wrong':
      return { wrong: 'The e-mail address or the password is wrong.' }
  }
}

function noPasskey(context: PageContext, form: Form): Page {
  const wrong = 'The passkey was not accepted. Try again, or sign in another way.'
  return loginPage(context, { goal: goalOf(context, form), wrong })
}

interface Shown {
  readonly status?: number
  readonly email?: string | undefined
  readonly goal: Goal
  readonly isPasswordAsked?: true
  readonly isRecovered?: boolean
  readonly wrong?: string
}

function loginPage(context: PageContext, shown: Shown): Page {
  const { settings } = context
  const { goal, isRecovered = false, status, wrong } = shown
  const passkey = passkeyProof(context, '/login', { fields: goalFields(goal), text: 'Sign in with a passkey' })
  const recovered = html`<p class="done" role="status">Your password was replaced, and you were signed out everywhere. Sign in with the new one.</p>`
  const said = isRecovered ? recovered : wrongText(wrong)
  const body = html`<div class="deed"><header><h1>Sign in</h1></header>
${firstForm(context, shown, said) ?? passkeyAlone(said)}
${settings.signIn.passkey ? passkey : undefined}
${otherWays(context, goal)}</div>`
  return { ...wrongAnswer(wrong, status), title: 'Sign in', script: 'passkey', ...leaving(goal), body }
}

/** `undefined` where neither a password nor a mailed code signs anybody in. */
function firstForm(context: PageContext, { email = '', goal, isPasswordAsked, wrong }: Shown, said: Html | undefined) {
  const { services, settings, tenant, token } = context
  const { mailCode, password } = settings.signIn
  if (!password && !(mailCode && services.mailer.isOn)) return undefined
  const { path, form, button } = password
    ? { path: '/login', form: 'login', button: 'Sign in' }
    : { path: '/login/code', form: codeFormOf('/login/code', ''), button: 'Send me a code' }
  const passwordField = html`<label>Password<input name="password" type="password" autocomplete="current-password"${invalid(wrong)}></label>`
  return html`<form method="post" action="${tenant.issuer}${path}">
${said}${token(form)}${goalFields(goal)}
${isPasswordAsked === undefined ? undefined : html`<input type="hidden" name="asked" value="password">`}
<label>E-mail address<input name="email" type="email" autocomplete="username" required value="${email}"${invalid(wrong)}></label>
${password ? passwordField : undefined}
<button class="primary" type="submit">${button}</button>
</form>`
}

function passkeyAlone(said: Html | undefined): Html {
  return html`${said === undefined ? undefined : html`<section>${said}</section>`}
<noscript><section><p>To sign in with a passkey, this page needs script.</p></section></noscript>`
}

/** `/login`: an address and a password, together or one after the other. */
import type { Form } from '../../oauth/form.ts'
import { type PasswordOutcome, signInByPassword } from '../sign_in.ts'
import { type Goal, goalFields, goalOf, goOn } from './after_sign_in.ts'
import type { Endpoint, PageContext } from './endpoint.ts'
import { html } from './html.ts'
import type { Page } from './page.ts'
import { passkeyProof } from './passkey_form.ts'
import { invalid, postProof, proofFormName, secondFactorPage, wrongText } from './second_factor.ts'

export const login: Endpoint = {
  form: (form) => proofFormName(form) ?? 'login',
  get: (context) => loginPage(context, { goal: goalOf(context, new URLSearchParams(context.request.query)) }),
  async post(context, form) {
    if (form.has('pending') || form.has('passkey')) return (await postProof(context, form)) ?? noPasskey(context, form)
    const goal = goalOf(context, form)
    const email = form.get('email')?.trim() ?? ''
    const password = form.get('password')
    if (email === '' || email.length > 254)
      return loginPage(context, { goal, email, wrong: 'Give your e-mail address.' })
    if (password === undefined && !form.has('asked')) return loginPage(context, { goal, email, isPasswordAsked: true })
    const tried = await signInByPassword(context, email, password ?? '')
    if ('text' in tried) return goOn(context, goal, tried.text.reveal())
    if ('pending' in tried) return secondFactorPage(context, { pending: tried.pending, goal })
    return loginPage(context, { goal, email, ...refusalOf(tried) })
  },
}

function refusalOf(tried: Extract<PasswordOutcome, { readonly refused: string }>): Pick<Shown, 'status' | 'wrong'> {
  switch (tried.refused) {
    case 'busy':
      return { status: 503, wrong: 'Too many people sign in at this moment. Try again.' }
    case 'wait': {
      const seconds = `${tried.seconds} ${tried.seconds === 1 ? 'second' : 'seconds'}`
      return { status: 429, wrong: `Too many tries from here. Try again in ${seconds}.` }
    }
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
  readonly wrong?: string
}

function loginPage(context: PageContext, shown: Shown): Page {
  const { tenant, token } = context
  const { email, goal, isPasswordAsked, wrong } = shown
  const body = html`<div class="deed"><header><h1>Sign in</h1></header>
<form method="post" action="${tenant.issuer}/login">
${wrongText(wrong)}${token('login')}${goalFields(goal)}
${isPasswordAsked === undefined ? undefined : html`<input type="hidden" name="asked" value="password">`}
<label>E-mail address<input name="email" type="email" autocomplete="username" required value="${email ?? ''}"${invalid(wrong)}></label>
<label>Password<input name="password" type="password" autocomplete="current-password"${invalid(wrong)}></label>
<button class="primary" type="submit">Sign in</button>
</form>
${passkeyProof(context, '/login', { fields: goalFields(goal), text: 'Sign in with a passkey' })}</div>`
  return {
    status: shown.status ?? (wrong === undefined ? 200 : 422),
    title: 'Sign in',
    ...(wrong === undefined ? {} : { error: 'wrong' }),
    script: 'passkey',
    ...(goal.request === undefined ? {} : { isLeaving: true as const }),
    body,
  }
}

/** `/login/code`: a code by mail, instead of a password. */
import type { Answer } from '../../../http/answer.ts'
import type { Form } from '../../../oauth/form.ts'
import { findWaiting } from '../../mail_codes/ask_for_code.ts'
import { askForSignInCode, signInByCode } from '../../mail_codes/sign_in_code.ts'
import { isEmail } from '../../person_fields.ts'
import { type Goal, goalFields, goalOf, goOn } from '../after_sign_in.ts'
import type { Endpoint, PageContext } from '../endpoint.ts'
import { html } from '../html.ts'
import { type Page, seeOther } from '../page.ts'
import { secondFactorPage } from '../second_factor.ts'
import { codeFormOf, codeOver, codePage, digitsOf, isOff, refusalText, wrongCode } from './code_form.ts'
import { leaving } from './other_ways.ts'

const path = '/login/code'
const title = 'Sign in with a code'

export const loginCode: Endpoint = {
  form: (form) => codeFormOf(path, form.get('challenge') ?? ''),
  get(context) {
    const query = new URLSearchParams(context.request.query)
    const challenge = query.get('challenge')
    if (challenge !== null) return enter(context, challenge)
    return isThere(context) ? askPage(context, { goal: goalOf(context, query) }) : off(context)
  },
  async post(context, form) {
    if (!isThere(context)) return off(context)
    const challenge = form.get('challenge')
    return challenge === undefined ? ask(context, form) : redeem(context, challenge, form)
  },
}

function isThere({ services, settings }: PageContext): boolean {
  return settings.signIn.mailCode && services.mailer.isOn
}

function off(context: PageContext): Page {
  return isOff(context, 'No codes by mail', 'Nobody signs in with a mailed code here. Sign in another way.')
}

async function ask(context: PageContext, form: Form): Promise<Page | Answer> {
  const email = form.get('email')?.trim() ?? ''
  const goal = goalOf(context, form)
  if (!isEmail(email)) return askPage(context, { goal, email, wrong: 'Give your e-mail address.' })
  const asked = await askForSignInCode(context, email, goal)
  if ('challenge' in asked) return seeOther(`${context.tenant.issuer}${path}?challenge=${asked.challenge}`)
  return askPage(context, { goal, email, ...refusalText(asked) })
}

async function enter(context: PageContext, challenge: string, wrong?: string): Promise<Page> {
  const waiting = await findWaiting(context, 'sign_in', challenge)
  if (waiting === undefined) return codeOver(context, path)
  const { goal } = waiting.content as { readonly goal: Goal }
  const { email } = waiting
  const lead = 'Where there is an account, a code is on its way to'
  return { ...codePage(context, { title, path, challenge, email, lead, button: 'Sign in', wrong }), ...leaving(goal) }
}

async function redeem(context: PageContext, challenge: string, form: Form): Promise<Page | Answer> {
  const tried = await signInByCode(context, challenge, digitsOf(form.get('code')))
  if ('text' in tried) return goOn(context, tried.goal, tried.text.reveal())
  if ('pending' in tried) return secondFactorPage(context, { pending: tried.pending, goal: tried.goal })
  if (tried.refused === 'over') return codeOver(context, path)
  if (tried.refused === 'wrong') return enter(context, challenge, wrongCode)
  const { status, wrong } = refusalText(tried)
  return { ...(await enter(context, challenge, wrong)), status }
}

interface Shown {
  readonly goal: Goal
  readonly email?: string
  readonly wrong?: string
  readonly status?: number
}

function askPage({ tenant, token }: PageContext, { goal, email = '', wrong, status }: Shown): Page {
  const invalid = wrong === undefined ? undefined : html` aria-invalid="true" aria-describedby="wrong"`
  const body = html`<div class="deed"><header><h1>${title}</h1><p>It is mailed to you, and good once.</p></header>
<form method="post" action="${tenant.issuer}${path}">
${wrong === undefined ? undefined : html`<p class="wrong" role="alert" id="wrong">${wrong}</p>`}
${token(codeFormOf(path, ''))}
${goalFields(goal)}
<label>E-mail address<input name="email" type="email" autocomplete="username" required value="${email}"${invalid}></label>
<button class="primary" type="submit">Send me a code</button>
</form></div>`
  const shown = wrong === undefined ? {} : { error: 'wrong' }
  return { status: status ?? (wrong === undefined ? 200 : 422), title, ...shown, ...leaving(goal), body }
}

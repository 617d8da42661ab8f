/** `/signup`: somebody becomes an account by a code that is mailed to them, where the owner lets everybody in. */
import type { Answer } from '../../../http/answer.ts'
import type { Form } from '../../../oauth/form.ts'
import { findWaiting } from '../../mail_codes/ask_for_code.ts'
import { askForAccount, signUpByCode } from '../../mail_codes/sign_up.ts'
import { isEmail } from '../../person_fields.ts'
import { type Goal, goalFields, goalOf, goOn } from '../after_sign_in.ts'
import type { Endpoint, PageContext } from '../endpoint.ts'
import { html } from '../html.ts'
import { type Page, seeOther } from '../page.ts'
import { codeFormOf, codeOver, codePage, digitsOf, isOff, refusalText, wrongCode } from './code_form.ts'
import { leaving, withGoal } from './other_ways.ts'
import { personFields, readPerson } from './person_form.ts'

const path = '/signup'
const title = 'Create an account'

export const signup: Endpoint = {
  form: (form) => codeFormOf(path, form.get('challenge') ?? ''),
  get(context) {
    const query = new URLSearchParams(context.request.query)
    const challenge = query.get('challenge')
    if (challenge !== null) return enter(context, challenge)
    return isOpen(context) ? askPage(context, { goal: goalOf(context, query) }) : off(context)
  },
  async post(context, form) {
    if (!isOpen(context)) return off(context)
    const challenge = form.get('challenge')
    return challenge === undefined ? ask(context, form) : redeem(context, challenge, form)
  },
}

function isOpen({ services, settings }: PageContext): boolean {
  return settings.signUp === 'open' && services.mailer.isOn
}

function off(context: PageContext): Page {
  const why = 'Accounts are made by invitation. Ask those whose page sent you here.'
  return isOff(context, 'Nobody signs up here', why)
}

async function ask(context: PageContext, form: Form): Promise<Page | Answer> {
  const email = form.get('email')?.trim() ?? ''
  const goal = goalOf(context, form)
  const { name, password, wrong } = readPerson(context, form)
  if (!isEmail(email)) return askPage(context, { goal, email, name, wrong: 'Give your e-mail address.' })
  if (wrong !== undefined) return askPage(context, { goal, email, name, wrong })
  const asked = await askForAccount(context, { email, name, password, goal })
  if ('challenge' in asked) return seeOther(`${context.tenant.issuer}${path}?challenge=${asked.challenge}`)
  return askPage(context, { goal, email, name, ...refusalText(asked) })
}

async function enter(context: PageContext, challenge: string, wrong?: string): Promise<Page> {
  const waiting = await findWaiting(context, 'sign_up', challenge)
  if (waiting === undefined) return codeOver(context, path)
  const { goal } = waiting.content as { readonly goal: Goal }
  const { email } = waiting
  const page = codePage(context, { title: 'Confirm your address', path, challenge, email, button: title, wrong })
  return { ...page, ...leaving(goal) }
}

async function redeem(context: PageContext, challenge: string, form: Form): Promise<Page | Answer> {
  const tried = await signUpByCode(context, challenge, digitsOf(form.get('code')))
  if ('text' in tried) return goOn(context, tried.goal, tried.text.reveal())
  if (tried.refused === 'over') return codeOver(context, path)
  if (tried.refused === 'wrong') return enter(context, challenge, wrongCode)
  const { status, wrong } = refusalText(tried)
  return { ...(await enter(context, challenge, wrong)), status }
}

interface Shown {
  readonly goal: Goal
  readonly email?: string
  readonly name?: string
  readonly wrong?: string
  readonly status?: number
}

function askPage(context: PageContext, { goal, email = '', name = '', wrong, status }: Shown): Page {
  const { tenant, token } = context
  const body = html`<div class="deed"><header><h1>${title}</h1><p>A code is mailed to you. Until you enter it, nothing is made.</p></header>
<form method="post" action="${tenant.issuer}${path}">
${wrong === undefined ? undefined : html`<p class="wrong" role="alert">${wrong}</p>`}
${token(codeFormOf(path, ''))}
${goalFields(goal)}
<label>E-mail address<input name="email" type="email" autocomplete="email" required value="${email}"></label>
${personFields(context, name)}
<button class="primary" type="submit">Go on</button>
</form>
<section><p class="quiet">You have an account? <a href="${withGoal(`${tenant.issuer}/login`, goal)}">Sign in</a></p></section></div>`
  const shown = wrong === undefined ? {} : { error: 'wrong' }
  return { status: status ?? (wrong === undefined ? 200 : 422), title, ...shown, ...leaving(goal), body }
}

/** `/recover`: a new password by a code that is mailed to the person. It signs nobody in. */
import { setCookie } from '../../../caller/session_cookie.ts'
import type { Answer } from '../../../http/answer.ts'
import type { Form } from '../../../oauth/form.ts'
import { findWaiting } from '../../mail_codes/ask_for_code.ts'
import { askForRecovery, recover as recoverBy } from '../../mail_codes/recovery.ts'
import { isEmail } from '../../person_fields.ts'
import type { Endpoint, PageContext } from '../endpoint.ts'
import { html } from '../html.ts'
import { type Page, seeOther } from '../page.ts'
import { codeFormOf, codeOver, codePage, digitsOf, isOff, refusalText, wrongCode } from './code_form.ts'

const path = '/recover'
const title = 'A new password'

export const recover: Endpoint = {
  form: (form) => codeFormOf(path, form.get('challenge') ?? ''),
  get(context) {
    const challenge = new URLSearchParams(context.request.query).get('challenge')
    if (challenge !== null) return enter(context, challenge)
    return isThere(context) ? askPage(context, {}) : off(context)
  },
  async post(context, form) {
    if (!isThere(context)) return off(context)
    const challenge = form.get('challenge')
    return challenge === undefined ? ask(context, form) : redeem(context, challenge, form)
  },
}

function isThere({ services, settings }: PageContext): boolean {
  return settings.signIn.password && services.mailer.isOn
}

function off(context: PageContext): Page {
  const why = 'Ask those who run this server for a link that signs you in.'
  return isOff(context, 'No new password by mail', why)
}

async function ask(context: PageContext, form: Form): Promise<Page | Answer> {
  const email = form.get('email')?.trim() ?? ''
  if (!isEmail(email)) return askPage(context, { email, wrong: 'Give your e-mail address.' })
  const asked = await askForRecovery(context, email)
  if ('challenge' in asked) return seeOther(`${context.tenant.issuer}${path}?challenge=${asked.challenge}`)
  return askPage(context, { email, ...refusalText(asked) })
}

async function enter(context: PageContext, challenge: string, wrong?: string): Promise<Page> {
  const waiting = await findWaiting(context, 'recover', challenge)
  if (waiting === undefined) return codeOver(context, path)
  const { email } = waiting
  const lead = 'Where there is an account, a code is on its way to'
  const fields = html`<label>New password<input name="password" type="password" autocomplete="new-password" required>
<small>At least 8 characters. Long is better than odd.</small></label>
<p class="quiet">You are signed out everywhere, and applications that you allowed have to ask again. A second factor stays as it is.</p>`
  return codePage(context, { title, path, challenge, email, lead, fields, button: 'Replace the password', wrong })
}

async function redeem(context: PageContext, challenge: string, form: Form): Promise<Page | Answer> {
  const { tenant } = context
  const code = digitsOf(form.get('code'))
  const done = await recoverBy(context, { challenge, code, password: form.get('password') ?? '' })
  if ('isRecovered' in done) {
    const cookies = [setCookie(tenant.issuer, 'session', undefined, 0)]
    return seeOther(`${tenant.issuer}/login?notice=recovered`, cookies)
  }
  if (done.refused === 'over') return codeOver(context, path)
  if (done.refused === 'wrong') return enter(context, challenge, wrongCode)
  if (done.refused === 'flaw') return enter(context, challenge, `The password ${done.why}.`)
  const { status, wrong } = refusalText(done)
  return { ...(await enter(context, challenge, wrong)), status }
}

interface Shown {
  readonly email?: string
  readonly wrong?: string
  readonly status?: number
}

function askPage({ tenant, token }: PageContext, { email = '', wrong, status }: Shown): Page {
  const invalid = wrong === undefined ? undefined : html` aria-invalid="true" aria-describedby="wrong"`
  const body = html`<div class="deed"><header><h1>${title}</h1><p>A code is mailed to you. With it you choose another password.</p></header>
<form method="post" action="${tenant.issuer}${path}">
${wrong === undefined ? undefined : html`<p class="wrong" role="alert" id="wrong">${wrong}</p>`}
${token(codeFormOf(path, ''))}
<label>E-mail address<input name="email" type="email" autocomplete="username" required value="${email}"${invalid}></label>
<button class="primary" type="submit">Send me a code</button>
</form></div>`
  const shown = wrong === undefined ? {} : { error: 'wrong' }
  return { status: status ?? (wrong === undefined ? 200 : 422), title, ...shown, body }
}

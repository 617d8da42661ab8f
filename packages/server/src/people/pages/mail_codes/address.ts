/** `/account/address`: another address, proven by a code that is mailed to it. */
import type { Answer } from '../../../http/answer.ts'
import type { Form } from '../../../oauth/form.ts'
import { findWaiting } from '../../mail_codes/ask_for_code.ts'
import { askForAddress, changeAddress, isOwnAddress } from '../../mail_codes/new_address.ts'
import { isEmail } from '../../person_fields.ts'
import { type OwnContext, ownPage } from '../account/own_page.ts'
import type { Endpoint, PageContext, SignedIn } from '../endpoint.ts'
import { html } from '../html.ts'
import { type Page, seeOther } from '../page.ts'
import { codeFormOf, codeOver, codePage, digitsOf, isOff, refusalText, wrongCode } from './code_form.ts'

const path = '/account/address'
const title = 'Another address'

/** An open browser is not enough: the person has shown lately to be it (docs/people/sign-in.md). */
export const address: Endpoint = ownPage(path, {
  form: (form) => codeFormOf(path, form.get('challenge') ?? ''),
  async get(context) {
    if (!context.services.mailer.isOn) return off(context)
    const challenge = new URLSearchParams(context.request.query).get('challenge')
    return challenge === null ? askPage(context, context.signedIn, {}) : enter(context, challenge)
  },
  async post(context, form) {
    if (!context.services.mailer.isOn) return off(context)
    const challenge = form.get('challenge')
    return challenge === undefined ? ask(context, form) : redeem(context, challenge, form)
  },
})

function off(context: PageContext): Page {
  return isOff(context, 'No other address', 'No mail is sent here. Ask those who run this server.')
}

async function ask(context: OwnContext, form: Form): Promise<Page | Answer> {
  const { signedIn } = context
  const email = form.get('email')?.trim() ?? ''
  if (!isEmail(email)) return askPage(context, signedIn, { email, wrong: 'Give an e-mail address.' })
  if (isOwnAddress(signedIn, email))
    return askPage(context, signedIn, { email, wrong: 'This is your address already.' })
  const asked = await askForAddress(context, signedIn, email)
  if ('challenge' in asked) return seeOther(`${context.tenant.issuer}${path}?challenge=${asked.challenge}`)
  return askPage(context, signedIn, { email, ...refusalText(asked) })
}

async function enter(context: PageContext, challenge: string, wrong?: string): Promise<Page> {
  const waiting = await findWaiting(context, 'new_address', challenge)
  if (waiting === undefined) return codeOver(context, path)
  const { email } = waiting
  return codePage(context, { title, path, challenge, email, button: 'Change the address', wrong })
}

async function redeem(
  context: OwnContext,
  challenge: string,
  form: Form,
): Promise<Page | Answer | { readonly refused: 'step_up' }> {
  const done = await changeAddress(context, context.signedIn, challenge, digitsOf(form.get('code')))
  if ('isChanged' in done) return seeOther(`${context.tenant.issuer}/account`)
  if (done.refused === 'step_up') return { refused: 'step_up' }
  if (done.refused === 'over') return codeOver(context, path)
  if (done.refused === 'wrong') return enter(context, challenge, wrongCode)
  const { status, wrong } = refusalText(done)
  return { ...(await enter(context, challenge, wrong)), status }
}

interface Shown {
  readonly email?: string
  readonly wrong?: string
  readonly status?: number
}

function askPage({ tenant, token }: PageContext, { account }: SignedIn, { email = '', wrong, status }: Shown): Page {
  const invalid = wrong === undefined ? undefined : html` aria-invalid="true" aria-describedby="wrong"`
  const body = html`<div class="deed"><header><h1>${title}</h1><p>Your address is <b>${account.email ?? 'none'}</b>. A code is mailed to the new one; the old one is told.</p></header>
<form method="post" action="${tenant.issuer}${path}">
${wrong === undefined ? undefined : html`<p class="wrong" role="alert" id="wrong">${wrong}</p>`}
${token(codeFormOf(path, ''))}
<label>New e-mail address<input name="email" type="email" autocomplete="email" required value="${email}"${invalid}></label>
<button class="primary" type="submit">Send a code</button>
</form>
<section><a href="${tenant.issuer}/account">Leave it as it is</a></section></div>`
  const shown = wrong === undefined ? {} : { error: 'wrong' }
  return { status: status ?? (wrong === undefined ? 200 : 422), title, ...shown, body }
}

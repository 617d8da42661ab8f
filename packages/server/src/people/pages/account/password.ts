/** `/account/password`: another password, or the first. */

import { setCookie } from '../../../caller/session_cookie.ts'
import { changePassword } from '../../own_account.ts'
import { sessionCookie } from '../after_sign_in.ts'
import { html } from '../html.ts'
import { type Page, seeOther } from '../page.ts'
import { busyText, invalid, wrongText } from '../wrong.ts'
import { type OwnContext, ownPage, ownSheet, usernameField } from './own_page.ts'

const path = '/account/password'
const formName = 'password'

export const password = ownPage(path, {
  form: formName,
  get: async (context) => passwordPage(context),
  async post(context, form) {
    const { tenant } = context
    const changed = await changePassword(context, form.get('password') ?? '', form.get('applications') === 'end')
    if ('refused' in changed) {
      if (changed.refused === 'step_up') return { refused: changed.refused }
      return passwordPage(context, wrongOf(changed))
    }
    if (!changed.isNew) return seeOther(`${tenant.issuer}/account`)
    // It ended with all others where something ended the account meanwhile.
    if (changed.text === undefined)
      return seeOther(`${tenant.issuer}/login`, [setCookie(tenant.issuer, 'session', undefined, 0)])
    return seeOther(`${tenant.issuer}/account`, [sessionCookie(context, changed.text.reveal())])
  },
})

function wrongOf({
  refused,
  why = '',
}: {
  readonly refused: 'busy' | 'unverified' | 'flaw'
  readonly why?: string
}): string {
  switch (refused) {
    case 'busy':
      return busyText
    case 'unverified':
      return 'Your e-mail address is not verified, so a password could not sign you in.'
    case 'flaw':
      return `The password ${why}.`
  }
}

function passwordPage(context: OwnContext, wrong?: string): Page {
  const { signedIn, tenant, token } = context
  const body = html`<form method="post" action="${tenant.issuer}${path}">${wrongText(wrong)}${token(formName)}
${usernameField(signedIn)}
<label>New password<input name="password" type="password" autocomplete="new-password" required${invalid(wrong)}>
<small>8 to 256 characters. Long is better than odd.</small></label>
<label class="check"><input type="checkbox" name="applications" value="end" checked> Also end the applications that you allowed</label>
<button class="primary" type="submit">Set the password</button></form>`
  const lead = 'Wherever else you are signed in, you will be signed out.'
  return ownSheet(context, { title: 'Your password', lead, body, wrong })
}

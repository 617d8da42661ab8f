/** `/recover`: a new password by a code that is mailed to the person. It signs nobody in. */
import { setCookie } from '../../../caller/session_cookie.ts'
import { askForRecovery, recover as recoverBy } from '../../mail_codes/recovery.ts'
import type { Endpoint, PageContext } from '../endpoint.ts'
import { html } from '../html.ts'
import { seeOther } from '../page.ts'
import { isOff } from './code_form.ts'
import { codeWay, type Typed, typedOf } from './code_way.ts'

const title = 'A new password'

export const recover: Endpoint = codeWay<PageContext, Typed>({
  path: '/recover',
  purpose: 'recover',
  isThere: ({ services, settings }) => settings.signIn.password && services.mailer.isOn,
  off: (context) =>
    isOff(context, 'No new password by mail', 'Ask those who run this server for a link that signs you in.'),
  read: typedOf,
  askWords: () => ({
    title,
    lead: 'A code is mailed to you. With it you choose another password.',
    button: 'Send me a code',
  }),
  ask: (context, { email }) => askForRecovery(context, email),
  codeWords: () => ({
    title,
    lead: 'Where there is an account, a code is on its way to',
    fields: html`<label>New password<input name="password" type="password" autocomplete="new-password" required>
<small>At least 8 characters. Long is better than odd.</small></label>
<p class="quiet">You are signed out everywhere, and applications that you allowed have to ask again. A second factor stays as it is.</p>`,
    button: 'Replace the password',
  }),
  async take(context, { challenge, code }, form) {
    const { tenant } = context
    const done = await recoverBy(context, { challenge, code, password: form.get('password') ?? '' })
    if ('isRecovered' in done) {
      const cookies = [setCookie(tenant.issuer, 'session', undefined, 0)]
      return seeOther(`${tenant.issuer}/login?notice=recovered`, cookies)
    }
    return done.refused === 'flaw' ? { wrong: `The password ${done.why}.` } : done
  },
})

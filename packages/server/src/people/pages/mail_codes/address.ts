/** `/account/address`: another address, proven by a code that is mailed to it. */
import { hasAddress } from '../../mail_codes/ask_for_code.ts'
import { askForAddress, changeAddress } from '../../mail_codes/new_address.ts'
import { type OwnContext, ownPage, stepUpFirst } from '../account/own_page.ts'
import type { Endpoint } from '../endpoint.ts'
import { html } from '../html.ts'
import { seeOther } from '../page.ts'
import { isOff } from './code_form.ts'
import { codeWay, type Typed, typedOf } from './code_way.ts'

const path = '/account/address'
const title = 'Another address'

/** An open browser is not enough: the person has shown lately to be it (docs/people/sign-in.md). */
export const address: Endpoint = ownPage(
  path,
  codeWay<OwnContext, Typed>({
    path,
    purpose: 'new_address',
    isThere: ({ services }) => services.mailer.isOn,
    off: (context) => isOff(context, 'No other address', 'No mail is sent here. Ask those who run this server.'),
    read: typedOf,
    askWords: ({ signedIn, tenant }) => ({
      title,
      lead: html`Your address is <b>${signedIn.account.email ?? 'none'}</b>. A code is mailed to the new one; the old one is told.`,
      label: 'New e-mail address',
      button: 'Send a code',
      below: html`
<section><a href="${tenant.issuer}/account">Leave it as it is</a></section>`,
    }),
    ask: async (context, { email }) => {
      if (hasAddress(context.signedIn.account, email)) return { wrong: 'This is your address already.' }
      return askForAddress(context, context.signedIn, email)
    },
    codeWords: () => ({ title, button: 'Change the address' }),
    async take(context, { challenge, code }) {
      const done = await changeAddress(context, context.signedIn, challenge, code)
      if ('isChanged' in done) return seeOther(`${context.tenant.issuer}/account`)
      return done.refused === 'step_up' ? stepUpFirst(context, path) : done
    },
  }),
)

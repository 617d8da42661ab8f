/** `/signup`: somebody becomes an account by a code that is mailed to them, where the owner lets everybody in. */
import { askForAccount, signUpByCode } from '../../mail_codes/sign_up.ts'
import { goOn } from '../after_sign_in.ts'
import type { Endpoint, PageContext } from '../endpoint.ts'
import { html } from '../html.ts'
import { isOff } from './code_form.ts'
import { codeWay, type Typed, typedOf } from './code_way.ts'
import { withGoal } from './other_ways.ts'
import { personFields, readPerson } from './person_form.ts'

const title = 'Create an account'

type NewPerson = Typed & ReturnType<typeof readPerson>

export const signup: Endpoint = codeWay<PageContext, NewPerson>({
  path: '/signup',
  purpose: 'sign_up',
  isThere: ({ services, settings }) => settings.signUp === 'open' && services.mailer.isOn,
  off: (context) =>
    isOff(context, 'Nobody signs up here', 'Accounts are made by invitation. Ask those whose page sent you here.'),
  read: (context, form) => ({ ...typedOf(context, form), ...readPerson(context, form) }),
  askWords: (context, { goal, name }) => ({
    title,
    lead: 'A code is mailed to you. Until you enter it, nothing is made.',
    fields: personFields(context, name),
    button: 'Go on',
    below: html`
<section><p class="quiet">You have an account? <a href="${withGoal(`${context.tenant.issuer}/login`, goal)}">Sign in</a></p></section>`,
  }),
  ask: async (context, { wrong, ...person }) => (wrong === undefined ? askForAccount(context, person) : { wrong }),
  codeWords: () => ({ title: 'Confirm your address', button: title }),
  async take(context, { challenge, code }) {
    const tried = await signUpByCode(context, challenge, code)
    return 'text' in tried ? goOn(context, tried.goal, tried.text.reveal()) : tried
  },
})

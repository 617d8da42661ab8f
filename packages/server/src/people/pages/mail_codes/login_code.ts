/** `/login/code`: a code by mail, instead of a password. */
import { askForSignInCode, signInByMailedCode } from '../../mail_codes/sign_in_code.ts'
import { goOn } from '../after_sign_in.ts'
import type { Endpoint, PageContext } from '../endpoint.ts'
import { secondFactorPage } from '../second_factor.ts'
import { isOff } from './code_form.ts'
import { codeWay, type Typed, typedOf } from './code_way.ts'

const title = 'Sign in with a code'

export const loginCode: Endpoint = codeWay<PageContext, Typed>({
  path: '/login/code',
  purpose: 'sign_in',
  isThere: ({ services, settings }) => settings.signIn.mailCode && services.mailer.isOn,
  off: (context) => isOff(context, 'No codes by mail', 'Nobody signs in with a mailed code here. Sign in another way.'),
  read: typedOf,
  askWords: () => ({ title, lead: 'It is mailed to you, and good once.', button: 'Send me a code' }),
  ask: (context, { email, goal }) => askForSignInCode(context, email, goal),
  codeWords: () => ({ title, lead: 'Where there is an account, a code is on its way to', button: 'Sign in' }),
  async take(context, { challenge, code }) {
    const tried = await signInByMailedCode(context, challenge, code)
    if ('text' in tried) return goOn(context, tried.goal, tried.text.reveal())
    return 'pending' in tried ? secondFactorPage(context, { pending: tried.pending, goal: tried.goal }) : tried
  },
})

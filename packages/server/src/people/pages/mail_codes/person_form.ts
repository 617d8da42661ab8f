/** Name and password of somebody who becomes an account. */
import type { Form } from '../../../oauth/form.ts'
import { passwordFlaw } from '../../password.ts'
import { isName } from '../../person_fields.ts'
import type { PageContext } from '../endpoint.ts'
import { type Html, html } from '../html.ts'

/** The members of a new person as the form has them, or what is wrong with them. */
export function readPerson(
  { settings }: Pick<PageContext, 'settings'>,
  form: Form,
): { readonly name: string; readonly password: string | undefined; readonly wrong?: string } {
  const name = form.get('name')?.trim() ?? ''
  const password = settings.signIn.password ? (form.get('password') ?? '') : undefined
  const flaw = password === undefined ? undefined : passwordFlaw(password)
  if (!isName(name)) return { name, password, wrong: 'Give your name.' }
  return { name, password, ...(flaw === undefined ? {} : { wrong: `The password ${flaw}.` }) }
}

/** The fields for name and password, with what the person typed; never the password. */
export function personFields({ settings }: Pick<PageContext, 'settings'>, name: string): Html {
  const password = html`<label>Password<input name="password" type="password" autocomplete="new-password" required>
<small>At least 8 characters. Long is better than odd.</small></label>`
  return html`<label>Name<input name="name" autocomplete="name" required maxlength="200" value="${name}"></label>
${settings.signIn.password ? password : undefined}`
}

/** `/logout`: ends the session of this browser. It asks before, since a link from elsewhere may lead here. */
import { setCookie } from '../../caller/session_cookie.ts'
import { signOut } from '../sign_in.ts'
import type { Endpoint } from './endpoint.ts'
import { seeOther } from './page.ts'
import { askToSignOut } from './sign_out.ts'

export const logout: Endpoint = {
  form: 'logout',
  get: (context) => {
    const { present, tenant } = context
    return present === undefined ? seeOther(`${tenant.issuer}/login`) : askToSignOut(context, present)
  },
  async post(context) {
    const { present, tenant } = context
    if (present !== undefined) await signOut(context, present.session.id, present.account.id)
    return seeOther(`${tenant.issuer}/login`, [setCookie(tenant.issuer, 'session', undefined, 0)])
  },
}

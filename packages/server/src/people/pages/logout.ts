/** `/logout`: ends the session of this browser. It asks before, since a link from elsewhere may lead here. */
import { setCookie } from '../../caller/session_cookie.ts'
import { signOut } from '../sign_in.ts'
import type { Endpoint } from './endpoint.ts'
import { html } from './html.ts'
import { seeOther } from './page.ts'

export const logout: Endpoint = {
  form: 'logout',
  get: ({ signedIn, tenant, token }) => {
    if (signedIn === undefined) return seeOther(`${tenant.issuer}/login`)
    const body = html`<div class="deed"><header><h1>Sign out?</h1><p>${signedIn.account.name}</p></header>
<form method="post" action="${tenant.issuer}/logout">${token('logout')}<button class="primary" type="submit">Sign out</button></form></div>`
    return { title: 'Sign out', body }
  },
  async post(context) {
    const { signedIn, tenant } = context
    if (signedIn !== undefined) await signOut(context, signedIn.session.id, signedIn.account.id)
    return seeOther(`${tenant.issuer}/login`, [setCookie(tenant.issuer, 'session', undefined, 0)])
  },
}

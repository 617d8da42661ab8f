import type { PageContext, SignedIn } from './endpoint.ts'
import { html } from './html.ts'
import type { Page } from './page.ts'

/** The question whether to sign out, which every way to it asks that cannot prove to be meant. Its form goes to `/logout`. */
export function askToSignOut({ tenant, token }: PageContext, { account }: SignedIn): Page {
  const body = html`<div class="deed"><header><h1>Sign out?</h1><p>${account.name}</p></header>
<form method="post" action="${tenant.issuer}/logout">${token('logout')}<button class="primary" type="submit">Sign out</button></form></div>`
  return { title: 'Sign out', body }
}

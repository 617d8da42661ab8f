/** `/portal` and `/console`: until they are there, they lead to the account. */

import type { Endpoint, PageContext } from './endpoint.ts'
import { html } from './html.ts'
import type { Page } from './page.ts'

export const notThereYet: Endpoint = {
  form: 'not_there_yet',
  get({ tenant }: PageContext): Page {
    const body = html`<div class="deed"><header><h1>Nothing is here yet</h1>
<p>Use the command line, or the management API. Your sessions are with your account.</p></header>
<section><a href="${tenant.issuer}/account">Your account</a></section></div>`
    return { title: 'Nothing is here yet', body }
  },
}

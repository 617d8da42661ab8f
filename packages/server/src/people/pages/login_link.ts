/** `/login/link`: where a link that signs in once leads. Its code stands behind `#`, and is sent by a button. */
import { signInByLink } from '../sign_in.ts'
import { type Goal, goOn } from './after_sign_in.ts'
import type { Endpoint, PageContext } from './endpoint.ts'
import { html } from './html.ts'
import type { Page } from './page.ts'
import { secondFactorPage } from './second_factor.ts'
import { invalid, wrongAnswer, wrongText } from './wrong.ts'

export const loginLink: Endpoint = {
  form: 'login_link',
  get: (context) => linkPage(context),
  async post(context, form) {
    const code = form.get('code')
    if (code === undefined) return linkPage(context, 'Paste the code of your link: all that stands behind #.')
    const signedIn = await signInByLink(context, code)
    if (signedIn === undefined) return usedUp(context)
    if (signedIn === 'operator') return forOperators(context)
    if ('pending' in signedIn) {
      const goal = signedIn.isPortal ? portalOf(context) : {}
      return secondFactorPage(context, { pending: signedIn.pending, goal })
    }
    const goal = signedIn.isPortal ? portalOf(context) : await homeOf(context, signedIn.session.accountId)
    return goOn(context, goal, signedIn.text.reveal())
  },
}

/** Operators and members of a team go to the portal; all others have nothing there. */
async function homeOf(context: PageContext, accountId: string): Promise<Goal> {
  const { services, tenant } = context
  const { accounts, memberships } = services.store.read
  const isOperator = (await accounts.find(tenant.id, accountId))?.role === 'operator'
  if (!isOperator && (await memberships.ofAccount(tenant.id, accountId)).length === 0) return {}
  return portalOf(context)
}

function portalOf({ tenant }: PageContext): Goal {
  return { returnTo: new URL(`${tenant.issuer}/portal`).pathname }
}

function linkPage({ token, tenant }: PageContext, wrong?: string): Page {
  const isOwnMachine = tenant.issuer.startsWith('http:')
  const body = html`<div class="deed"><header><h1>Sign in</h1><p>This link signs you in once.</p></header>
<form method="post" action="${tenant.issuer}/login/link" data-link="${isOwnMachine ? 'send' : 'wait'}">
${wrongText(wrong)}
${token('login_link')}
<label>Code of the link<input class="code" name="code" autocomplete="off" autocapitalize="off" spellcheck="false"${invalid(wrong)}>
<small>Without script, paste here what stands behind # in your link.</small></label>
<button class="primary" type="submit">Sign in</button>
</form></div>`
  return { ...wrongAnswer(wrong), title: 'Sign in', script: 'link', body }
}

function usedUp({ tenant }: PageContext): Page {
  const body = html`<div class="deed"><header><h1>This link is used up</h1>
<p>A link signs in once, for a short time. Ask whoever sent it for another one.</p></header>
<section><a href="${tenant.issuer}/login">Sign in another way</a></section></div>`
  return { status: 410, title: 'This link is used up', error: 'expired', body }
}

function forOperators({ tenant }: PageContext): Page {
  const body = html`<div class="deed"><header><h1>This link signs nobody in</h1>
<p>Its account runs this server, and signs in by itself.</p></header>
<section><a href="${tenant.issuer}/login">Sign in</a></section></div>`
  return { status: 403, title: 'This link signs nobody in', error: 'forbidden', body }
}

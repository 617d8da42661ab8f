/** The frame of a page below `/account` on which something changes who may come in: signed in, and proven lately. */
import { digest } from '@countersign/core'
import type { Answer } from '../../../http/answer.ts'
import type { Form } from '../../../oauth/form.ts'
import { hasProvenLately } from '../../factors/own_session.ts'
import type { Endpoint, PageContext, SignedIn } from '../endpoint.ts'
import { type Html, html } from '../html.ts'
import { type Page, seeOther } from '../page.ts'
import { wrongAnswer } from '../wrong.ts'

export type OwnContext = PageContext & { readonly signedIn: SignedIn }

type Shown = Promise<Page | Answer>

export function ownPage(
  path: string,
  {
    form,
    get,
    post,
  }: {
    readonly form: Endpoint['form']
    readonly get: (context: OwnContext) => Shown
    readonly post: (context: OwnContext, form: Form) => Promise<Page | Answer | { readonly refused: 'step_up' }>
  },
): Endpoint {
  async function guard(context: PageContext, work: (own: OwnContext) => ReturnType<typeof post>): Shown {
    const { signedIn } = context
    if (signedIn === undefined) return signInFirst(context)
    if (await mustStepUp(context, signedIn)) return stepUpFirst(context, path)
    const shown = await work({ ...context, signedIn })
    return 'refused' in shown ? stepUpFirst(context, path) : shown
  }
  return {
    form,
    get: (context) => guard(context, get),
    post: (context, sent) => guard(context, (own) => post(own, sent)),
  }
}

/** A page of one sheet, with the way back. */
export function ownSheet(
  { tenant }: PageContext,
  {
    title,
    lead,
    body,
    wrong,
    script,
  }: {
    readonly title: string
    readonly lead: Html | string
    readonly body: Html
    readonly wrong?: string | undefined
    readonly script?: 'passkey'
  },
): Page {
  const sheet = html`<div class="deed"><header><h1>${title}</h1><p>${lead}</p></header>${body}</div>
<p class="below"><a href="${tenant.issuer}/account">Back to your account</a></p>`
  return { ...wrongAnswer(wrong), title, ...(script === undefined ? {} : { script }), body: sheet }
}

/** For password managers, which keep a password under a name. */
export function usernameField({ account: { email = '' } }: SignedIn): Html {
  return html`<input name="email" type="email" autocomplete="username" value="${email}" hidden>`
}

export const stepUpPath = '/account/step-up'

/** The person has not proven lately to be it. */
async function mustStepUp({ now, services, sessionText = '' }: PageContext, { session }: SignedIn): Promise<boolean> {
  return !(await hasProvenLately(services.store.read, session, await digest(sessionText), now))
}

/** To the page that asks for it, and from there back to this one. */
export function stepUpFirst({ tenant }: Pick<PageContext, 'tenant'>, path: string): Answer {
  const base = new URL(tenant.issuer).pathname.replace(/\/$/, '')
  return seeOther(`${tenant.issuer}${stepUpPath}?returnTo=${encodeURIComponent(`${base}${path}`)}`)
}

/** To the sign-in. Who came by a portal link is told first why: this browser is in, and not in the account. */
export function signInFirst({ present, tenant }: PageContext): Page | Answer {
  if (present === undefined) return seeOther(`${tenant.issuer}/login`)
  const title = 'You came by a link'
  const body = html`<div class="deed"><header><h1>${title}</h1>
<p>It lets you into the portal. Your account is shown and changed once you have signed in by yourself.</p></header>
<section><a href="${tenant.issuer}/portal">Back to the portal</a></section>
<section><a href="${tenant.issuer}/login">Sign in</a></section></div>`
  return { status: 403, title, error: 'forbidden', body }
}

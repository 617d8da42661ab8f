/** The ways in besides the first form of `/login`, each a link. */
import type { Goal } from '../after_sign_in.ts'
import type { PageContext } from '../endpoint.ts'
import { type Html, html } from '../html.ts'

/** Only those that work here: a link that leads to "this is off" is none. */
export function otherWays({ services, settings, tenant }: PageContext, goal: Goal): Html | undefined {
  const { mailer } = services
  const { signIn, signUp } = settings
  const ways = [
    { path: '/login/code', text: 'Sign in with a code by mail', isThere: signIn.password && signIn.mailCode },
    { path: '/recover', text: 'Forgotten your password?', isThere: signIn.password },
    { path: '/signup', text: 'Create an account', isThere: signUp === 'open' },
  ].filter(({ isThere }) => isThere && mailer.isOn)
  if (ways.length === 0) return undefined
  const rows = ways.map(
    ({ path, text }) => html`<li><a href="${withGoal(`${tenant.issuer}${path}`, goal)}">${text}</a></li>`,
  )
  return html`<section><ul class="ways">${rows}</ul></section>`
}

/** A link to another page of ours that leads on to the same. */
export function withGoal(url: string, { request, returnTo }: Goal): string {
  const query = new URLSearchParams({
    ...(returnTo === undefined ? {} : { returnTo }),
    ...(request === undefined ? {} : { request }),
  })
  return query.size === 0 ? url : `${url}?${query}`
}

/** A page of a running authorization restricts no targets of forms (`Page.isLeaving`). */
export function leaving({ request }: Goal): { readonly isLeaving?: true } {
  return request === undefined ? {} : { isLeaving: true }
}

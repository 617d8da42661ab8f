/** Where a person goes once they are in: to the application that waits, to a path of ours, or to the account. */
import type { Form } from '../../oauth/form.ts'
import type { Onward } from '../mail_codes/sign_in_code.ts'
import type { PageContext } from './endpoint.ts'
import { type Html, html } from './html.ts'

/** From the query of a page, or from the form that it sent. */
export function readOnward(context: Pick<PageContext, 'request' | 'tenant'>, form?: Form): Onward {
  const query = new URLSearchParams(context.request.query)
  const sent = (name: string): string | undefined =>
    (form === undefined ? query.get(name) : form.get(name)) ?? undefined
  return { returnTo: ownPath(context, sent('returnTo')), request: requestId(sent('request')) }
}

/** Hidden fields, with which a form carries it on. */
export function onwardFields({ returnTo, request }: Onward): Html {
  return html`${returnTo === undefined ? undefined : html`<input type="hidden" name="returnTo" value="${returnTo}">`}
${request === undefined ? undefined : html`<input type="hidden" name="request" value="${request}">`}`
}

/** The same for a link to another page of ours. */
export function withOnward(url: string, { returnTo, request }: Onward): string {
  const query = new URLSearchParams({
    ...(returnTo === undefined ? {} : { returnTo }),
    ...(request === undefined ? {} : { request }),
  })
  return query.size === 0 ? url : `${url}?${query}`
}

export function destination({ tenant }: Pick<PageContext, 'tenant'>, { request, returnTo }: Onward): string {
  if (request !== undefined) return `${tenant.issuer}/oauth/consent?request=${request}`
  return returnTo === undefined ? `${tenant.issuer}/account` : `${new URL(tenant.issuer).origin}${returnTo}`
}

/** A page of a running authorization restricts no targets of forms (`Page.isLeaving`). */
export function leaving({ request }: Onward): { readonly isLeaving?: true } {
  return request === undefined ? {} : { isLeaving: true }
}

/** A path below the issuer; anything else is dropped, so that nobody is sent elsewhere after a sign-in. */
function ownPath({ tenant }: Pick<PageContext, 'tenant'>, path: string | undefined): string | undefined {
  if (path === undefined || !/^\/(?![/\\])[\x21-\x7e]*$/.test(path) || path.includes('\\')) return undefined
  const { origin, pathname } = new URL(tenant.issuer)
  const base = pathname === '/' ? '/' : `${pathname}/`
  const target = URL.parse(path, origin)
  return target?.origin === origin && target.pathname.startsWith(base) ? path : undefined
}

function requestId(text: string | undefined): string | undefined {
  return text !== undefined && /^[0-9A-Za-z]{32}$/.test(text) ? text : undefined
}

/** Where a person goes after signing in: back to an application that waits, to a page of this server, or to the account. */
import { setCookie } from '../../caller/session_cookie.ts'
import type { Answer } from '../../http/answer.ts'
import { serverLimits } from '../../limits.ts'
import type { Form } from '../../oauth/form.ts'
import type { PageContext } from './endpoint.ts'
import { type Html, html } from './html.ts'
import { seeOther } from './page.ts'

export interface Goal {
  readonly returnTo?: string | undefined
  /** The request of an application that waits for the person. */
  readonly request?: string | undefined
}

export function goalOf(context: Pick<PageContext, 'tenant'>, given: Pick<Form, 'get'> | URLSearchParams): Goal {
  const request = given.get('request') ?? undefined
  return {
    returnTo: ownPath(context, given.get('returnTo') ?? undefined),
    request: request !== undefined && /^[0-9A-Za-z]{32}$/.test(request) ? request : undefined,
  }
}

/** Carries the goal through the forms of a sign-in. */
export function goalFields({ request, returnTo }: Goal): readonly Html[] {
  const fields = { returnTo, request }
  return Object.entries(fields).flatMap(([name, value]) =>
    value === undefined ? [] : [html`<input type="hidden" name="${name}" value="${value}">`],
  )
}

/** A path below the issuer; anything else is dropped, so that nobody is sent elsewhere after a sign-in. */
function ownPath({ tenant }: Pick<PageContext, 'tenant'>, path: string | undefined): string | undefined {
  if (path === undefined || !/^\/(?![/\\])[\x21-\x7e]*$/.test(path) || path.includes('\\')) return undefined
  const { origin, pathname } = new URL(tenant.issuer)
  const base = pathname === '/' ? '/' : `${pathname}/`
  const target = URL.parse(path, origin)
  return target?.origin === origin && target.pathname.startsWith(base) ? path : undefined
}

export function goalUrl({ tenant }: Pick<PageContext, 'tenant'>, { request, returnTo }: Goal): string {
  if (request !== undefined) return `${tenant.issuer}/oauth/consent?request=${request}`
  return returnTo === undefined ? `${tenant.issuer}/account` : `${new URL(tenant.issuer).origin}${returnTo}`
}

/** The browser has this session from now on. */
export function sessionCookie({ tenant }: Pick<PageContext, 'tenant'>, text: string): string {
  return setCookie(tenant.issuer, 'session', text, serverLimits.sessionSecondsMax)
}

export function goOn(context: Pick<PageContext, 'tenant'>, goal: Goal, text: string): Answer {
  return seeOther(goalUrl(context, goal), [sessionCookie(context, text)])
}

/**
 * Next.js route handlers (App Router).
 *
 *     export const GET = withAuth((request) => Response.json({ for: request.auth.clientId }), { scope: 'orders:read' })
 *     export const POST = protect()(requireScope('orders:write')(handler))
 *
 * Next tells a route handler no peer address: keys that are bound to addresses need `peerAddress`, such as
 * `(request) => request.headers.get('x-real-ip') ?? undefined` where your proxy sets that header and nobody else can.
 */
import { type FetchProtectOptions, type Handler, protect, requireAnyScope, requireScope } from './fetch.ts'

export type { AuthenticatedRequest, FetchProtectOptions as NextProtectOptions, Handler, Wrap } from './fetch.ts'
export { protect, requireAnyScope, requireScope }

/** A route handler that only verified requests reach; `request.auth` is the grant. `context` is handed on. */
export function withAuth<A extends readonly unknown[], R extends Request = Request>(
  handler: Handler<R, A>,
  options: FetchProtectOptions = {},
): (request: R, ...rest: A) => Promise<Response> {
  return protect(options)(handler)
}

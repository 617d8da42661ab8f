/**
 * Anything that takes a web `Request` and gives a `Response`: Deno, Bun, workers.
 *
 *     const handler = protect({ scope: 'orders:read' })((request) => new Response(request.auth.clientId))
 *     export default { fetch: handler }
 *
 * The peer's address is taken from what Deno hands over beside the request, or from `peerAddress`; without one, a key
 * that is bound to addresses is refused.
 */
import type { Grant } from '@countersign/core'
import { createGate, createScopeGate, type Gate, type ProtectOptions, protectOptions } from './gate.ts'

export type { OwnBody, RefusalInfo } from './gate.ts'

/** Options of `protect`, and the source of the peer's address. An unknown one throws. */
export interface FetchProtectOptions extends ProtectOptions {
  /** The address of the other end of the connection, from the request and what the runtime hands over beside it. */
  readonly peerAddress?: (request: Request, ...rest: readonly unknown[]) => string | undefined
}

/** A request that passed. Behind `optional: true` `auth` may be undefined. */
export type AuthenticatedRequest<R extends Request = Request> = R & { readonly auth: Grant }

/** A handler that is given a verified request, and what the runtime hands over beside it. */
export type Handler<R extends Request, A extends readonly unknown[]> = (
  request: AuthenticatedRequest<R>,
  ...rest: A
) => Response | Promise<Response>

/** Makes a handler that only verified requests reach. */
export type Wrap = <A extends readonly unknown[], R extends Request = Request>(
  handler: Handler<R, A>,
) => (request: R, ...rest: A) => Promise<Response>

const optionNames = { ...protectOptions, peerAddress: true } satisfies Record<keyof FetchProtectOptions, true>

/** Lets only verified requests pass; `request.auth` is the grant. See `ProtectOptions`. */
export function protect(options: FetchProtectOptions = {}): Wrap {
  return wrapOf(createGate(options, optionNames), options.peerAddress)
}

/** After `protect`: the grant must have all of these scopes. Alone it protects by itself, from the environment. */
export function requireScope(...scopes: readonly string[]): Wrap {
  return wrapOf(createScopeGate('scope', scopes))
}

/** After `protect`: the grant must have one of these scopes. Alone it protects by itself, from the environment. */
export function requireAnyScope(...scopes: readonly string[]): Wrap {
  return wrapOf(createScopeGate('anyScope', scopes))
}

function wrapOf(gate: Gate, peerAddress: NonNullable<FetchProtectOptions['peerAddress']> = peerOfDeno): Wrap {
  return (handler) =>
    async function countersign(request, ...rest) {
      let over = (): void => {}
      const passage = await gate({
        key: request,
        peer: peerAddress(request, ...rest),
        forwardedFor: () => request.headers.get('x-forwarded-for') ?? undefined,
        ask: (verifier, expectation) => verifier.verifyRequest(request, expectation),
        whenOver: (settle) => {
          over = settle
        },
      })
      if ('refusal' in passage) {
        const { status, headers, body } = passage.refusal
        return new Response(body, { status, headers })
      }
      Object.defineProperty(request, passage.property, { value: passage.grant, configurable: true, enumerable: true })
      try {
        return withHeaders(await handler(request as AuthenticatedRequest<typeof request>, ...rest), passage.headers)
      } finally {
        over()
      }
    }
}

/** The headers of a fetched response or a redirect cannot be changed, so they are added to a copy. */
function withHeaders(response: Response, headers: Readonly<Record<string, string>>): Response {
  if (Object.keys(headers).length === 0) return response
  const copy = new Response(response.body, response)
  for (const [name, value] of Object.entries(headers)) copy.headers.set(name, value)
  return copy
}

/** `Deno.serve` hands over `{ remoteAddr: { hostname } }`. */
function peerOfDeno(_request: Request, info?: unknown): string | undefined {
  const { remoteAddr } = (info ?? {}) as { readonly remoteAddr?: { readonly hostname?: string } }
  return typeof remoteAddr?.hostname === 'string' ? remoteAddr.hostname : undefined
}

/**
 * Hono 4, on any runtime.
 *
 *     app.use('/api/*', protect())
 *     app.post('/api/orders', requireScope('orders:write'), (c) => c.json({ for: c.var.auth.clientId }))
 *
 * The peer's address comes from `@hono/node-server`, or from `peerAddress`; without one, a key that is bound to
 * addresses is refused.
 */
import type { Grant } from '@countersign/core'
import type { Context, MiddlewareHandler } from 'hono'
import { createGate, createScopeGate, type Gate, type ProtectOptions, protectOptions } from './gate.ts'

export type { OwnBody, RefusalInfo } from './gate.ts'

/** Options of `protect`, and the source of the peer's address. An unknown one throws. */
export interface HonoProtectOptions extends ProtectOptions {
  /** The address of the other end of the connection, where the runtime tells it in a way of its own. */
  readonly peerAddress?: (c: Context) => string | undefined
}

declare module 'hono' {
  interface ContextVariableMap {
    /** The grant; undefined only behind `optional: true`. */
    auth: Grant | undefined
  }
}

/** Middleware that sets `context.var.auth`, the grant. */
export type Protected = MiddlewareHandler<{ Variables: { auth: Grant } }>

const optionNames = { ...protectOptions, peerAddress: true } satisfies Record<keyof HonoProtectOptions, true>

/** Lets only verified requests pass; `c.get('auth')` is the grant. See `ProtectOptions`. */
export function protect(options: HonoProtectOptions = {}): Protected {
  return middlewareOf(createGate(options, optionNames), options.peerAddress)
}

/** After `protect`: the grant must have all of these scopes. Alone it protects by itself, from the environment. */
export function requireScope(...scopes: readonly string[]): Protected {
  return middlewareOf(createScopeGate('scope', scopes))
}

/** After `protect`: the grant must have one of these scopes. Alone it protects by itself, from the environment. */
export function requireAnyScope(...scopes: readonly string[]): Protected {
  return middlewareOf(createScopeGate('anyScope', scopes))
}

function middlewareOf(gate: Gate, peerAddress: (c: Context) => string | undefined = peerOfNodeServer): Protected {
  return async function countersign(c, next) {
    let over = (): void => {}
    const passage = await gate({
      key: c,
      peer: peerAddress(c),
      forwardedFor: () => c.req.raw.headers.get('x-forwarded-for') ?? undefined,
      ask: (verifier, expectation) => verifier.verifyRequest(c.req.raw, expectation),
      whenOver: (settle) => {
        over = settle
      },
    })
    if ('refusal' in passage) {
      const { status, headers, body } = passage.refusal
      return new Response(body, { status, headers })
    }
    // Absent only behind `optional`, where the caller's own type says so.
    c.set(passage.property as 'auth', passage.grant as Grant)
    try {
      await next()
    } finally {
      over()
    }
    for (const [name, value] of Object.entries(passage.headers)) c.header(name, value)
    return undefined
  }
}

/** The peer's address from the request that `@hono/node-server` puts into `c.env`. */
function peerOfNodeServer(c: Context): string | undefined {
  const env: unknown = c.env
  const { incoming } = (env ?? {}) as { readonly incoming?: { readonly socket?: { readonly remoteAddress?: string } } }
  return incoming?.socket?.remoteAddress
}

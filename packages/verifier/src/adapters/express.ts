/**
 * Express 4 and 5.
 *
 *     app.use('/api', protect())
 *     app.post('/api/orders', requireScope('orders:write'), (request, response) => {
 *       response.json({ for: request.auth?.clientId })
 *     })
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Grant } from '@countersign/core'
import type { ProtectOptions } from './gate.ts'
import {
  type Guard,
  protect as protectNode,
  requireAnyScope as requireAnyScopeNode,
  requireScope as requireScopeNode,
} from './node.ts'

export type { OwnBody, ProtectOptions, RefusalInfo } from './gate.ts'

declare global {
  namespace Express {
    interface Request {
      /** The grant, once `protect` or `requireScope` let the request pass. */
      auth?: Grant | undefined
    }
  }
}

/** Express middleware; typed by what it uses, so that this package does not depend on Express. */
export type Middleware = (
  request: IncomingMessage,
  response: ServerResponse,
  next: (error?: unknown) => void,
) => Promise<void>

/** Lets only verified requests pass; `request.auth` is the grant. See `ProtectOptions`. */
export function protect(options: ProtectOptions = {}): Middleware {
  return middlewareOf(protectNode(options))
}

/** After `protect`: the grant must have all of these scopes. Alone it protects by itself, from the environment. */
export function requireScope(...scopes: readonly string[]): Middleware {
  return middlewareOf(requireScopeNode(...scopes))
}

/** After `protect`: the grant must have one of these scopes. Alone it protects by itself, from the environment. */
export function requireAnyScope(...scopes: readonly string[]): Middleware {
  return middlewareOf(requireAnyScopeNode(...scopes))
}

function middlewareOf(guard: Guard): Middleware {
  return async function countersign(request, response, next) {
    await guard(request, response, next)
  }
}

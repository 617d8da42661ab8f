/**
 * Fastify 5. A hook for a route, or the plugin for all that is registered beside it.
 *
 *     await app.register(countersign)                                              // every route
 *     app.post('/orders', { onRequest: requireScope('orders:write') }, handler)    // request.auth is the grant
 */
import type { Grant } from '@countersign/core'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { createGate, createScopeGate, type Gate, type ProtectOptions } from './gate.ts'
import { incomingOf } from './node.ts'

export type { OwnBody, ProtectOptions, RefusalInfo } from './gate.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** The grant, once `protect` or `requireScope` let the request pass. */
    auth?: Grant | undefined
  }
}

/** For `onRequest`, `preValidation` or `preHandler`; `onRequest` refuses before a body is read. */
export type Hook = (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply | undefined>

/** Lets only verified requests pass; `request.auth` is the grant. See `ProtectOptions`. */
export function protect(options: ProtectOptions = {}): Hook {
  return hookOf(createGate(options))
}

/** After `protect`: the grant must have all of these scopes. Alone it protects by itself, from the environment. */
export function requireScope(...scopes: readonly string[]): Hook {
  return hookOf(createScopeGate('scope', scopes))
}

/** After `protect`: the grant must have one of these scopes. Alone it protects by itself, from the environment. */
export function requireAnyScope(...scopes: readonly string[]): Hook {
  return hookOf(createScopeGate('anyScope', scopes))
}

/** Protects every route of the instance that it is registered on: `await app.register(countersign, options)`. */
export async function countersign(fastify: FastifyInstance, options: ProtectOptions): Promise<void> {
  fastify.decorateRequest(options.property ?? 'auth', undefined)
  fastify.addHook('onRequest', protect(options))
}

// Fastify's mark of a plugin that works on the instance it is registered on, not on one of its own.
Object.assign(countersign, { [Symbol.for('skip-override')]: true })

function hookOf(gate: Gate): Hook {
  return async function countersignHook(request, reply) {
    const passage = await gate(incomingOf(request.raw, reply.raw))
    if ('refusal' in passage) {
      const { status, headers, body } = passage.refusal
      // Sent as bytes, since Fastify adds a charset to the media type of text.
      return reply.code(status).headers(headers).send(Buffer.from(body))
    }
    Object.assign(request, { [passage.property]: passage.grant })
    reply.headers(passage.headers)
    return undefined
  }
}

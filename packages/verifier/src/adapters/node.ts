/**
 * `node:http` without a framework.
 *
 *     const guard = protect({ scope: 'orders:read' })
 *     createServer(async (request, response) => {
 *       if (!(await guard(request, response))) return      // answered already
 *       response.end(`hello ${request.auth.clientId}`)
 *     })
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Grant } from '@countersign/core'
import { createGate, createScopeGate, type Gate, type Incoming, type ProtectOptions } from './gate.ts'

export type { OwnBody, ProtectOptions, RefusalInfo } from './gate.ts'

/** A request after a guard let it pass. `auth` is undefined only behind `optional: true`. */
export interface GuardedRequest extends IncomingMessage {
  /** The grant. */
  auth?: Grant | undefined
}

/**
 * Resolves to whether the request may go on; if not, the response has been written. `next`, where given, is called when
 * the request may go on, and with the error when the guard itself failed.
 */
export type Guard = (
  request: IncomingMessage,
  response: ServerResponse,
  next?: (error?: unknown) => void,
) => Promise<boolean>

/** Lets only verified requests pass; `request.auth` is the grant. See `ProtectOptions`. */
export function protect(options: ProtectOptions = {}): Guard {
  return guardOf(createGate(options))
}

/** After `protect`: the grant must have all of these scopes. Alone it protects by itself, from the environment. */
export function requireScope(...scopes: readonly string[]): Guard {
  return guardOf(createScopeGate('scope', scopes))
}

/** After `protect`: the grant must have one of these scopes. Alone it protects by itself, from the environment. */
export function requireAnyScope(...scopes: readonly string[]): Guard {
  return guardOf(createScopeGate('anyScope', scopes))
}

function guardOf(gate: Gate): Guard {
  return async function countersign(request: GuardedRequest, response, next) {
    let isLetPass: boolean
    try {
      isLetPass = await answer(gate, request, response)
    } catch (error) {
      if (next === undefined) throw error
      next(error)
      return false
    }
    // Outside the try: errors of the next handler must not be passed to it again.
    if (isLetPass) next?.()
    return isLetPass
  }
}

async function answer(gate: Gate, request: GuardedRequest, response: ServerResponse): Promise<boolean> {
  const passage = await gate(incomingOf(request, response))
  if ('refusal' in passage) {
    const { status, headers, body } = passage.refusal
    response.writeHead(status, headers).end(body)
    return false
  }
  Object.assign(request, { [passage.property]: passage.grant })
  for (const [name, value] of Object.entries(passage.headers)) response.setHeader(name, value)
  return true
}

/** Uses the raw headers, so that a second `Authorization` is seen and not joined or dropped. */
export function incomingOf(request: IncomingMessage, response: ServerResponse): Incoming {
  return {
    key: request,
    peer: request.socket.remoteAddress,
    forwardedFor: () => {
      const value = request.headers['x-forwarded-for']
      return Array.isArray(value) ? value.join(',') : value
    },
    ask: (verifier, expectation) => verifier.verifyRawHeaders(request.rawHeaders, expectation),
    // After the last byte, or when the caller has gone.
    whenOver: (settle) => void response.once('close', settle),
  }
}

/** One request of the outbound client whose answer is read while it comes. */

import * as http from 'node:http'
import * as https from 'node:https'
import type { Holder } from '@countersign/core'
import { serverLimits } from '../limits.ts'
import { OutboundError, type OutboundFault } from './outbound_error.ts'
import { bare, pinned, type ResolvedAddress } from './pinned.ts'

export interface OutboundCall {
  /** Where the API is: http or https. `target` follows its path. */
  readonly url: URL
  readonly method: string
  /** A path that begins with a slash, and a query perhaps. It is sent as it is. */
  readonly target: string
  /** Name, value, name, value. `Host`, and the length of the body, are added. */
  readonly headers: readonly string[]
  readonly body?: Uint8Array
  /** Waiting for a look-up is shared fairly by it. */
  readonly holder: Holder
  /** Ends the call, and the reading of its answer. */
  readonly signal: AbortSignal
}

/** An answer of any status. */
export interface OutboundStream {
  readonly status: number
  /** Name, value, name, value, as received. */
  readonly rawHeaders: readonly string[]
  /** Throws `OutboundError` where it breaks off. To be read to its end, or returned. */
  readonly body: AsyncIterable<Uint8Array>
}

/** Connects to these addresses and to no other. `faultOf` says that the time was over, or what is given to it. */
export function sendCall(
  { url, method, target, headers, body }: OutboundCall,
  addresses: readonly ResolvedAddress[],
  agent: http.Agent,
  signal: AbortSignal,
  faultOf: (fault: OutboundFault) => OutboundFault,
): Promise<OutboundStream> {
  const { promise, resolve, reject } = Promise.withResolvers<OutboundStream>()
  const isTls = url.protocol === 'https:'
  const asked = (isTls ? https : http).request({
    agent,
    signal,
    method,
    host: bare(url.hostname),
    port: url.port === '' ? undefined : url.port,
    path: url.pathname.replace(/\/$/, '') + target,
    headers: ['Host', url.host, ...headers, ...framing(method, body)],
    lookup: pinned(addresses),
    maxHeaderSize: serverLimits.outboundHeaderBytesMax,
    insecureHTTPParser: false,
  })
  // The section is bounded by bytes; Node's bound by count would drop fields silently.
  asked.maxHeadersCount = 0
  const way = watchWay(asked, isTls)
  asked.on('error', (error) => reject(new OutboundError(faultOf(way.isInTls() ? 'tls' : 'unreachable'), error)))
  asked.on('response', (response) => {
    const { statusCode: status = 0, rawHeaders } = response
    resolve({ status, rawHeaders, body: piecesOf(response, faultOf) })
  })
  // Where it was ended without an error: an upgrade that nobody asked for.
  asked.on('close', () => reject(new OutboundError(faultOf('unreachable'))))
  asked.end(body)
  return promise
}

/** A body of length 0 is said where the method has one (RFC 9110 §8.6). */
function framing(method: string, body: Uint8Array | undefined): readonly string[] {
  const isExpected = ['POST', 'PUT', 'PATCH'].includes(method)
  return body === undefined && !isExpected ? [] : ['Content-Length', String(body?.length ?? 0)]
}

/** Tells whether the host has taken the connection and TLS is not yet made: what fails then is TLS, whatever its code. */
function watchWay(asked: http.ClientRequest, isTls: boolean): { isInTls(): boolean } {
  let isConnected = false
  let isSecure = false
  asked.once('socket', (socket) => {
    socket.once('connect', () => {
      isConnected = true
    })
    socket.once('secureConnect', () => {
      isSecure = true
    })
  })
  return { isInTls: () => isTls && isConnected && !isSecure }
}

async function* piecesOf(
  response: http.IncomingMessage,
  faultOf: (fault: OutboundFault) => OutboundFault,
): AsyncGenerator<Uint8Array> {
  try {
    yield* response
  } catch (error) {
    throw new OutboundError(faultOf('unreachable'), error)
  } finally {
    response.destroy()
  }
}

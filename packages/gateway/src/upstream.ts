import { type ClientRequest, type ClientRequestArgs, Agent as HttpAgent, request as httpRequest } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { getCACertificates } from 'node:tls'
import type { RawHeaders } from './headers/raw.ts'
import { gatewayLimits } from './limits.ts'

/** The connection of a request: a kept one, or one of its own. */
export type Connection = 'kept' | 'own'

/** The API behind the gateway. */
export interface Upstream {
  readonly url: URL
  /** The value of the `Host` field. */
  readonly host: string
  /** Begins a request; the caller writes the body. `target` is appended to the upstream's own path. */
  send(method: string, target: string, fields: RawHeaders, connection: Connection): ClientRequest
  close(): void
}

/**
 * `ca` is PEM, for authorities besides the system's. Throws a `TypeError` for a URL that cannot be one: another scheme, a
 * user, a query or a fragment.
 */
export function createUpstream(url: URL, ca?: string): Upstream {
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw new TypeError('the upstream must be http or https')
  if (url.username + url.password + url.search + url.hash !== '') {
    throw new TypeError('the upstream has an address and a path: no user, query or fragment')
  }
  const isHttps = url.protocol === 'https:'
  const agentOptions = {
    keepAlive: true,
    maxFreeSockets: gatewayLimits.upstreamIdleSocketsMax,
    timeout: gatewayLimits.upstreamIdleMs,
  }
  const trust = ca === undefined ? {} : { ca: [...getCACertificates('default'), ca] }
  const agent = isHttps ? new HttpsAgent({ ...agentOptions, ...trust }) : new HttpAgent(agentOptions)
  const begin = isHttps ? httpsRequest : httpRequest
  const path = url.pathname.replace(/\/$/, '')
  return {
    url,
    host: url.host,
    send(method, target, fields, connection) {
      const options: ClientRequestArgs & typeof trust = {
        ...trust,
        host: url.hostname.replace(/^\[|\]$/g, ''),
        port: url.port === '' ? (isHttps ? 443 : 80) : url.port,
        method,
        path: path + target,
        headers: fields as string[],
        agent: connection === 'kept' ? agent : false,
        maxHeaderSize: gatewayLimits.upstreamHeaderBytesMax,
        insecureHTTPParser: false,
      }
      const request = begin(options)
      // The section is bounded by bytes; Node's bound by count would drop fields silently.
      request.maxHeadersCount = 0
      return request
    },
    close: () => agent.destroy(),
  }
}

const unknownAuthority = 'its certificate is of no authority that is known here'

const words: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens at its address',
  ECONNRESET: 'it closed the connection before it had answered',
  EPIPE: 'it closed the connection before it had the whole request',
  EAI_AGAIN: 'its host name is not known',
  ENOTFOUND: 'its host name is not known',
  EHOSTUNREACH: 'there is no way to its address',
  ENETUNREACH: 'there is no way to its address',
  ETIMEDOUT: 'it does not answer',
  DEPTH_ZERO_SELF_SIGNED_CERT: unknownAuthority,
  SELF_SIGNED_CERT_IN_CHAIN: unknownAuthority,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: unknownAuthority,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: unknownAuthority,
  CERT_HAS_EXPIRED: 'its certificate has expired',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
  HPE_HEADER_OVERFLOW: 'the header section of its answer is too long',
}

/** The cause of a missing answer, for the log: by the system's code, since messages may quote what was sent. */
export function whyNoAnswer(error: unknown): string {
  const { code, address, port } = error as {
    readonly code?: unknown
    readonly address?: unknown
    readonly port?: unknown
  }
  const known = typeof code === 'string' && /^[A-Z][A-Z0-9_]{1,60}$/.test(code) ? code : 'an unknown cause'
  const isUnreadable = known.startsWith('HPE_')
  const word = words[known] ?? (isUnreadable ? 'its answer is no HTTP/1.1' : 'it could not be reached or broke off')
  const place = typeof address === 'string' && typeof port === 'number' ? ` ${address}:${port}` : ''
  return `the upstream gave no answer: ${word} (${known}${place})`
}

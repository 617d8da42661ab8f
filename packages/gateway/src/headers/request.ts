import type { IncomingMessage } from 'node:http'
import {
  type CredentialPlaces,
  foldHeaderName,
  holdsCredential,
  isCountersignHeader,
  isDeceptiveHeader,
  isHopByHopHeader,
  isPresented,
  withoutSessionCookies,
} from '@countersign/core'
import type { Origin } from '../client_address.ts'
import { connectionNames, type RawHeaders, valuesOf } from './raw.ts'

/** Methods whose requests have a body unless they say that they have none (RFC 9110 §8.6). */
const methodsWithBody: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH'])

/** Fields that are written anew below, or that end here. `Expect` and `Via` pass. */
const replaced: ReadonlySet<string> = new Set(['host', 'content-length', 'authorization', 'x-api-key', 'x-request-id'])

/**
 * The header section for the upstream. The caller's fields are kept, except: credentials; fields that an upstream might
 * read as ours; hop-by-hop fields; fields that name another caller, method or path than the request's own; and the
 * forwarded family, unless a trusted proxy wrote it. Trailers are never passed on (RFC 9110 §6.5.1), so nothing comes
 * in behind the body.
 */
export function upstreamHeaders(
  request: IncomingMessage,
  context: {
    readonly host: string
    readonly origin: Origin
    readonly identity: RawHeaders
    /** The headers that the API names for credentials. */
    readonly places: CredentialPlaces | undefined
    readonly requestId: string
    /** True for a public operation: an `Authorization` that is none of our credentials is between caller and upstream. */
    readonly isPublic: boolean
  },
): string[] {
  const { rawHeaders } = request
  const { places } = context
  const named = connectionNames(rawHeaders)
  const fields = ['Host', context.host]
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] as string
    const folded = foldHeaderName(name)
    if (isHopByHopHeader(folded) || isCountersignHeader(folded) || isDeceptiveHeader(folded)) continue
    if (named.has(folded)) continue
    if (replaced.has(folded) && !(context.isPublic && isForUpstream(name, rawHeaders, places))) continue
    const value = rawHeaders[index + 1] as string
    if (places !== undefined && isPlace(folded, places) && holdsCredential(value)) continue
    // A session of the server's pages is of nobody's business behind here, whichever port it was set by.
    const kept = folded === 'cookie' ? withoutSessionCookies(value) : value
    if (kept !== undefined) fields.push(name, kept)
  }
  fields.push(...forwardedHeaders(rawHeaders, context.origin), ...framing(request))
  // A gateway must name itself to its upstream (RFC 9110 §7.6.3).
  fields.push('Via', `${request.httpVersion} countersign`)
  // Ours, which no caller can choose: by it a line of the upstream's log is found in ours.
  fields.push('X-Request-Id', context.requestId)
  fields.push(...context.identity)
  return fields
}

/** By the exact name alone: what an upstream would read as `Authorization` under another spelling was judged by nobody. */
function isForUpstream(name: string, rawHeaders: RawHeaders, places: CredentialPlaces | undefined): boolean {
  if (name.toLowerCase() !== 'authorization') return false
  const [value, second] = valuesOf(rawHeaders, 'authorization')
  if (value === undefined || second !== undefined || isPresented(value)) return false
  return places?.isSchemeOptional !== true || !holdsCredential(value)
}

/**
 * Whether the upstream could read the field as one that the API names, in the laxest reading of names: a key in
 * `X_Partner_Key`, which was not judged, must not reach it as `X-Partner-Key`.
 */
function isPlace(foldedName: string, { names }: CredentialPlaces): boolean {
  return names.some((name) => foldHeaderName(name) === foldedName)
}

/** Whether bytes follow the header section. */
export function hasBody(request: IncomingMessage): boolean {
  return request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length'] ?? 0) > 0
}

/** The framing as the parser understood it, not as the fields say: `Connection: content-length` changes nothing. */
function framing(request: IncomingMessage): RawHeaders {
  if (request.headers['transfer-encoding'] !== undefined) return ['Transfer-Encoding', 'chunked']
  const length = request.headers['content-length']
  if (length !== undefined) return ['Content-Length', String(Number(length))]
  return methodsWithBody.has(request.method ?? '') ? ['Content-Length', '0'] : []
}

function forwardedHeaders(rawHeaders: RawHeaders, { peer, isPeerTrusted }: Origin): RawHeaders {
  const believed = (name: string): readonly string[] => (isPeerTrusted ? valuesOf(rawHeaders, name) : [])
  const protocol = believed('x-forwarded-proto')[0]?.trim().toLowerCase()
  const host = believed('x-forwarded-host')[0] ?? valuesOf(rawHeaders, 'host')[0]
  return [
    'X-Forwarded-For',
    [...believed('x-forwarded-for'), peer ?? 'unknown'].join(', '),
    'X-Forwarded-Proto',
    protocol === 'https' ? 'https' : 'http',
    'X-Forwarded-Host',
    host ?? '',
  ]
}

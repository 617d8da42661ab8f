import type { IncomingMessage } from 'node:http'
import { foldHeaderName } from '@countersign/core'
import { type RawHeaders, valuesOf } from './headers/raw.ts'

/**
 * Finds the reason why the upstream might read another request than Node's parser did; `undefined` when there is none.
 * Duplicate lengths, both framings at once, bare line feeds and folded lines never come here: the parser ends those
 * connections.
 */
export function findRequestFlaw(request: IncomingMessage): string | undefined {
  const { rawHeaders, httpVersion } = request
  const url = request.url ?? ''
  if (httpVersion !== '1.1' && httpVersion !== '1.0') return 'this is neither HTTP/1.1 nor HTTP/1.0'
  // RFC 9112 §3.2: absolute-form names a host of its own, `*` and authority-form name no resource of this API.
  if (!url.startsWith('/')) return 'the request target must be in origin-form, a path that begins with a slash'
  const hosts = valuesOf(rawHeaders, 'host')
  if (hosts.length !== 1 || !/^[\w.~:[\]-]+$/.test(hosts[0] as string))
    return 'send one Host header, with a host and a port'
  return findFramingFlaw(request) ?? findOverride(rawHeaders, request.method ?? '', url)
}

/** RFC 9112 §6.1: a coding we do not know would reach the upstream without its name. HTTP/1.0 has no codings. */
function findFramingFlaw({ rawHeaders, httpVersion, headers }: IncomingMessage): string | undefined {
  const codings = valuesOf(rawHeaders, 'transfer-encoding')
  if (codings.length > 0 && (httpVersion === '1.0' || codings.join(',').trim().toLowerCase() !== 'chunked')) {
    return 'the only transfer coding is chunked, in HTTP/1.1'
  }
  const hasBody = codings.length > 0 || Number(headers['content-length'] ?? 0) > 0
  // A server that does not switch protocols would take this body for the next request.
  return hasBody && isWebSocket({ rawHeaders, headers }) ? 'a request to upgrade has no body' : undefined
}

const methodOverrides = ['x-http-method-override', 'x-http-method', 'x-method-override']

/** Fields that make frameworks act on another method or path than that of the request line, which was judged. */
function findOverride(rawHeaders: RawHeaders, method: string, url: string): string | undefined {
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = foldHeaderName(rawHeaders[index] as string)
    const value = (rawHeaders[index + 1] as string).trim()
    if (methodOverrides.includes(name) && value.toUpperCase() !== method) return 'the method cannot be overridden'
    if ((name === 'x-original-url' || name === 'x-rewrite-url') && value !== url) return 'the path cannot be overridden'
  }
  return undefined
}

/** Whether a request asks to become a WebSocket (RFC 6455 §4.1). Other upgrades, `h2c` above all, are not offered. */
export function isWebSocket({ rawHeaders, headers }: Pick<IncomingMessage, 'rawHeaders' | 'headers'>): boolean {
  if (headers.upgrade?.trim().toLowerCase() !== 'websocket') return false
  return valuesOf(rawHeaders, 'connection').some((value) => /(?:^|,)\s*upgrade\s*(?:,|$)/i.test(value))
}

import { headerValues } from '../http/header.ts'
import { ProblemError } from '../http/problem.ts'
import type { HttpRequest } from '../http/request.ts'

export const proxies = ['nginx', 'traefik', 'caddy', 'envoy', 'haproxy'] as const
export type ProxyName = (typeof proxies)[number]

/** The request as the proxy describes it. */
export interface Forwarded {
  readonly method: string
  readonly uri: string
  readonly ip: string | undefined
}

/** The one family of headers each proxy writes itself; everything else may be the caller's. */
const families: Readonly<Record<ProxyName, { readonly method: string; readonly uri: string; readonly ip: string }>> = {
  nginx: { method: 'x-original-method', uri: 'x-original-uri', ip: 'x-real-ip' },
  traefik: { method: 'x-forwarded-method', uri: 'x-forwarded-uri', ip: 'x-forwarded-for' },
  caddy: { method: 'x-forwarded-method', uri: 'x-forwarded-uri', ip: 'x-forwarded-for' },
  haproxy: { method: 'x-forwarded-method', uri: 'x-forwarded-uri', ip: 'x-forwarded-for' },
  envoy: { method: ':method', uri: ':path', ip: 'x-envoy-external-address' },
}

/**
 * The operator's parameters, and what stands behind `&uri=`. Envoy appends the request's own path and query to the path it
 * is configured with, so all of it is the caller's, whatever parameters it seems to hold.
 */
export function splitQuery(query: string): { readonly parameters: URLSearchParams; readonly uri: string | undefined } {
  const at = query.indexOf('&uri=')
  if (at < 0) return { parameters: new URLSearchParams(query), uri: undefined }
  return { parameters: new URLSearchParams(query.slice(0, at)), uri: query.slice(at + '&uri='.length) }
}

/** Missing ones are 400: a check on nothing would pass everything. Envoy asks with the request's own method and path. */
export function readForwarded(request: HttpRequest, proxy: ProxyName, prefix: string): Forwarded {
  const family = families[proxy]
  const ip = headerValues(request, family.ip).at(-1)?.split(',').at(-1)?.trim()
  if (proxy === 'envoy') {
    const { uri } = splitQuery(request.query)
    if (uri !== undefined) return { method: request.method, uri: uri === '' ? '/' : uri, ip }
    const rest = request.path.slice(request.path.indexOf(prefix) + prefix.length)
    return { method: request.method, uri: rest === '' ? '/' : rest, ip }
  }
  return { method: one(request, family.method), uri: one(request, family.uri), ip }
}

function one(request: HttpRequest, name: string): string {
  const values = headerValues(request, name)
  const value = values[0]
  if (values.length === 1 && value !== undefined && value !== '') return value
  throw new ProblemError(400, 'invalid_request', `The proxy must send ${name}, once.`)
}

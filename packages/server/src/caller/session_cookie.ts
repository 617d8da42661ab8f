/** The cookies of a browser, and whether a request comes from a page of ours. */
import { hash } from 'node:crypto'
import { headerValues } from '../http/header.ts'
import type { HttpRequest } from '../http/request.ts'

/** `session`: the session itself. `browser`: random, so that forms of one browser are good there alone. */
export type CookieKind = 'session' | 'browser'

const stems: { readonly [K in CookieKind]: string } = { session: 'cs', browser: 'csb' }

/**
 * One name for each issuer: all ports of a host and all tenants of an origin share cookies. `__Host-` keeps the cookie to
 * its host and to https (RFC 6265bis §4.1.3.2); on a plain loopback URL there is none.
 */
export function cookieName(issuer: string, kind: CookieKind): string {
  const ofIssuer = hash('sha256', issuer, 'hex').slice(0, 8)
  return `${isSecure(issuer) ? '__Host-' : ''}${stems[kind]}-${ofIssuer}`
}

/** `Set-Cookie` with a value for so many seconds; without a value it removes the cookie. */
export function setCookie(issuer: string, kind: CookieKind, value: string | undefined, maxAgeSeconds: number): string {
  const secure = isSecure(issuer) ? '; Secure' : ''
  const age = value === undefined ? 0 : maxAgeSeconds
  return `${cookieName(issuer, kind)}=${value ?? ''}; Path=/; Max-Age=${age}; HttpOnly; SameSite=Lax${secure}`
}

/** The value of the cookie. Two of one name are none: nobody can tell which of them is ours. */
export function readCookie(request: HttpRequest, issuer: string, kind: CookieKind): string | undefined {
  const fields = headerValues(request, 'cookie')
  // Most callers are programs, and have none.
  if (fields.length === 0) return undefined
  const name = cookieName(issuer, kind)
  const found: string[] = []
  for (const field of fields) {
    for (const pair of field.split(';')) {
      const equals = pair.indexOf('=')
      if (equals >= 0 && pair.slice(0, equals).trim() === name) found.push(pair.slice(equals + 1).trim())
    }
  }
  return found.length === 1 && found[0] !== '' ? found[0] : undefined
}

/** Kept of a browser, by the text in its cookie: it is known again, and nobody who reads the database can be it. */
export function browserDigest(browser: string): string {
  return hash('sha256', browser, 'base64url')
}

/**
 * Whether a page of ours makes this request. A browser that says nothing of its site says at least its origin with
 * every unsafe request.
 */
export function isFromOwnPage(request: HttpRequest, issuer: string): boolean {
  const sites = headerValues(request, 'sec-fetch-site')
  if (sites.length > 0) return sites.length === 1 && sites[0] === 'same-origin'
  const origins = headerValues(request, 'origin')
  return origins.length === 1 && origins[0] === new URL(issuer).origin
}

function isSecure(issuer: string): boolean {
  return issuer.startsWith('https:')
}

import { type ParsedKey, parseKey } from './api_key.ts'
import { limits } from './limits.ts'
import type { Rejection } from './rejection.ts'

/** A credential as read from a request: its kind by shape; nothing is looked up or verified yet. */
export type ParsedCredential =
  | { readonly kind: 'key'; readonly text: string; readonly key: ParsedKey }
  | { readonly kind: 'jwt'; readonly text: string }

/** The raw values of the two header fields of a request, one item for each time the field came. */
export interface CredentialHeaders {
  /** The values of `Authorization`. */
  readonly authorization: readonly string[]
  /** The values of `X-API-Key`. */
  readonly apiKey: readonly string[]
}

/**
 * Finds the one credential of a request: `Authorization: Bearer …` (RFC 6750 §2.1) or `X-API-Key: …`. Two of either, or
 * one of each, are `invalid_request`: if one were chosen silently, a proxy and an API could choose differently.
 */
export function readCredential(
  headers: CredentialHeaders,
): { readonly text: string } | { readonly rejection: Rejection } {
  const { authorization, apiKey } = headers
  if (authorization.length + apiKey.length === 0) {
    return { rejection: { code: 'missing_credential', detail: 'no credential was presented' } }
  }
  if (authorization.length + apiKey.length > 1) return invalid('present exactly one credential, in one header field')
  const value = (authorization[0] ?? apiKey[0] ?? '').trim()
  if (value.includes(',')) return invalid('present exactly one credential, in one header field')
  if (apiKey.length === 1) return value === '' ? invalid('the X-API-Key header is empty') : { text: value }
  const match = /^bearer +([^ ]+)$/i.exec(value.length > limits.credentialBytesMax + 16 ? '' : value)
  return match === null
    ? invalid('the Authorization header must be "Bearer" and one credential')
    : { text: match[1] as string }
}

/** Reads a credential by its shape alone. A client secret has the shape of a key and is no credential for an API. */
export function parseCredential(text: string): ParsedCredential | undefined {
  if (text.length > limits.credentialBytesMax) return undefined
  const key = parseKey(text)
  if (key !== undefined) return key.marker === 'secret' ? undefined : { kind: 'key', text, key }
  return countDots(text) === 2 ? { kind: 'jwt', text } : undefined
}

function countDots(text: string): number {
  let count = 0
  for (let at = text.indexOf('.'); at >= 0 && count < 3; at = text.indexOf('.', at + 1)) count++
  return count
}

function invalid(detail: string): { readonly rejection: Rejection } {
  return { rejection: { code: 'invalid_request', detail } }
}

/**
 * Whether an API may name this header as a place of credentials, besides `Authorization` and `X-API-Key`
 * (`credentialHeaders`). Refused: what ends at a hop, frames or routes the request, or tells who is calling.
 */
export function isCredentialHeaderName(name: string): boolean {
  return /^[!#$%&'*+\-.^_`|~\w]{1,64}$/.test(name) && !refusedHeaders.test(name.replaceAll('_', '-'))
}

const refusedHeaders =
  /^(?:connection|keep-alive|te|trailer|transfer-encoding|upgrade|http2-settings|proxy(?:-.*)?|host|cookie|origin|content-.*|forwarded|x-forwarded-.*|x-real-ip|x-countersign(?:-.*)?)$/i

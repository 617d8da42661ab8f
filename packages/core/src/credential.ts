import { type ParsedKey, parseKey } from './api_key.ts'
import { limits } from './limits.ts'
import type { Rejection } from './rejection.ts'

/** A credential as read from a request: its kind by shape; nothing is looked up or verified yet. */
export type ParsedCredential =
  | { readonly kind: 'key'; readonly text: string; readonly key: ParsedKey }
  | { readonly kind: 'jwt'; readonly text: string }

/** The raw values of header fields of a request, one item for each time the field came. */
export interface CredentialHeaders {
  /** The values of `Authorization`. */
  readonly authorization: readonly string[]
  /** The values of `X-API-Key`. */
  readonly apiKey: readonly string[]
  /**
   * The values of `Sec-Fetch-Site`, where a key may also come as the user name of `Authorization: Basic`. Default: no Basic
   * is a credential.
   */
  readonly fetchSite?: readonly string[]
  /** The values of the API's own `credentialHeaders`: one item a header, repeats joined by commas. Default none. */
  readonly named?: readonly string[]
  /** Whether the API names `Authorization` too: a credential without a scheme is read there. Default false. */
  readonly isSchemeOptional?: boolean
}

/** The headers in which an API's callers may present credentials besides `Authorization: Bearer` and `X-API-Key`. */
export interface CredentialPlaces {
  /** The names in lower case, without `authorization` and `x-api-key`. */
  readonly names: readonly string[]
  /** Whether `Authorization` is named: a credential without a scheme is read there. */
  readonly isSchemeOptional: boolean
}

/** The places that `credentialHeaders` of an API name; `undefined` where they name none that is not read anyway. */
export function credentialPlaces(credentialHeaders: readonly string[] | undefined): CredentialPlaces | undefined {
  const all = (credentialHeaders ?? []).map((name) => name.toLowerCase())
  const names = all.filter((name) => name !== 'authorization' && name !== 'x-api-key')
  const isSchemeOptional = all.includes('authorization')
  return names.length > 0 || isSchemeOptional ? { names, isSchemeOptional } : undefined
}

/**
 * Finds the one credential of a request: `Authorization: Bearer …` (RFC 6750 §2.1), `X-API-Key: …`, a key as the user
 * name of `Authorization: Basic …` with an empty password, or a value of a credential's shape in a header that the API
 * names. Another scheme is no credential, and neither is any other value there. Two in one request are
 * `invalid_request`: if one were chosen silently, a proxy and an API could choose differently.
 */
export function readCredential(
  headers: CredentialHeaders,
): { readonly text: string } | { readonly rejection: Rejection } {
  const { named } = headers
  const usual = headers.isSchemeOptional === true ? readWithoutScheme(headers) : readUsual(headers)
  if (named === undefined) return usual
  let read = usual
  for (const field of named) {
    const found = readShaped(field)
    if (found === undefined) continue
    if (read !== missing) return invalid(oneCredential)
    read = found
  }
  return read
}

/** Reads the two headers that every API has. */
function readUsual(headers: CredentialHeaders): Read {
  const { authorization, apiKey, fetchSite } = headers
  if (authorization.length > 1 || apiKey.length > 1) return invalid(oneCredential)
  const [field] = authorization
  const [value] = apiKey
  const bearer = field === undefined ? undefined : readBearer(field)
  const read = bearer ?? (field === undefined || fetchSite === undefined ? undefined : readBasic(field, fetchSite))
  if (value === undefined) return read ?? missing
  if (read !== undefined || value.includes(',')) return invalid(oneCredential)
  const text = value.trim()
  return text === '' ? invalid('the X-API-Key header is empty') : { text }
}

/** Reads them where `Authorization` may hold a credential alone. */
function readWithoutScheme(headers: CredentialHeaders): Read {
  const { authorization, apiKey } = headers
  const [field] = authorization
  const found = authorization.length > 1 || field === undefined ? undefined : readShaped(field)
  if (found === undefined) return readUsual(headers)
  return apiKey.length > 0 ? invalid(oneCredential) : found
}

/** The credential that is the whole value; `undefined` where no part of it has the shape of one. */
function readShaped(field: string): Read | undefined {
  if (!holdsCredential(field)) return undefined
  return field.includes(',') ? invalid(oneCredential) : { text: field.trim() }
}

/**
 * Whether a value of a header, or a part of it between commas, has the shape of a key or JWT of ours. A JWT's first part
 * begins a JSON object in base64url (RFC 7515 §3.1), so a version number or a list of hosts is none.
 */
export function holdsCredential(field: string): boolean {
  if (field.includes(',')) return field.split(',').some(isShaped)
  return isShaped(field)
}

function isShaped(part: string): boolean {
  const text = part.trim()
  const kind = parseCredential(text)?.kind
  return kind === 'key' || (kind === 'jwt' && /^e[wy][\w-]*\.[\w-]+\.[\w-]*$/.test(text))
}

/**
 * Whether a value of `Authorization` may be a credential of ours, well-formed or not. Any other value is the caller's
 * business with the API behind.
 */
export function isPresented(authorization: string): boolean {
  return readBearer(authorization) !== undefined || readBasic(authorization, []) !== undefined
}

type Read = { readonly text: string } | { readonly rejection: Rejection }

const missing: Read = { rejection: { code: 'missing_credential', detail: 'no credential was presented' } }
const oneCredential = 'present exactly one credential, in one header field'

/** `undefined` for another scheme. A second value joined to one is found, whichever came first. */
function readBearer(field: string): Read | undefined {
  if (field.length > limits.credentialBytesMax + 16) return isOtherScheme(field) ? undefined : malformedBearer
  const match = /^\s*bearer +([^\s,]+)\s*$/i.exec(field)
  if (match !== null) return { text: match[1] as string }
  if (isOtherScheme(field)) return undefined
  return field.includes(',') ? invalid(oneCredential) : malformedBearer
}

const malformedBearer = invalid('the Authorization header must be "Bearer" and one credential')

/** A value that is a key or token without its scheme is a mistake of the caller, who is told so. */
function isOtherScheme(field: string): boolean {
  const value = field.trim()
  return value !== '' && !/(?:^|,\s*)bearer(?:[\s,]|$)/i.test(value) && !isShaped(value)
}

/** `undefined` for what is no key with an empty password. */
function readBasic(field: string, fetchSite: readonly string[]): Read | undefined {
  const match = /^\s*basic +([A-Za-z0-9+/]{1,400}={0,2})\s*$/i.exec(field)
  const pair = match === null ? undefined : decodeBase64(match[1] as string)
  if (!pair?.endsWith(':')) return undefined
  const text = pair.slice(0, -1)
  if (parseCredential(text)?.kind !== 'key') return undefined
  // A browser sends Basic by itself, also when a page of another site makes the request.
  if (fetchSite.every((site) => site === 'none' || site === 'same-origin')) return { text }
  return {
    rejection: { code: 'origin_not_allowed', detail: 'a key in Basic is refused for requests from another site' },
  }
}

function decodeBase64(text: string): string | undefined {
  try {
    return atob(text)
  } catch {
    return undefined
  }
}

/** The markers of texts that are presented to an API. The others are for endpoints of OAuth alone. */
const isForApi: Readonly<Record<ParsedKey['marker'], boolean>> = {
  live: true,
  test: true,
  at: true,
  sess: true,
  secret: false,
  code: false,
  rt: false,
}

/** Reads a credential by its shape alone. A client secret has the shape of a key and is no credential for an API. */
export function parseCredential(text: string): ParsedCredential | undefined {
  if (text.length > limits.credentialBytesMax) return undefined
  const key = parseKey(text)
  if (key !== undefined) return isForApi[key.marker] ? { kind: 'key', text, key } : undefined
  return countDots(text) === 2 ? { kind: 'jwt', text } : undefined
}

function countDots(text: string): number {
  let count = 0
  for (let at = text.indexOf('.'); at >= 0 && count < 3; at = text.indexOf('.', at + 1)) count++
  return count
}

function invalid(detail: string): Read {
  return { rejection: { code: 'invalid_request', detail } }
}

/**
 * Whether an API may name this header as a place of credentials, besides `Authorization` and `X-API-Key`
 * (`credentialHeaders`). Refused: what ends at a hop, frames or routes the request, or tells who is calling.
 */
export function isCredentialHeaderName(name: string): boolean {
  return /^[!#$%&'*+\-.^_`|~\w]{1,64}$/.test(name) && !refusedHeaders.test(foldHeaderName(name))
}

/**
 * Folds a header's name as the laxest upstream reads it. CGI and its heirs turn `-` into `_`, and some turn every
 * character but letters and digits: for them `X_Countersign.Kind` is `X-Countersign-Kind` (flaw 92).
 */
export function foldHeaderName(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]/g, '-')
}

/** The flaw of an API's `credentialHeaders`, and the place of the name that has it; `undefined` where there is none. */
export function credentialHeadersFlaw(
  names: readonly string[],
): { readonly index: number; readonly detail: string } | undefined {
  const seen = new Set<string>()
  for (const [index, name] of names.entries()) {
    if (index >= limits.credentialHeadersMax)
      return { index, detail: `is one more than the ${limits.credentialHeadersMax} that an API may name` }
    if (!isCredentialHeaderName(name)) return { index, detail: 'is no header in which credentials may be read' }
    if (seen.has(foldHeaderName(name))) return { index, detail: 'names a header twice' }
    seen.add(foldHeaderName(name))
  }
  return undefined
}

const refusedHeaders =
  /^(?:connection|keep-alive|te|trailer|transfer-encoding|upgrade|http2-settings|proxy(?:-.*)?|host|cookie|origin|content-.*|forwarded|x-forwarded-.*|x-real-ip|x-countersign(?:-.*)?)$/i

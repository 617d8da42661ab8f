import type { Grant } from './grant.ts'
import { parseJsonObject } from './json.ts'
import { limits } from './limits.ts'

/**
 * Writes a part of the caller's identity as a header field value for the API behind a gateway or a proxy
 * (`X-Countersign-*`). Every byte of its UTF-8 that is not visible ASCII, and `%`, is percent-encoded, so that nothing
 * in it can end a line. A bare `-` means an empty text; the text `-` is written `%2D`. `readIdentityHeader` is the
 * reverse.
 */
export function identityHeader(text: string): string {
  if (text === '') return none
  if (text === none) return '%2D'
  if (/^[\x21-\x24\x26-\x7e]*$/.test(text)) return text
  return Array.from(text, encodeCharacter).join('')
}

/** Writes a scope likewise, and keeps the spaces between its tokens. */
export function scopeHeader(scope: string): string {
  if (!scope.includes(' ')) return identityHeader(scope)
  return scope
    .split(' ')
    .map((token) => (token === '' ? '' : identityHeader(token)))
    .join(' ')
}

/** Reads the text that `identityHeader` wrote. Throws a `URIError` for other text. */
export function readIdentityHeader(value: string): string {
  if (value === none) return ''
  // No decoder takes half a surrogate pair: it was written as the three bytes that it would have.
  return value
    .split(/((?:%ED%[AB][0-9A-F]%[89AB][0-9A-F]))/)
    .map((part, index) => (index % 2 === 1 ? decodeSurrogate(part) : decodeURIComponent(part)))
    .join('')
}

const none = '-'

function encodeCharacter(character: string): string {
  if (/^[\x21-\x24\x26-\x7e]$/.test(character)) return character
  if (character.isWellFormed()) return encodeURIComponent(character)
  const code = character.charCodeAt(0)
  return [0xe0 | (code >> 12), 0x80 | ((code >> 6) & 0x3f), 0x80 | (code & 0x3f)].map(percent).join('')
}

function percent(byte: number): string {
  return `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
}

function decodeSurrogate(text: string): string {
  const [, second = 0, third = 0] = text
    .slice(1)
    .split('%')
    .map((hex) => Number.parseInt(hex, 16))
  return String.fromCharCode(0xd000 | ((second & 0x3f) << 6) | (third & 0x3f))
}

/** The metadata of a grant as an API behind a gateway or a proxy is told it: docs/protocol/gateway.md §5. */
export interface UpstreamMetadata {
  /** The value of `X-Countersign-Metadata`; `undefined` where it is left out because of its size. */
  readonly header: string | undefined
  /** The claims of the assertion that say the same. */
  readonly claims: { readonly [claim: string]: unknown }
}

/** The name of the header field whose value is the metadata of credential and client. */
export const metadataHeaderName = 'X-Countersign-Metadata'

/** The name of the header field that says `size` where the metadata is left out. */
export const metadataOmittedName = 'X-Countersign-Metadata-Omitted'

/**
 * Both together are at most 1 KiB of JSON, and no deeper than the claims of a JWT may be; otherwise both are left out,
 * and never cut.
 */
export function upstreamMetadata({ metadata, clientMetadata }: Grant): UpstreamMetadata {
  const text = JSON.stringify({ metadata, clientMetadata })
  if (!fitsClaims(text, limits.upstreamMetadataBytesMax)) return tooLarge
  return {
    header: identityHeader(text),
    claims: {
      cs_metadata: metadata,
      ...(clientMetadata === undefined ? {} : { cs_client_metadata: clientMetadata }),
    },
  }
}

const tooLarge: UpstreamMetadata = { header: undefined, claims: { cs_metadata_omitted: true } }

/** Whether a JSON object may be a claim of a JWT: at most that many bytes as UTF-8, and at most 15 levels. */
export function fitsClaims(text: string, bytesMax: number): boolean {
  if (text.length > bytesMax || new TextEncoder().encode(text).length > bytesMax) return false
  return parseJsonObject(`{"":${text}}`) !== undefined
}

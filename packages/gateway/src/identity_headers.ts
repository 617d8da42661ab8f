import type { Grant } from '@countersign/core'
import { gatewayLimits } from './limits.ts'
import type { RawHeaders } from './raw_headers.ts'

/** What the upstream learns of a caller without a credential, or of one whose credential nobody looked at. */
export const anonymousHeaders: RawHeaders = ['X-Countersign-Kind', 'anonymous']

/**
 * Who calls, for the upstream. In a value every byte of its UTF-8 that is not visible ASCII, and `%`, is
 * percent-encoded: `decodeURIComponent` gives the text back, and nothing in a subject can end a line. (A scope keeps its
 * spaces.) A value of more than 4 KiB is left out, never cut, and `X-Countersign-<name>-Omitted: size` says so; the
 * assertion holds it all the same.
 */
export function identityHeaders(grant: Grant, assertion: string): RawHeaders {
  return [
    ...field('Client', encodeValue(grant.clientId)),
    ...field('Subject', encodeValue(grant.subject)),
    ...field('Scope', grant.scope.split(' ').map(encodeValue).join(' ')),
    ...field('Credential', encodeValue(grant.credentialId)),
    'X-Countersign-Kind',
    grant.kind,
    'X-Countersign-Assertion',
    assertion,
  ]
}

function field(name: string, value: string): readonly [string, string] {
  if (value.length > gatewayLimits.identityHeaderBytesMax) return [`X-Countersign-${name}-Omitted`, 'size']
  return [`X-Countersign-${name}`, value]
}

/** One half of a surrogate pair gets the three bytes it would have, which no decoder takes: two such never become equal. */
function encodeValue(text: string): string {
  if (/^[\x21-\x24\x26-\x7e]*$/.test(text)) return text
  return Array.from(text, (character) => {
    if (/^[\x21-\x24\x26-\x7e]$/.test(character)) return character
    if (character.isWellFormed()) return percent([...Buffer.from(character)])
    const code = character.charCodeAt(0)
    return percent([0xe0 | (code >> 12), 0x80 | ((code >> 6) & 0x3f), 0x80 | (code & 0x3f)])
  }).join('')
}

function percent(bytes: readonly number[]): string {
  return bytes.map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('')
}

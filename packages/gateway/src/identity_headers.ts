import { type Grant, identityHeader, scopeHeader } from '@countersign/core'
import { gatewayLimits } from './limits.ts'
import type { RawHeaders } from './raw_headers.ts'

/** What the upstream learns of a caller without a credential, or of one whose credential nobody looked at. */
export const anonymousHeaders: RawHeaders = ['X-Countersign-Kind', 'anonymous']

/**
 * Who calls, for the upstream, as forward-auth says it too. A value of more than 4 KiB is left out, never cut, and
 * `X-Countersign-<name>-Omitted: size` says so; the assertion holds it all the same.
 */
export function identityHeaders(grant: Grant, assertion: string): RawHeaders {
  return [
    ...field('Client', identityHeader(grant.clientId)),
    ...field('Subject', identityHeader(grant.subject)),
    ...field('Scope', scopeHeader(grant.scope)),
    ...field('Credential', identityHeader(grant.credentialId)),
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

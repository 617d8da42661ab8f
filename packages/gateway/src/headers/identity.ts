import {
  type Grant,
  identityHeader,
  metadataHeaderName,
  metadataOmittedName,
  scopeHeader,
  upstreamMetadata,
} from '@countersign/core'
import type { Attested } from '../assertion.ts'
import { gatewayLimits } from '../limits.ts'
import type { RawHeaders } from './raw.ts'

/** The identity fields of a caller without a credential, or with one that was not looked at. */
export const anonymousHeaders: RawHeaders = ['X-Countersign-Kind', 'anonymous']

/**
 * The caller's identity as header fields for the upstream; forward-auth sends the same ones. A value of more than 4 KiB
 * is left out, never cut, and `X-Countersign-<name>-Omitted: size` says so; the assertion still holds it.
 */
export function identityHeaders(grant: Grant, { assertion, metadata }: Attested): RawHeaders {
  return [
    ...field('Client', identityHeader(grant.clientId)),
    ...field('Subject', identityHeader(grant.subject)),
    ...field('External-Subject', identityHeader(grant.externalSubject ?? '')),
    ...field('Scope', scopeHeader(grant.scope)),
    ...field('Credential', identityHeader(grant.credentialId)),
    'X-Countersign-Kind',
    grant.kind,
    'X-Countersign-Assertion',
    assertion,
    ...metadata,
  ]
}

/** The metadata of credential and client, or that it is too long: the same as the assertion says. */
export function metadataHeaders(grant: Grant): RawHeaders {
  const { header } = upstreamMetadata(grant)
  return header === undefined ? [metadataOmittedName, 'size'] : [metadataHeaderName, header]
}

function field(name: string, value: string): readonly [string, string] {
  if (value.length > gatewayLimits.identityHeaderBytesMax) return [`X-Countersign-${name}-Omitted`, 'size']
  return [`X-Countersign-${name}`, value]
}

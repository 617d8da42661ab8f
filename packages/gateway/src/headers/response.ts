import { foldHeaderName, isCountersignHeader, isHopByHopHeader } from '@countersign/core'
import { callersLocation, isLocation } from './location.ts'
import { connectionNames, type RawHeaders } from './raw.ts'

/**
 * The header section for the caller: the upstream's, without hop-by-hop fields and without fields named like ours.
 *
 * With a credential, the answer is for its holder alone. RFC 9111 §3.5 keeps shared caches from storing answers to
 * `Authorization` unless the upstream allows it, but knows nothing of `X-API-Key`; so `private` is added wherever the
 * upstream has not said `public`, `s-maxage`, `private` or `no-store` itself (CVE-2025-64762, flaw 98).
 */
export function callerHeaders(
  upstreamFields: RawHeaders,
  context: {
    readonly status: number
    readonly isCredentialUsed: boolean
    readonly requestId: string
    readonly upstream: URL
    /** Our own fields for scripts of other origins; `undefined` leaves the upstream's. */
    readonly cors: Readonly<Record<string, string>> | undefined
    readonly rateLimit: Readonly<Record<string, string>> | undefined
  },
): string[] {
  const named = connectionNames(upstreamFields)
  const fields: string[] = []
  const cacheControl: string[] = []
  for (let index = 0; index + 1 < upstreamFields.length; index += 2) {
    const name = upstreamFields[index] as string
    const value = upstreamFields[index + 1] as string
    const folded = foldHeaderName(name)
    if (isHopByHopHeader(folded) || isCountersignHeader(folded) || named.has(folded)) continue
    if (folded === 'x-request-id') continue
    if (folded === 'content-length' && context.status === 204) continue
    if (context.rateLimit !== undefined && (folded === 'ratelimit' || folded === 'ratelimit-policy')) continue
    if (context.cors !== undefined && folded.startsWith('access-control-')) continue
    if (folded === 'cache-control') cacheControl.push(value)
    else fields.push(name, isLocation(folded) ? callersLocation(value, context.upstream) : value)
  }
  if (context.isCredentialUsed && !isDecided(cacheControl)) cacheControl.push('private')
  if (cacheControl.length > 0) fields.push('Cache-Control', cacheControl.join(', '))
  fields.push('X-Request-Id', context.requestId)
  for (const [name, value] of Object.entries(context.rateLimit ?? {})) fields.push(name, value)
  for (const [name, value] of Object.entries(context.cors ?? {})) fields.push(name, value)
  return fields
}

/** Unquoted: `private="x"` speaks of one field only and decides nothing about the answer. */
function isDecided(cacheControl: readonly string[]): boolean {
  const directives = cacheControl.join(',').toLowerCase().split(',')
  return directives.some((directive) => /^\s*(?:public|private|no-store|s-maxage\s*=.*)\s*$/.test(directive))
}

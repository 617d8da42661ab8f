/** The headers in which a document's callers send their keys: `apiKey` schemes (OpenAPI § "Security Scheme Object"). */
import { foldHeaderName, isCredentialHeaderName, limits } from '@countersign/core'
import type { OpenApiDocument } from '../document.ts'
import { textMember } from '../json_object.ts'
import type { Problem } from '../problem.ts'
import { securitySchemes } from '../scope_registry.ts'

/**
 * The names to propose as `credentialHeaders` of the API, in the order of the document. `X-API-Key` is always read. A
 * scheme whose place is not read is listed: its callers would be refused.
 */
export function proposeCredentialHeaders(document: OpenApiDocument, problems: Problem[]): readonly string[] {
  const names = new Map<string, string>()
  for (const { value, pointer } of securitySchemes(document, [])) {
    if (textMember(value, 'type') !== 'apiKey') continue
    const place = textMember(value, 'in')
    const name = textMember(value, 'name') ?? ''
    const key = name.toLowerCase()
    const folded = foldHeaderName(name)
    if (place === 'header' && (key === 'x-api-key' || names.get(folded)?.toLowerCase() === key)) continue
    // An API may not name two headers that an upstream could take for one.
    const isRead = place === 'header' && isCredentialHeaderName(name) && !names.has(folded)
    if (isRead && names.size < limits.credentialHeadersMax) names.set(folded, name)
    else problems.push({ code: 'credential_place_ignored', pointer, message: messageFor(place, name, isRead) })
  }
  return [...names.values()]
}

function messageFor(place: string | undefined, name: string, isRead: boolean): string {
  if (isRead) return `Only ${limits.credentialHeadersMax} headers besides Authorization and X-API-Key are read.`
  const where =
    place === 'header' ? `the header ${JSON.stringify(name)}` : place === 'cookie' ? 'a cookie' : 'the query'
  return `No credential is read from ${where}: callers must send it in Authorization or X-API-Key.`
}

import { openapiDocument } from '@countersign/contract'
import { Cache } from '@countersign/verifier/engine'
import type { TenantContext } from '../context.ts'
import type { Answer } from '../http/answer.ts'
import { answerKept, anyOrigin, type KeptDocument, keepDocument } from '../http/kept_document.ts'
import type { HttpRequest } from '../http/request.ts'
import { serverLimits } from '../limits.ts'

/** `GET /openapi.json`: the management API. Only the issuer differs between tenants, so it is made once, in 25 ms. */
export function createOpenapi(version: string): (tenant: TenantContext, request: HttpRequest) => Answer {
  const kept = new Cache<KeptDocument>(serverLimits.documentsKept)
  let common: string | undefined
  return ({ issuer }, request) => {
    common ??= JSON.stringify(openapiDocument({ issuer: placeholder, version }))
    const known =
      kept.get(issuer) ??
      keepDocument(
        common.replaceAll(placeholder, () => issuer),
        cacheable,
      )
    kept.set(issuer, known)
    return answerKept(request, known)
  }
}

/** Where the issuer stands; an issuer is a URL without a character that JSON would escape. */
const placeholder = 'https://issuer.invalid/9f1c0c1e'
const cacheable = { 'Content-Type': 'application/json', 'Cache-Control': 'public, max-age=300', ...anyOrigin }

/** How the pipeline refuses: what was thrown below it, and what the caller does not hold. */
import { challengeHeader, missingScope, type Scope } from '@countersign/core'
import { ConflictError, RowCountError, UnstorableTextError } from '@countersign/store'
import { DocumentError, DocumentsBusyError } from '../apis/document.ts'
import { ProblemError } from '../http/problem.ts'
import { StaleBookError } from '../oauth/issuing_moment.ts'
import { UnsignableTokenError } from '../oauth/token_issuer.ts'
import { LastAdministratorError } from '../tenants/administrators.ts'

export function toProblem(error: unknown): never {
  if (error instanceof ConflictError) throw new ProblemError(409, 'conflict', `The ${error.what} is already taken.`)
  if (error instanceof LastAdministratorError) throw new ProblemError(409, 'last_administrator', error.message)
  if (error instanceof RowCountError)
    throw new ProblemError(409, 'conflict', 'Another request has changed it meanwhile. Try again.')
  if (error instanceof UnstorableTextError)
    throw new ProblemError(400, 'invalid_request', 'Text with NUL or half a surrogate pair cannot be stored.')
  if (error instanceof StaleBookError)
    throw new ProblemError(503, 'unavailable', 'This server cannot tell whether its status book is fresh. Try again.', {
      headers: { 'Retry-After': '1' },
    })
  if (error instanceof DocumentsBusyError)
    throw new ProblemError(503, 'unavailable', 'Other documents are being read. Try again.', {
      headers: { 'Retry-After': '5' },
    })
  if (error instanceof DocumentError) {
    const errors = [{ pointer: error.where, detail: error.message }]
    throw new ProblemError(400, 'invalid_document', error.message, { errors })
  }
  if (error instanceof UnsignableTokenError) throw new ProblemError(400, 'invalid_request', `${error.message}.`)
  throw error
}

export function requireScopes(held: Scope, scopes: Scope): void {
  const missing = missingScope(scopes, held)
  if (missing.length === 0) return
  throw new ProblemError(
    403,
    'insufficient_scope',
    `This touches a credential or client that has ${missing.join(' ')}, which the caller does not have.`,
    {
      headers: challengeHeader({ scheme: 'Bearer', error: 'insufficient_scope', scope: missing }),
    },
  )
}

export function noRoomToKeep(): ProblemError {
  const detail = 'Too many answers are kept for Idempotency-Keys. Nothing was changed. Try again, or without one.'
  return new ProblemError(503, 'unavailable', detail, { headers: { 'Retry-After': '1' } })
}

/** Errors of the store as messages between threads, which pass objects without their classes. */
import { FatalStoreError, StoreUnavailableError, type UnavailableReason, UnstorableTextError } from '../errors.ts'

export interface SentError {
  readonly kind: 'fatal' | 'unstorable' | 'other' | UnavailableReason
  readonly message: string
}

export function sendError(error: unknown): SentError {
  const message = error instanceof Error ? error.message : String(error)
  // The receiving side adds the words of `FatalStoreError` again, so only the cause is sent.
  if (error instanceof FatalStoreError)
    return { kind: 'fatal', message: error.cause instanceof Error ? error.cause.message : message }
  if (error instanceof UnstorableTextError) return { kind: 'unstorable', message }
  return { kind: error instanceof StoreUnavailableError ? error.reason : 'other', message }
}

export function receiveError({ kind, message }: SentError): Error {
  const cause = new Error(message)
  if (kind === 'fatal') return new FatalStoreError(cause)
  if (kind === 'unstorable') return new UnstorableTextError()
  return kind === 'other' ? cause : new StoreUnavailableError(kind, cause)
}

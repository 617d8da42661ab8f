import {
  credentialIdentity,
  type Established,
  type Identity,
  issuerIdPrefix,
  limits,
  splitClientObjectId,
} from '@countersign/core'
import type { StatusBook } from '../book/status_book.ts'
import { elapsedMs, type Stamp } from '../clock.ts'

/** A credential, and the marks that show when it is out of date. */
export interface Known {
  readonly established: Established
  /** The sequence its record was read at, or its issuer in the book; `undefined` for JWTs of ours. */
  readonly readAt: number | undefined
  /** The moment its look-up began, or it was established where nothing was looked up. */
  readonly since: Stamp
  /** The key that signed it. When the book has that key no longer, the credential is out of date. */
  readonly signedBy: Identity<'signing_key' | 'public_key'> | undefined
}

/** Whether a looked-up record has been used for longer than `recordLifeSeconds`. */
export function isOld({ readAt, since }: Known, at: Stamp): boolean {
  return readAt !== undefined && elapsedMs(since, at) > limits.recordLifeSeconds * 1000
}

/**
 * Whether anything that a credential was made from has changed since, or its record is too old
 * (docs/protocol/feed.md §4).
 */
export function isOutdated(known: Known, book: StatusBook, at: Stamp): boolean {
  if (isOld(known, at)) return true
  const { readAt, signedBy } = known
  const { clientId, apiId, audience, lineage } = known.established
  if (signedBy !== undefined) {
    // An audience may belong to another API by now: a token is for the API that has it now.
    if (isKeyGone(signedBy, book, readAt) || book.apiByAudience(audience)?.apiId !== apiId) return true
    return readAt !== undefined && book.isChangedSince('client', clientId, readAt)
  }
  if (readAt === undefined) return false
  const own = credentialIdentity(known.established)
  return (
    book.isChangedSince('client', clientId, readAt) ||
    book.isChangedSince('api', apiId, readAt) ||
    book.isChangedSince(own.type, own.id, readAt) ||
    lineage.some(({ type, id }) => book.isChangedSince(type, id, readAt))
  )
}

/** A trusted issuer's key comes with its rules: whatever was said of the issuer since makes the credential out of date. */
function isKeyGone({ type, id }: NonNullable<Known['signedBy']>, book: StatusBook, readAt: Known['readAt']): boolean {
  if (type === 'signing_key') return book.state('signing_key', id)?.publicJwk === undefined
  // The id begins with its owner's.
  if (!id.startsWith(issuerIdPrefix)) return book.isRevoked('public_key', id)
  const { clientId: owner } = splitClientObjectId(id)
  const isThere = readAt !== undefined && book.state('trusted_issuer', owner) !== undefined
  return !isThere || book.isChangedSince('trusted_issuer', owner, readAt)
}

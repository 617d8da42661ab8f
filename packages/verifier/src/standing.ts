import {
  type Ancestor,
  credentialIdentity,
  type Established,
  issuedTokenId,
  issuerIdPrefix,
  type Standing,
  splitClientObjectId,
  subjectIdentity,
} from '@countersign/core'
import type { StatusBook } from './book/status_book.ts'
import type { Known } from './known/known.ts'

/**
 * The states of a credential and its whole lineage in the book (docs/protocol/feed.md §5). A looked-up record includes
 * earlier changes.
 */
export function standingOf({ established }: Pick<Known, 'established'>, book: StatusBook): Standing {
  const { clientId, subject, apiId } = established
  const other = subject === clientId ? undefined : subjectIdentity(subject)
  return {
    tenant: book.isRevoked('tenant', book.tenant) ? 'revoked' : book.state('tenant', book.tenant),
    api: book.isRevoked('api', apiId) ? 'revoked' : book.state('api', apiId),
    // Needed beside the recorded client: no record has the cut-off, which opaque tokens are judged by as well.
    client: book.isRevoked('client', clientId) ? 'revoked' : book.state('client', clientId),
    subject: other === undefined ? undefined : subjectState(other, book),
    hasLostRevoke:
      book.hasLostRevoke('client', clientId) || (other !== undefined && book.hasLostRevoke(other.type, other.id)),
    own: ownState(established, book),
    ancestors: ancestorStates(established, book),
    dropTime: book.dropTime,
    floor: book.floor,
  }
}

function subjectState({ type, id }: ReturnType<typeof subjectIdentity>, book: StatusBook): Standing['subject'] {
  return book.isRevoked(type, id) ? 'revoked' : book.state(type, id)
}

/** A key's, opaque token's or session's record was read after whatever the book says of it: only a revocation counts beside it. */
function ownState(established: Established, book: StatusBook): Standing['own'] {
  const { type, id } = credentialIdentity(established)
  if (book.isRevoked(type, id)) return 'revoked'
  switch (type) {
    case 'key':
    case 'opaque_token':
    case 'session':
      return undefined
    case 'token':
    case 'client_token':
    case 'external_token':
      return book.state(type, id)
  }
}

/** Most credentials have no ancestors: they share this. */
const none: Standing['ancestors'] = []

/**
 * The states of all ancestors, the oldest last. A JWT of ours may be named by its client as well, whose credential
 * every child of it is.
 */
function ancestorStates(established: Established, book: StatusBook): Standing['ancestors'] {
  const { clientId, lineage } = established
  const own = credentialIdentity(established)
  const pair = own.type === 'token' ? stateOf('issued_token', issuedTokenId(clientId, own.id), book) : undefined
  if (lineage.length === 0) return pair === undefined ? none : [pair]
  const states: Standing['ancestors'][number][] = [pair]
  for (const { type, id } of lineage) {
    if (type === 'token') states.push(stateOf('issued_token', issuedTokenId(clientId, id), book))
    states.push(stateOf(type, id, book))
  }
  return states
}

function stateOf(type: Ancestor['type'] | 'issued_token', id: string, book: StatusBook): Standing['ancestors'][number] {
  // An id begins with its owner's.
  if (type === 'public_key' && id.startsWith(issuerIdPrefix)) return issuerKeyState(id, book)
  return book.isRevoked(type, id) ? 'revoked' : book.state(type, id)
}

/**
 * The state of a trusted issuer's key that signed an ancestor: it is there while the issuer has it, and suspended with the
 * issuer. A client's key is in the feed only once it was removed.
 */
function issuerKeyState(id: string, book: StatusBook): Standing['ancestors'][number] {
  const { clientId: owner, name: thumbprint } = splitClientObjectId(id)
  const issuer = book.state('trusted_issuer', owner)
  const isThere = issuer?.keys.some((key) => key.thumbprint === thumbprint) === true
  return isThere ? { status: issuer.status } : 'revoked'
}

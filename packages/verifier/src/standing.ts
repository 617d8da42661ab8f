import { type Ancestor, credentialIdentity, type Established, type Standing } from '@countersign/core'
import type { StatusBook } from './book/status_book.ts'
import type { Known } from './known/known.ts'

/**
 * The states of a credential and its whole lineage in the book (docs/protocol/feed.md §5). A looked-up record includes
 * earlier changes.
 */
export function standingOf({ established }: Pick<Known, 'established'>, book: StatusBook): Standing {
  const { clientId, apiId, lineage } = established
  return {
    tenant: book.isRevoked('tenant', book.tenant) ? 'revoked' : book.state('tenant', book.tenant),
    api: book.isRevoked('api', apiId) ? 'revoked' : book.state('api', apiId),
    // Needed beside the recorded client: no record has the cut-off, which opaque tokens are judged by as well.
    client: book.isRevoked('client', clientId) ? 'revoked' : book.state('client', clientId),
    hasLostRevoke: book.hasLostRevoke(clientId),
    own: ownState(established, book),
    ancestors: lineage.length === 0 ? none : ancestorStates(lineage, book),
    dropTime: book.dropTime,
    floor: book.floor,
  }
}

/** A key's or opaque token's record was read after whatever the book says of it: only a revocation counts beside it. */
function ownState(established: Established, book: StatusBook): Standing['own'] {
  const { type, id } = credentialIdentity(established)
  if (book.isRevoked(type, id)) return 'revoked'
  switch (type) {
    case 'key':
    case 'opaque_token':
      return undefined
    case 'token':
    case 'client_token':
      return book.state(type, id)
  }
}

/** Most credentials have no ancestors: they share this. */
const none: Standing['ancestors'] = []

function ancestorStates(lineage: readonly Ancestor[], book: StatusBook): Standing['ancestors'] {
  return lineage.map((ancestor) => ancestorState(ancestor, book))
}

function ancestorState({ type, id }: Ancestor, book: StatusBook): Standing['ancestors'][number] {
  if (book.isRevoked(type, id)) return 'revoked'
  return book.state(type, id)
}

import type { Ancestor, Standing } from '@countersign/core'
import type { StatusBook } from './book/status_book.ts'
import type { Known } from './known.ts'

/** feed.md §5: its own entry and those of its whole lineage. A looked-up record already holds what was said before it. */
export function standingOf({ established, readAt }: Known, book: StatusBook): Standing {
  const { kind, credentialId, clientId, apiId, lineage } = established
  const ownType =
    kind === 'api_key'
      ? 'key'
      : kind === 'self_issued_jwt'
        ? 'client_token'
        : readAt === undefined
          ? 'token'
          : 'opaque_token'
  const ownId = kind === 'self_issued_jwt' ? `${clientId} ${credentialId}` : credentialId
  const own = book.isRevoked(ownType, ownId)
    ? 'revoked'
    : ownType === 'token' || ownType === 'client_token'
      ? book.state(ownType, ownId)
      : undefined
  return {
    tenant: book.isRevoked('tenant', book.tenant) ? 'revoked' : book.state('tenant', book.tenant),
    api: book.isRevoked('api', apiId) ? 'revoked' : book.state('api', apiId),
    // Beside the client as recorded, since no record says its cut-off, which opaque tokens are judged by as well.
    client: book.isRevoked('client', clientId) ? 'revoked' : book.state('client', clientId),
    hasLostRevoke: book.hasLostRevoke(clientId),
    own,
    ancestors: lineage.length === 0 ? none : ancestorStates(lineage, book),
    dropTime: book.dropTime,
    floor: book.floor,
  }
}

/** Of most credentials: they share it. */
const none: Standing['ancestors'] = []

function ancestorStates(lineage: readonly Ancestor[], book: StatusBook): Standing['ancestors'] {
  return lineage.map((ancestor) => ancestorState(ancestor, book))
}

function ancestorState({ type, id }: Ancestor, book: StatusBook): Standing['ancestors'][number] {
  if (book.isRevoked(type, id)) return 'revoked'
  return type === 'public_key' ? undefined : book.state(type, id)
}

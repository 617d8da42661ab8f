import {
  type Address,
  type CredentialRecord,
  establishRecord,
  type MaybePromise,
  type ParsedKey,
} from '@countersign/core'
import type { StatusBook } from '../book/status_book.ts'
import type { Stamp } from '../clock.ts'
import type { Directory, LookupKind } from '../directory.ts'
import type { Establishment } from './establishment.ts'
import { isOutdated } from './known.ts'
import { type Looked, type LookUp, unknown } from './look_up.ts'
import type { PackedKeysView } from './packed_keys.ts'

export type EstablishKey = (
  key: ParsedKey,
  digest: string,
  book: StatusBook,
  at: Stamp,
  from: Address | undefined,
) => MaybePromise<Establishment>

/** Step two for API keys, opaque tokens and sessions: their digest is found among the packed keys, or looked up. */
export function createKeyEstablisher({
  directory,
  packed,
  lookUp,
  keepsRefused,
}: {
  readonly directory: Directory
  readonly packed: PackedKeysView
  readonly lookUp: LookUp
  /** As in `EngineOptions`. */
  readonly keepsRefused: boolean
}): EstablishKey {
  return (key, digest, book, at, from) => {
    const recalled = packed.recall(digest, key.id, at)
    if (recalled !== undefined) {
      const { established, readAt, since, isFrequent } = recalled
      const known = { established, readAt, since, signedBy: undefined }
      if (keepsRefused || !isGone(key.id, established.clientId, book)) {
        if (!isOutdated(known, book, at)) return { known, isFrequent }
      }
    }
    return lookUp(
      () => directory.credential(digest, book.place, kindOf(key)),
      book,
      from,
      ({ record, readAt, since }: Looked<CredentialRecord>) => {
        const established = establishRecord(record, book.tenant)
        // The checksum is public, so prefix, marker and id of the text must be those that were stored
        // (docs/protocol/credentials.md §1).
        const marker = markerOf(record)
        if (record.prefix !== key.prefix || record.id !== key.id || marker !== key.marker) return unknown
        if (record.status !== 'revoked') packed.remember(book, digest, { established, readAt, since })
        return { known: { established, readAt, since, signedBy: undefined } }
      },
    )
  }
}

function kindOf({ marker }: ParsedKey): LookupKind {
  if (marker === 'at') return 'token'
  return marker === 'sess' ? 'session' : 'key'
}

function markerOf({ kind, environment }: CredentialRecord): ParsedKey['marker'] | undefined {
  switch (kind) {
    case 'api_key':
      return environment
    case 'access_token':
      return 'at'
    case 'session':
      return 'sess'
  }
}

/** Whether the book says that the key is revoked, or its client. */
function isGone(keyId: string, clientId: string, book: StatusBook): boolean {
  return book.isRevoked('key', keyId) || book.isRevoked('client', clientId)
}

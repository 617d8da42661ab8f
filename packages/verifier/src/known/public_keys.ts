import { type Address, limits, type MaybePromise, type PublicKeyRecord, publicKeyId } from '@countersign/core'
import type { StatusBook } from '../book/status_book.ts'
import { Cache } from '../cache.ts'
import { type Clock, elapsedMs } from '../clock.ts'
import type { Directory } from '../directory.ts'
import type { Establishment } from './establishment.ts'
import type { Looked, LookUp } from './look_up.ts'

/** The keys of clients, as they were looked up. */
export interface PublicKeys {
  /** Hands the key on to `use`, and whether it was kept. `from` is the address that showed the JWT. */
  find(
    clientId: string,
    kid: string,
    book: StatusBook,
    from: Address | undefined,
    use: (looked: Looked<PublicKeyRecord>, isKept: boolean) => MaybePromise<Establishment>,
  ): MaybePromise<Establishment>
  clear(): void
}

const keysMax = 10_000

/** A client may sign a new JWT for every request: its key is looked up once, and again after the feed spoke of it. */
export function createPublicKeys({
  directory,
  lookUp,
  clock,
}: {
  readonly directory: Directory
  readonly lookUp: LookUp
  readonly clock: Clock
}): PublicKeys {
  const kept = new Cache<Looked<PublicKeyRecord>>(keysMax)

  function isOutdated({ record, readAt, since }: Looked<PublicKeyRecord>, book: StatusBook): boolean {
    return (
      elapsedMs(since, clock.stamp()) > limits.recordLifeSeconds * 1000 ||
      book.isChangedSince('client', record.clientId, readAt) ||
      book.isRevoked('public_key', publicKeyId(record.clientId, record.thumbprint))
    )
  }

  return {
    find(clientId, kid, book, from, use) {
      // `iss` and `kid` are not verified yet: joined by a character that either may hold, two pairs could be one name.
      const name = JSON.stringify([clientId, kid])
      const known = kept.get(name)
      if (known !== undefined && !isOutdated(known, book)) return use(known, true)
      return lookUp(
        () => directory.publicKey(clientId, kid, book.place),
        book,
        from,
        (looked: Looked<PublicKeyRecord>) => {
          kept.set(name, looked)
          return use(looked, false)
        },
      )
    },
    clear: () => kept.clear(),
  }
}

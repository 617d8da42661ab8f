import type { Seconds } from '@countersign/core'
import type { Client, ClientSecret } from '@countersign/store'
import { Cache, type Clock, elapsedMs, type Stamp } from '@countersign/verifier'
import { serverLimits } from '../limits.ts'
import type { Services } from './services.ts'

export type SecretRecord = ClientSecret & { readonly client: Client }

/** Client secrets as the token endpoint needs them: read once, then again when the feed says that the client changed. */
export interface ClientSecrets {
  /** By its digest; undefined for none. Whether it has ended is judged by whoever asks. */
  find(tenant: string, digest: string): Promise<SecretRecord | undefined> | SecretRecord | undefined
}

interface Known {
  readonly record: SecretRecord
  readonly sequence: number
  readonly since: Stamp
}

/** What is unknown is never kept: a secret that was just made works at once, in every process. */
export function createClientSecrets(services: Pick<Services, 'store' | 'books'>, clock: Clock): ClientSecrets {
  const known = new Cache<Known>(10_000)

  function isCurrent(tenant: string, { record, sequence, since }: Known): boolean {
    const book = services.books.book(tenant)
    return (
      book !== undefined &&
      services.books.isFresh() &&
      elapsedMs(since, clock.stamp()) < lifeSeconds * 1000 &&
      !book.isRevoked('client', record.clientId) &&
      !book.isChangedSince('client', record.clientId, sequence)
    )
  }

  return {
    find(tenant, digest) {
      const name = `${tenant} ${digest}`
      const entry = known.get(name)
      if (entry !== undefined && isCurrent(tenant, entry)) return entry.record
      const sequence = services.books.book(tenant)?.place.sequence ?? 0
      const since = clock.stamp()
      const keep = (record: SecretRecord | undefined): SecretRecord | undefined => {
        if (record === undefined) known.delete(name)
        else known.set(name, { record, sequence, since })
        return record
      }
      const record = services.store.lookup.clientSecret(tenant, digest)
      return record instanceof Promise ? record.then(keep) : keep(record)
    },
  }
}

const lifeSeconds: Seconds = serverLimits.clientSecretLifeSeconds

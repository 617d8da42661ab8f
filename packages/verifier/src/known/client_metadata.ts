/**
 * The metadata of clients, where a credential's own record does not tell it (docs/protocol/feed.md §4): one look-up for
 * each client and hour, ended by an entry about the client. Nothing is refused for want of it.
 */
import { type ClientRecord, type Established, limits, type Metadata, withClientMetadata } from '@countersign/core'
import type { StatusBook } from '../book/status_book.ts'
import { Cache } from '../cache.ts'
import { type Clock, elapsedMs, type Stamp } from '../clock.ts'
import type { Directory } from '../directory.ts'
import { clientLimits } from '../limits.ts'
import type { Budget } from './budget.ts'
import type { Hit } from './known_credentials.ts'
import { createLookUp, type Looked, type LookUp, type Unknown } from './look_up.ts'

/** A client as it was looked up. */
export interface KeptClient {
  /** `undefined`: the directory knows no such client, or does not tell this asker of it. */
  readonly metadata: Metadata | undefined
  readonly readAt: number
  readonly since: Stamp
}

export class ClientMetadata {
  readonly #directory: Directory
  readonly #clock: Clock
  readonly #lookUp: LookUp
  /** These two are made at first use, since a server has an engine for each tenant, and most are idle. */
  #kept: Cache<KeptClient> | undefined
  #underWay: Map<string, Promise<unknown>> | undefined
  #book: StatusBook | undefined
  /** When the last look-up that failed began. Until one succeeds, nobody waits for one. */
  #failedAt: Stamp | undefined

  constructor({ directory, clock }: { readonly directory: Directory; readonly clock: Clock }) {
    this.#directory = directory
    this.#clock = clock
    this.#lookUp = createLookUp({ budget: unbounded, clock })
  }

  /**
   * The hit with the metadata of its client. A promise where that must be waited for: everything is then read again
   * from the top. A refused credential costs no look-up, so that the time of a refusal does not tell whose it was.
   */
  attach(hit: Hit, book: StatusBook): Hit | Promise<unknown> {
    const { entry, effective, at } = hit
    // The entry was judged with it at this version of the book: only time can have made it old.
    if (entry.client !== undefined && !isOld(entry.client, at)) return hit
    if (effective.fault !== undefined || entry.established.clientMetadata !== undefined) return hit
    const { clientId } = entry.established
    const client = this.known(entry.established, book, at) ?? this.#find(clientId, book, at)
    if (client === undefined || client instanceof Promise) return client ?? hit
    entry.client = client
    if (client.metadata === effective.grant.clientMetadata) return hit
    entry.effective = withClientMetadata(effective, client.metadata)
    return { entry, effective: entry.effective, at }
  }

  /** The client of a credential whose record does not tell it, where it was looked up and nothing was said of it since. */
  known({ clientId, clientMetadata }: Established, book: StatusBook, at: Stamp): KeptClient | undefined {
    const known = clientMetadata === undefined ? this.#kept?.get(clientId) : undefined
    return known !== undefined && !isOld(known, at) && !isChanged(known, clientId, book) ? known : undefined
  }

  /** The book was replaced by this one. */
  clear(book: StatusBook | undefined): void {
    this.#book = book
    this.#kept = undefined
    this.#underWay = undefined
  }

  #find(clientId: string, book: StatusBook, at: Stamp): KeptClient | Promise<unknown> | undefined {
    const running = this.#underWay?.get(clientId)
    if (this.#failedAt === undefined) return running ?? this.#ask(clientId, book)
    if (running !== undefined || elapsedMs(this.#failedAt, at) < clientLimits.retrySeconds * 1000) return undefined
    // One look-up finds out whether they succeed again, while requests pass without it.
    this.#failedAt = at
    const asked = this.#ask(clientId, book)
    return asked instanceof Promise ? undefined : asked
  }

  #ask(clientId: string, book: StatusBook): KeptClient | Promise<unknown> | undefined {
    const since = this.#clock.stamp()
    const answer = this.#lookUp(
      () => this.#directory.client(clientId, book.place),
      book,
      undefined,
      (looked: Looked<ClientRecord>) => looked,
    )
    if (!(answer instanceof Promise)) return this.#settle(clientId, book, since, answer)
    const asked: Promise<unknown> = answer.then((settled) => {
      if (this.#underWay?.get(clientId) === asked) this.#underWay.delete(clientId)
      return this.#settle(clientId, book, since, settled)
    })
    this.#underWay ??= new Map()
    this.#underWay.set(clientId, asked)
    return asked
  }

  #settle(clientId: string, book: StatusBook, since: Stamp, answer: Answer): KeptClient | undefined {
    if (book !== this.#book) return undefined
    this.#failedAt = answer === 'unavailable' ? since : undefined
    if (answer === 'unavailable') return undefined
    const client = keptOf(answer, since)
    this.#kept ??= new Cache(clientLimits.keptMax)
    this.#kept.set(clientId, client)
    return client
  }
}

type Answer = Looked<ClientRecord> | Unknown | 'unavailable'

/** Only a proven credential leads to a look-up of its client: none is asked for by guessing. */
const unbounded: Budget = { take: () => () => {} }

function keptOf(answer: Looked<ClientRecord> | Unknown, since: Stamp): KeptClient {
  if ('record' in answer) return { metadata: answer.record.metadata, readAt: answer.readAt, since }
  return { metadata: undefined, readAt: answer.unknownAt, since }
}

function isOld({ metadata, since }: KeptClient, at: Stamp): boolean {
  const lifeSeconds = metadata === undefined ? limits.unknownLifeSeconds : limits.recordLifeSeconds
  return elapsedMs(since, at) > lifeSeconds * 1000
}

function isChanged({ readAt }: KeptClient, clientId: string, book: StatusBook): boolean {
  return book.isChangedSince('client', clientId, readAt)
}

import { andThen, limits, type MaybePromise, type ObjectType } from '@countersign/core'
import { Cache, type Clock, elapsedMs, type Stamp } from '@countersign/verifier/engine'
import type { Books } from './books.ts'

export interface KeptRecordsOptions<R> {
  readonly books: Books
  readonly clock: Clock
  /** The object whose change in the feed makes the record be read again. */
  readonly type: Extract<ObjectType, 'api' | 'client'>
  readonly idOf: (record: R) => string
  /** Kept at most. Default 10,000. */
  readonly entriesMax?: number
}

export interface KeptRecords<R> {
  /** The record of that name in the tenant, from `read` unless it is kept. Absence is never kept. */
  find(tenant: string, name: string, read: () => MaybePromise<R | undefined>): MaybePromise<R | undefined>
  /** The same, with what tells whether the record has changed since. */
  findKept(tenant: string, name: string, read: () => MaybePromise<R | undefined>): MaybePromise<Kept<R> | undefined>
}

export interface Kept<R> {
  readonly record: R
  /** The sequence that the book had applied when the record was read. */
  readonly sequence: number
  readonly since: Stamp
}

/**
 * Records that the server reads once and uses often. One rule holds for all of them: they are never used while the books cannot
 * prove their freshness, after a change that the books know of, after the books were replaced, or for longer than the books are
 * sure to remember a change.
 */
export function keepRecords<R extends object>(options: KeptRecordsOptions<R>): KeptRecords<R> {
  const { books, clock, type, idOf } = options
  const kept = new Cache<Kept<R>>(options.entriesMax ?? 10_000)
  /** How often the books were replaced: a record that was being read meanwhile is of the former ones. */
  let generation = 0
  books.onReload(() => {
    kept.clear()
    generation++
  })

  function isCurrent(tenant: string, { record, sequence, since }: Kept<R>): boolean {
    const book = books.book(tenant)
    const id = idOf(record)
    return (
      book !== undefined &&
      books.isFresh() &&
      elapsedMs(since, clock.stamp()) <= limits.recordLifeSeconds * 1000 &&
      !book.isRevoked(type, id) &&
      !book.isChangedSince(type, id, sequence)
    )
  }

  function findKept(
    tenant: string,
    name: string,
    read: () => MaybePromise<R | undefined>,
  ): MaybePromise<Kept<R> | undefined> {
    const key = `${tenant} ${name}`
    const entry = kept.get(key)
    if (entry !== undefined && isCurrent(tenant, entry)) return entry
    const sequence = books.book(tenant)?.place.sequence ?? 0
    const since = clock.stamp()
    const begunIn = generation
    return andThen(read(), (record) => {
      const made = record === undefined ? undefined : { record, sequence, since }
      if (made === undefined) kept.delete(key)
      else if (begunIn === generation) kept.set(key, made)
      return made
    })
  }

  return { findKept, find: (tenant, name, read) => andThen(findKept(tenant, name, read), (found) => found?.record) }
}

import type { FeedEntry } from '@countersign/core'
import { expect, it } from 'vitest'
import { StatusBook } from './status_book.ts'

function createBook(): StatusBook {
  return new StatusBook({
    tenant: 't',
    issuer: 'https://i.example',
    place: { epoch: 'e', sequence: 0, chain: '' },
    seed: 1,
  })
}

let sequence = 0
function entry(type: 'key' | 'token', id: string, version: number, state: object, dropAt: number): FeedEntry {
  sequence++
  return {
    type,
    id,
    version,
    state,
    dropAt,
    sequence,
    at: 0,
    audit: 'a',
    chain: `c${sequence}`,
  } as unknown as FeedEntry
}

it('an older state after a newer one changes nothing, and one of the same version neither', () => {
  const book = createBook()
  book.apply(entry('token', 'x', 3, { status: 'disabled' }, 5_000))
  for (const version of [1, 2, 3]) book.apply(entry('token', 'x', version, { status: 'active' }, 5_000))
  expect(book.state('token', 'x')).toEqual({ status: 'disabled' })
  book.apply(entry('token', 'x', 4, { status: 'active' }, 5_000))
  expect(book.state('token', 'x')).toEqual({ status: 'active' })
})

it('an entry is kept to the very second of its end by the drop time, whatever it says', () => {
  const book = createBook()
  book.apply(entry('token', 'narrowed', 1, { status: 'active', scope: 'a' }, 5_000))
  book.apply(entry('token', 'revoked', 1, { status: 'revoked' }, 5_000))
  for (const dropTime of [4_680, 4_999, 5_000]) {
    book.sweep(dropTime)
    expect([book.state('token', 'narrowed')?.scope, book.isRevoked('token', 'revoked')], `${dropTime}`).toEqual([
      'a',
      true,
    ])
  }
  book.sweep(5_001)
  expect([book.state('token', 'narrowed'), book.isRevoked('token', 'revoked')]).toEqual([undefined, false])
})

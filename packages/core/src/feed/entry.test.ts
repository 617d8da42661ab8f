import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { neverDropAt } from '../limits.ts'
import { chainInput, endlessRevocation, type FeedEntry, revocationEnd } from './entry.ts'

const entry: Omit<FeedEntry, 'chain'> = {
  sequence: 7,
  type: 'key',
  id: '0123456789AB',
  version: 3,
  state: { status: 'disabled', scope: 'a', rateLimit: { limit: 1, windowSeconds: 2 } },
  dropAt: 9,
  at: 8,
  audit: 'link',
}

test('the chain covers every member of an entry and what came before', () => {
  const base = chainInput('before', entry)
  const others: Omit<FeedEntry, 'chain'>[] = [
    { ...entry, sequence: 8 },
    { ...entry, type: 'opaque_token' } as never,
    { ...entry, id: '0123456789AC' },
    { ...entry, version: 4 },
    { ...entry, state: { status: 'active', scope: 'a', rateLimit: { limit: 1, windowSeconds: 2 } } } as never,
    { ...entry, state: { status: 'disabled', scope: 'a', rateLimit: { limit: 1, windowSeconds: 3 } } } as never,
    { ...entry, dropAt: 10 },
    { ...entry, at: 9 },
    { ...entry, audit: 'other' },
  ]
  for (const other of others) expect(chainInput('before', other)).not.toBe(base)
  expect(chainInput('other', entry)).not.toBe(base)
  expect(createHash('sha256').update(base).digest('base64url')).toHaveLength(43)
})

test('the chain does not depend on the order of members, nor on members that are not there', () => {
  const turned = { rateLimit: { windowSeconds: 2, limit: 1 }, expiresAt: undefined, scope: 'a', status: 'disabled' }
  expect(chainInput('x', { ...entry, state: turned } as never)).toBe(chainInput('x', entry))
})

test('the chain does not cover the MAC of an entry, which is made anew for each answer', () => {
  expect(chainInput('x', { ...entry, mac: 'A'.repeat(22) } as never)).toBe(chainInput('x', entry))
})

test('a revocation ends with a whole second that fits into 32 bits, never earlier than it was said', () => {
  expect([10, 10.1, 10.9, 0xffffffff - 1].map(revocationEnd)).toEqual([10, 11, 11, 0xffffffff - 1])
  expect([0xffffffff, 2 ** 32, neverDropAt].map(revocationEnd)).toEqual(Array(3).fill(endlessRevocation))
})

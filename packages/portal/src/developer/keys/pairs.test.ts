import { expect, it } from 'vitest'
import type { ListedKey } from '../../shared/api/queries.ts'
import { pairsOf } from './pairs.ts'

const keyOf = (id: string, more: Partial<ListedKey> = {}) =>
  ({ id, status: 'active', rolledFrom: null, ...more }) as ListedKey

it('an old key stands below its successor while it works, and by itself when it has ended', () => {
  const next = keyOf('next', { rolledFrom: 'old' })
  const shown = (old: ListedKey) =>
    pairsOf([old, next, keyOf('other')]).map(({ key, old: below }) => [key.id, below?.id])
  expect(shown(keyOf('old'))).toEqual([
    ['next', 'old'],
    ['other', undefined],
  ])
  expect(shown(keyOf('old', { status: 'expired' }))).toEqual([
    ['old', undefined],
    ['next', undefined],
    ['other', undefined],
  ])
})

it('a key whose old one is on another page stands alone', () => {
  expect(pairsOf([keyOf('next', { rolledFrom: 'elsewhere' })]).map(({ old }) => old)).toEqual([undefined])
})

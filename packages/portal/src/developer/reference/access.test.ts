import { expect, it } from 'vitest'
import { accessOf, inWords, missingOf, scopeFor } from './access.ts'

const needs = (...requires: string[][]) => ({ public: false, requires })
const open = { public: true, requires: [] }

it('a requirement is told with its alternatives in words', () => {
  expect([open, needs(), needs([]), needs(['a'])].map(accessOf)).toEqual([
    'public',
    'nobody',
    'any credential',
    'scopes',
  ])
  expect(inWords(needs(['orders:read', 'orders:list'], ['admin']))).toBe('orders:read and orders:list, or admin')
})

it('what is missing is that of the nearest alternative, and where nobody may call that is no empty list', () => {
  const has = new Set(['a'])
  expect(missingOf(needs(['b', 'c'], ['a', 'b']), has)).toEqual(['b'])
  expect(missingOf(needs(['a']), has)).toEqual([])
  expect(missingOf(needs([]), new Set())).toEqual([])
  expect(missingOf(open, new Set())).toEqual([])
  expect(missingOf(needs(), has)).toBeUndefined()
})

it('a token has the scopes of what is ticked and no other, whichever is ticked first', () => {
  const ticked = [needs(['admin'], ['orders:read']), needs(['orders:read']), open, needs([])]
  for (const each of [ticked, ticked.toReversed()])
    expect(scopeFor(each, undefined, ticked)).toEqual({ scope: ['orders:read'], refused: [] })
})

it('of alternatives the one that opens least is taken, of those that can be given', () => {
  const either = needs(['admin'], ['orders:read', 'orders:list'])
  const all = [either, needs(['admin']), needs(['admin'])]
  expect(scopeFor([either], undefined, all).scope).toEqual(['orders:read', 'orders:list'])
  expect(scopeFor([either], new Set(['admin', 'orders:read']), all).scope).toEqual(['admin'])
})

it('an operation that nothing givable opens is named', () => {
  const never = needs(['payouts:write'])
  expect(scopeFor([needs(['read']), never], new Set(['read']), [])).toEqual({ scope: ['read'], refused: [never] })
})

import { expect, it } from 'vitest'
import { callsByToken, callsLost, lastByToken } from './scope_use.ts'

const call = (scope: string, count: number, outcome = 'verified') => ({ scope, count, outcome })
const counts = [
  call('orders:read', 4),
  call('orders:read', 3),
  call('orders:write | admin', 2),
  call('orders:read stock:read', 1),
  call('', 9),
  call('orders:read', 50, 'expired'),
]

it('calls count for each token of the alternatives that the key has, and refused ones for none', () => {
  expect([...callsByToken(counts, 'orders:read orders:write stock:write')]).toEqual([
    ['orders:read', 7],
    ['orders:write', 2],
    ['stock:write', 0],
  ])
})

it('calls are lost where no alternative is left, by what they needed, the most first', () => {
  expect(callsLost(counts, new Set(['admin', 'stock:read']))).toEqual([
    { scope: 'orders:read', count: 7 },
    { scope: 'orders:read stock:read', count: 1 },
  ])
  expect(callsLost(counts, new Set(['orders:read', 'stock:read', 'admin']))).toEqual([])
  // A call that needs no scope is never lost.
  expect(callsLost([call('', 9)], new Set())).toEqual([])
})

it('the last use of a token is that of the latest call which needed it, also beside others and among alternatives', () => {
  const uses = [
    { scope: 'orders:read stock:read', at: '3' },
    { scope: 'orders:read | admin', at: '2' },
    { scope: 'admin', at: '1' },
  ]
  expect([...lastByToken(uses, 'orders:read stock:write')]).toEqual([['orders:read', '2']])
})

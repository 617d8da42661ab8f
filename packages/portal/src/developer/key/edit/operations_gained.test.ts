import { expect, it } from 'vitest'
import { operationsGained } from './operations_gained.ts'

it('the operations gained are those that the new scope opens and the old did not', () => {
  const operation = (name: string, ...requires: string[][]) => ({ name, public: false, requires })
  const operations = [
    operation('list', ['orders:read']),
    operation('write', ['orders:write']),
    operation('either', ['orders:read'], ['orders:write']),
    operation('both', ['orders:write', 'stock:read']),
    operation('any', []),
    operation('nobody'),
    { name: 'public', public: true, requires: [] },
  ]
  const gained = operationsGained(operations, new Set(['orders:read']), new Set(['orders:write']))
  expect(gained.map(({ name }) => name)).toEqual(['write'])
})

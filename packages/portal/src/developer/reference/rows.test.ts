import { expect, it } from 'vitest'
import { nameOperations, type Operation } from './operation_names.ts'
import { rowsOf } from './rows.ts'

const operation = (method: string, path: string, more: Partial<Operation> = {}): Operation => ({
  method,
  basePath: '/v1',
  path,
  tags: [],
  requires: [],
  public: false,
  ...more,
})

it('each operation has one name, also where ids or routes are doubled', () => {
  const doubled = [
    operation('GET', '/a', { operationId: 'same' }),
    operation('GET', '/b', { operationId: 'same' }),
    operation('GET', '/c', { operationId: 'own' }),
    operation('GET', '/d'),
    operation('GET', '/d'),
  ]
  expect(nameOperations(doubled).map(({ name }) => name)).toEqual(['GET /a', 'GET /b', 'own', 'GET /d', 'GET /d (2)'])
})

it('a search finds every word, in whichever part, below the tags in the order of the document', () => {
  const all = nameOperations([
    operation('GET', '/orders', { summary: 'List the orders', tags: ['Orders'] }),
    operation('POST', '/orders', { tags: ['Orders'] }),
    operation('GET', '/health'),
  ])
  const told = (query: string) =>
    rowsOf(all, query).map((row) => ('tag' in row ? `${row.tag} ${row.many}` : `${row.number} ${row.operation.name}`))
  expect(told('')).toEqual(['Orders 2', '1 GET /orders', '2 POST /orders', ' 1', '3 GET /health'])
  expect(told(' LIST  v1/orders')).toEqual(['Orders 1', '1 GET /orders'])
  expect(told('orders none')).toEqual([])
})

import { expect, it } from 'vitest'
import { callableWith } from './callable.ts'

it('a key is shown a call that it may make: one that changes nothing and wants no value comes first', () => {
  const operation = (method: string, route: string, requires: string[][], isPublic = false) => ({
    method,
    route,
    requires,
    public: isPublic,
  })
  const operations = [
    operation('GET', '/health', [], true),
    operation('POST', '/orders', [['orders:write']]),
    operation('GET', '/orders/{id}', [['orders:read']]),
    operation('GET', '/orders', [['orders:read']]),
    operation('GET', '/stock', [['stock:read']]),
    operation('GET', '/closed', []),
  ]
  const found = callableWith(operations, new Set(['orders:read', 'orders:write']))
  expect(found.map(({ method, route }) => `${method} ${route}`)).toEqual([
    'GET /orders',
    'GET /orders/{id}',
    'POST /orders',
    'GET /health',
  ])
})

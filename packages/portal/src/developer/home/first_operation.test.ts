import { expect, it } from 'vitest'
import { firstOperation } from './first_operation.ts'
import { reasonsOf } from './reasons.ts'

const operation = (method: string, route: string, requires: string[][] = [['a']], isPublic = false) => ({
  method,
  route,
  requires,
  public: isPublic,
})

it('a first call reads, needs a credential, wants nothing in its path, and is within the scope of the key', () => {
  const operations = [
    operation('POST', '/orders'),
    operation('GET', '/health', [], true),
    operation('GET', '/closed', []),
    operation('GET', '/orders/{id}'),
    operation('GET', '/invoices', [['b']]),
    operation('GET', '/orders', [['a'], ['admin']]),
  ]
  const route = (has?: string[]) => firstOperation(operations, has && new Set(has))?.route
  expect([route(), route(['a']), route(['b']), route([])]).toEqual(['/invoices', '/orders', '/invoices', undefined])
  expect(firstOperation(operations.slice(0, 4), undefined)?.route).toBe('/orders/{id}')
  expect(firstOperation(operations.slice(0, 1), new Set(['a']))?.method).toBe('POST')
})

it('refusals stand by their reason, the most frequent first, without what was allowed', () => {
  const counts = [
    { outcome: 'expired', count: 1 },
    { outcome: 'verified', count: 9 },
    { outcome: 'insufficient_scope', count: 2 },
    { outcome: 'expired', count: 2 },
  ]
  expect(reasonsOf(counts)).toEqual([
    { code: 'expired', count: 3 },
    { code: 'insufficient_scope', count: 2 },
  ])
})

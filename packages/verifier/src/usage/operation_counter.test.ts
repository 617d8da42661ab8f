import { describe, expect, it } from 'vitest'
import { startAt } from '../authority.fixture.ts'
import { OperationCounter, type OperationRow, otherRoute } from './operation_counter.ts'
import { UsageCounter } from './usage_counter.ts'

const dayAt = startAt - (startAt % 86_400)
const audience = 'https://api.test'
const list = { method: 'GET', basePath: '/v2', path: '/orders' }
const create = { method: 'POST', basePath: '/v2', path: '/orders' }
const sum = (rows: readonly OperationRow[]): number => rows.reduce((total, { count }) => total + count, 0)
const always = () => true

describe('counts by operation', () => {
  it('are told apart by API, operation, outcome and day, and begin from nothing once taken', () => {
    const counter = new OperationCounter(always)
    counter.count(dayAt, audience, list, 'verified')
    counter.count(dayAt + 86_399.9, audience, list, 'verified')
    counter.count(dayAt, audience, list, 'expired')
    counter.count(dayAt, audience, create, 'verified')
    counter.count(dayAt, 'https://other.test', list, 'verified')
    counter.count(dayAt + 86_400, audience, list, 'verified')
    const row = { audience, method: 'GET', route: '/v2/orders', outcome: 'verified', dayAt, count: 1 }
    expect(counter.take()).toMatchObject([
      { ...row, count: 2 },
      { ...row, outcome: 'expired' },
      { ...row, method: 'POST' },
      { ...row, audience: 'https://other.test' },
      { ...row, dayAt: dayAt + 86_400 },
    ])
    expect(counter.take()).toEqual([])
    counter.count(dayAt, audience, list, 'verified')
    expect(sum(counter.take())).toBe(1)
  })

  it('beyond 2,000 rows, and of a route that no report can hold, go under one name, and none is lost', () => {
    const counter = new OperationCounter(always)
    counter.count(dayAt, audience, { ...list, path: `/${'x'.repeat(300)}` }, 'verified')
    counter.count(dayAt, audience, { ...list, path: '/\ud800' }, 'verified')
    for (let each = 0; each < 3_000; each++) counter.count(dayAt, audience, { ...list, path: `/${each}` }, 'verified')
    const rows = counter.take()
    expect(rows).toHaveLength(2_000)
    expect(rows[0]).toMatchObject({ method: '', route: otherRoute, count: 1_003 })
    expect(sum(rows)).toBe(3_002)
  })

  it('take their part of the room for all rows and give it back, and without room the counts by key go on', () => {
    let used = 0
    const room = {
      take: () => used < 3 && ++used > 0,
      give: (rows: number) => {
        used -= rows
      },
    }
    const usage = new UsageCounter({ room })
    const count = (id: string, operation: typeof list) => {
      usage.count(startAt, id, 'client', [['a']], 'verified')
      usage.countOperation(startAt, audience, operation, 'verified')
    }
    count('k1', list)
    count('k2', list)
    count('k3', create)
    expect(used).toBe(3)
    expect(usage.takeOperations()).toMatchObject([{ method: 'GET', count: 2 }])
    expect(usage.take().map(({ credentialId, count: number }) => [credentialId, number])).toEqual([
      ['k1', 1],
      ['k2', 1],
      ['', 1],
    ])
    expect(used).toBe(0)
  })
})

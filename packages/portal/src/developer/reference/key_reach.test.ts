import { expect, it } from 'vitest'
import { reachOf } from './key_reach.ts'

it('a key is worth no more than its client has now', () => {
  const key = { audience: 'https://a.example', scope: 'orders:read orders:write' }
  const access = (scope: string, audience = key.audience) => ({ access: [{ audience, scope }] })
  expect([...reachOf(key, access('orders:read refunds:read'))]).toEqual(['orders:read'])
  expect([...reachOf(key, access('orders:read', 'https://b.example'))]).toEqual([])
  expect([...reachOf(key, undefined)]).toEqual(['orders:read', 'orders:write'])
  expect([...reachOf({ ...key, scope: '' }, access(''))]).toEqual([])
})

import { expect, it } from 'vitest'
import { bodyOf, endOf, readDraft } from './draft.ts'

const chosen = { clientId: 'client_1', audience: 'https://api.example.com' }

it('a draft keeps what the form has, and nothing else of the address', () => {
  expect(readDraft({ name: 'Worker', scope: 'orders:read', other: 'x', days: '' })).toEqual({
    name: 'Worker',
    scope: 'orders:read',
  })
})

it('an end is 90 days ahead unless another was chosen; what is no number of days never ends by accident', () => {
  const now = Date.parse('2026-11-30T00:00:00Z')
  expect(endOf({}, now)).toBe('2027-02-28T00:00:00.000Z')
  expect(endOf({ days: '7' }, now)).toBe('2026-12-07T00:00:00.000Z')
  expect(endOf({ days: '0' }, now)).toBeNull()
  expect(endOf({ days: 'x' }, now)).toBe('2027-02-28T00:00:00.000Z')
})

it('lists are read from one line, and what is empty is not sent', () => {
  const body = bodyOf({ ipAllow: '10.0.0.0/8, 192.0.2.1', limit: '5' }, chosen)
  expect(body).toMatchObject({ ipAllow: ['10.0.0.0/8', '192.0.2.1'], rateLimit: { limit: 5, windowSeconds: 60 } })
  expect('originAllow' in body).toBe(false)
})

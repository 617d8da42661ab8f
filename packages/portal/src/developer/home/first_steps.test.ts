import { expect, it } from 'vitest'
import { areStepsShown, type Happened, isRestricted, stepsOf } from './first_steps.ts'

const audience = 'https://orders.example'
const key = (more: object = {}) => ({
  audience,
  clientId: 'client_1',
  scope: 'a b',
  ipAllow: null,
  originAllow: null,
  rateLimit: null,
  rateLimits: null,
  ...more,
})
const clients = [{ clientId: 'client_1', access: [{ audience, scope: 'a b' }] }]
const nothing: Happened = { lastUsed: null, keys: [], clients, members: [1], invitations: [0] }
const done = (more: Partial<Happened>) => stepsOf({ ...nothing, ...more }).map(({ isDone }) => isDone)

it('each step is ticked by what has happened, and what nobody knows is neither done nor open', () => {
  expect(done({})).toEqual([false, false, false, false])
  expect(done({ lastUsed: { lastUsedAt: null }, keys: [key()] })).toEqual([true, false, false, false])
  expect(done({ lastUsed: { lastUsedAt: '2027-01-01T00:00:00Z' }, keys: [key()] })).toEqual([true, true, false, false])
  expect(done({ keys: [key(), key({ ipAllow: ['10.0.0.0/8'] })], members: [1, 2] })).toEqual([false, false, true, true])
  expect(done({ invitations: [1] }).at(-1)).toBe(true)
  expect(done({ keys: undefined, members: [undefined], invitations: [0] })).toEqual([
    false,
    false,
    undefined,
    undefined,
  ])
  expect(done({ members: [] })).toHaveLength(3)
})

it('a key is restricted by addresses, origins or a rate, or by less scope than its client can give at that API', () => {
  expect(isRestricted(key(), clients)).toBe(false)
  for (const more of [
    { ipAllow: ['10.0.0.1'] },
    { originAllow: ['https://app.example'] },
    { rateLimit: { limit: 1, windowSeconds: 60 } },
    { rateLimits: [{ name: 'burst', limit: 1, windowSeconds: 1 }] },
  ])
    expect(isRestricted(key(more), undefined)).toBe(true)
  expect(isRestricted(key({ scope: 'a' }), clients)).toBe(true)
  expect(isRestricted(key({ scope: 'a', audience: 'https://other.example' }), clients)).toBe(false)
  expect(isRestricted(key({ scope: 'a' }), undefined)).toBeUndefined()
})

it('the steps are there until a key was used, and for a young team until they are done', () => {
  const now = Date.parse('2027-01-31T00:00:00Z')
  const made = (days: number) => ({ createdAt: new Date(now - days * 86_400_000).toISOString() })
  const used = { ...nothing, lastUsed: { lastUsedAt: '2027-01-30T00:00:00Z' } }
  expect(areStepsShown(stepsOf(nothing), [made(100)], now)).toBe(true)
  expect(areStepsShown(stepsOf(used), [made(13)], now)).toBe(true)
  expect(areStepsShown(stepsOf(used), [made(13), made(14)], now)).toBe(false)
  expect(areStepsShown(stepsOf(used), undefined, now)).toBe(false)
  const all = { ...used, keys: [key({ scope: 'a' })], members: [2] }
  expect(areStepsShown(stepsOf(all), [made(1)], now)).toBe(false)
})

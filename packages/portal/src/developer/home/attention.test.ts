import { expect, it } from 'vitest'
import { areAllSeen, attentionOf } from './attention.ts'

const now = Date.parse('2027-01-31T00:00:00Z')
const daysFromNow = (days: number) => new Date(now + days * 86_400_000).toISOString()
const key = (id: string, more: object = {}) => ({
  id,
  scope: 'orders:read',
  expiresAt: null as string | null,
  lastUsedAt: daysFromNow(-1) as string | null,
  createdAt: daysFromNow(-200),
  rolledFrom: null as string | null,
  ...more,
})
type K = ReturnType<typeof key>
const of = (keys: readonly K[], uses: Parameters<typeof attentionOf>[1] = []) => {
  const { ending, idle, wide } = attentionOf({ ending: keys, idle: keys, used: keys }, uses, now)
  return {
    ending: ending.map(({ id }) => id),
    idle: idle.map(({ id }) => id),
    wide: wide.map((each) => [each.key.id, each.granted, each.used]),
  }
}
const use = (keyId: string, scope: string) => ({ keyId, scope })

it('a key that ends within 14 days wants a look, the next first, unless it was rolled: that one ends as it was meant to', () => {
  const keys = [
    key('in 14', { expiresAt: daysFromNow(14) }),
    key('in 13', { expiresAt: daysFromNow(13) }),
    key('in 2', { expiresAt: daysFromNow(2) }),
    key('rolled', { expiresAt: daysFromNow(1) }),
    key('its successor', { rolledFrom: 'rolled' }),
  ]
  expect(of(keys)).toEqual({ ending: ['in 2', 'in 13'], idle: [], wide: [] })
})

it('a key that was not used for 90 days wants a look, the longest first; one that was never used counts from when it was made', () => {
  const keys = [
    key('89', { lastUsedAt: daysFromNow(-89) }),
    key('90', { lastUsedAt: daysFromNow(-90) }),
    key('never', { lastUsedAt: null }),
    key('new', { lastUsedAt: null, createdAt: daysFromNow(-89) }),
    key('both', { lastUsedAt: null, expiresAt: daysFromNow(1) }),
  ]
  expect(of(keys)).toEqual({ ending: ['both'], idle: ['never', '90'], wide: [] })
})

it('a key that has used a part of its scope in 30 days may do more than it does; the most that lies idle stands first', () => {
  const keys = [
    key('two', { scope: 'a b' }),
    key('four', { scope: 'a b c d' }),
    key('all', { scope: 'a b' }),
    key('any', { scope: 'a b c' }),
  ]
  const uses = [
    use('two', 'a'),
    use('four', 'a b'),
    use('all', 'a'),
    use('all', 'b'),
    use('any', 'a | b x'),
    use('other', 'd'),
  ]
  expect(of(keys, uses).wide).toEqual([
    ['four', 4, ['a', 'b']],
    ['two', 2, ['a']],
    ['any', 3, ['a', 'b']],
  ])
})

it('nobody is told to narrow a key that is not yet known: younger than 30 days, unused in them, or counted without its scopes', () => {
  const keys = [
    key('young', { scope: 'a b', createdAt: daysFromNow(-29) }),
    key('quiet', { scope: 'a b', lastUsedAt: daysFromNow(-31) }),
    key('crowded', { scope: 'a b' }),
    key('uncounted', { scope: 'a b' }),
  ]
  const uses = [use('young', 'a'), use('quiet', 'a'), use('crowded', 'a'), use('crowded', '(overflow)')]
  expect(of(keys, uses).wide).toEqual([])
  expect(attentionOf({ ending: keys, idle: keys, used: keys }, undefined, now).wide).toEqual([])
})

it('a key that needs no scope for what it calls is told to need none', () => {
  expect(of([key('open', { scope: 'a b' })], [use('open', '')]).wide).toEqual([['open', 2, []]])
})

it('of more keys than a page has, all are seen where the last of the page is past what wants a look', () => {
  const page = (more: object, next: string | null = 'next') => ({ data: [key('last', more)], next })
  const seen = {
    ending: page({ expiresAt: daysFromNow(14) }),
    idle: page({ lastUsedAt: daysFromNow(-89) }),
    used: page({ lastUsedAt: daysFromNow(-30) }),
  }
  expect(areAllSeen(seen, now)).toBe(true)
  for (const cut of [
    { ending: page({ expiresAt: daysFromNow(13) }) },
    { idle: page({ lastUsedAt: null }) },
    { idle: page({ lastUsedAt: daysFromNow(-90) }) },
    { used: page({ lastUsedAt: daysFromNow(-29) }) },
  ])
    expect(areAllSeen({ ...seen, ...cut }, now)).toBe(false)
  const whole = page({ expiresAt: daysFromNow(1), lastUsedAt: null }, null)
  expect(areAllSeen({ ending: whole, idle: whole, used: whole }, now)).toBe(true)
})

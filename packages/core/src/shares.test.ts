import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { addressBlock, Shares } from './shares.ts'

const takenBy = (shares: Shares, holder: Parameters<Shares['take']>[0], tries = 10_000): number => {
  let taken = 0
  while (taken < tries && shares.take(holder)) taken++
  return taken
}

describe('fair shares', () => {
  it('below half, nobody is limited; above, a tenant has a quarter and a credential or an address a sixteenth', () => {
    expect(takenBy(new Shares(160), { tenant: 'a' })).toBe(80)
    expect(takenBy(new Shares(160), { credential: 'a' })).toBe(80)
    const shares = new Shares(160)
    takenBy(shares, { tenant: 'flooder', address: '192.0.2.1' })
    expect(takenBy(shares, { tenant: 'victim' })).toBe(40)
    expect(takenBy(shares, { credential: 'victim' })).toBe(10)
    expect(takenBy(shares, { address: '192.0.2.2' })).toBe(10)
    expect(shares.take({ tenant: 'flooder' })).toBe(false)
    expect(shares.take({ tenant: 'other', address: '192.0.2.1' })).toBe(false)
  })

  it('one credential that floods does not use up its tenant’s share, and the tenant leaves a quarter to others', () => {
    const shares = new Shares(160)
    takenBy(shares, { tenant: 'a', credential: 'flooder' })
    expect(takenBy(shares, { tenant: 'a', credential: 'victim' })).toBe(10)
    const others = Array.from({ length: 100 }, (_, index) => ({ tenant: 'a', credential: `key_${index}` }))
    for (const holder of others) shares.take(holder)
    expect(shares.used).toBe(120)
    expect(takenBy(shares, { tenant: 'b' })).toBe(40)
  })

  it('together they hold the whole and no more, and what is given back can be taken again', () => {
    const shares = new Shares(64)
    const all = Array.from({ length: 200 }, (_, index) => ({ tenant: `t${index}` }))
    expect(all.filter((holder) => shares.take(holder))).toHaveLength(64)
    shares.give({ tenant: 't3' })
    expect(shares.take({ tenant: 't199' })).toBe(true)
    expect(shares.take({ tenant: 't198' })).toBe(false)
  })

  it('a small resource gives everybody at least one unit', () => {
    const shares = new Shares(4)
    expect(takenBy(shares, { credential: 'flooder' })).toBe(2)
    expect(shares.take({ credential: 'victim' })).toBe(true)
    expect(shares.take({ credential: 'victim' })).toBe(false)
  })

  it('an amount counts as many units', () => {
    const shares = new Shares(1_600)
    expect(shares.take({ tenant: 'a' }, 801)).toBe(false)
    expect(shares.take({ tenant: 'a' }, 800)).toBe(true)
    expect(shares.take({ tenant: 'b' }, 401)).toBe(false)
    expect(shares.take({ tenant: 'b' }, 400)).toBe(true)
    shares.give({ tenant: 'a' }, 800)
    expect(shares.used).toBe(400)
  })

  it('IPv6 counts by its /64, and an IPv4 address is one in either spelling', () => {
    expect(addressBlock('2001:db8:1:2::1')).toBe(addressBlock('2001:db8:1:2:ffff::9'))
    expect(addressBlock('2001:db8:1:2::1')).not.toBe(addressBlock('2001:db8:1:3::1'))
    expect(addressBlock('::ffff:192.0.2.1')).toBe(addressBlock('192.0.2.1'))
    expect(addressBlock('192.0.2.1')).not.toBe(addressBlock('192.0.2.2'))
  })

  it('whatever is taken and given back, the sums are never wrong', () => {
    const names = fc.constantFrom(undefined, 'a', 'b', 'c')
    const holder = fc.record({ tenant: names, credential: names, address: names })
    fc.assert(
      fc.property(fc.array(fc.tuple(holder, fc.integer({ min: 1, max: 9 })), { maxLength: 60 }), (wanted) => {
        const shares = new Shares(100)
        const had = wanted.filter(([who, amount]) => shares.take(who, amount))
        expect(shares.used).toBe(had.reduce((sum, [, amount]) => sum + amount, 0))
        expect(shares.used).toBeLessThanOrEqual(100)
        for (const [who, amount] of had) shares.give(who, amount)
        expect(shares.used).toBe(0)
        // Nothing is left behind in any name either.
        expect(takenBy(shares, { tenant: 'a', credential: 'a', address: 'a' })).toBe(50)
      }),
    )
  })
})

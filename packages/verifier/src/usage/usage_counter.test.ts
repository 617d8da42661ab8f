import { describe, expect, it } from 'vitest'
import { createWorld, startAt } from '../authority.fixture.ts'
import type { OutcomeCode } from '../outcome.ts'
import { overflowScope, UsageCounter, type UsageRow } from './usage_counter.ts'

const minuteAt = startAt - (startAt % 60)
const sum = (rows: readonly UsageRow[]): number => rows.reduce((total, { count }) => total + count, 0)

describe('the counter', () => {
  it('counts by credential, client, requirement, outcome and minute, and from nothing once taken', () => {
    const usage = new UsageCounter()
    const count = (at: number, id = 'k', requires = [['a']], outcome: OutcomeCode = 'verified') =>
      usage.count(minuteAt + at, id, 'c', requires, outcome)
    count(0)
    count(59.9)
    count(60)
    count(60, 'other')
    count(60, 'k', [['a'], ['b', 'c']])
    count(60, 'k', [['a']], 'expired')
    const row = { credentialId: 'k', clientId: 'c', scope: 'a', outcome: 'verified', minuteAt: minuteAt + 60, count: 1 }
    expect(usage.take()).toMatchObject([
      { ...row, minuteAt, count: 2, lastAt: minuteAt + 59.9 },
      row,
      { ...row, credentialId: 'other' },
      { ...row, scope: 'a | b c' },
      { ...row, outcome: 'expired' },
    ])
    expect(usage.take()).toEqual([])
    count(60)
    expect(usage.take()).toMatchObject([row])
  })

  it('two clients that name their own JWTs alike are two', () => {
    const usage = new UsageCounter()
    for (const client of ['c1', 'c2', 'c1']) usage.count(startAt, 'jti', client, [[]], 'verified')
    expect(usage.take().map(({ clientId, count }) => [clientId, count])).toEqual([
      ['c1', 2],
      ['c2', 1],
    ])
  })

  it('ids that are found by the same number are counted apart', () => {
    const usage = new UsageCounter()
    // 65 * 31 + 97 = 66 * 31 + 66
    for (const id of ['Aa', 'BB', 'Aa', 'Aa']) usage.count(startAt, id, 'c', [['a']], 'verified')
    expect(usage.take()).toMatchObject([
      { credentialId: 'Aa', count: 3 },
      { credentialId: 'BB', count: 1 },
    ])
  })

  it('beyond its room it counts by outcome alone, says so, and loses none; taken, there is room again', () => {
    let used = 0
    const room = {
      take: () => used < 100 && ++used > 0,
      give: (rows: number) => {
        used -= rows
      },
    }
    const usage = new UsageCounter({ room })
    for (let index = 0; index < 5_000; index++)
      usage.count(startAt, `k${index}`, 'c', [['a']], index % 2 ? 'verified' : 'revoked')
    const rows = usage.take()
    expect(rows).toHaveLength(102)
    expect(sum(rows)).toBe(5_000)
    expect(rows.slice(-2)).toMatchObject([
      { credentialId: '', clientId: '', scope: overflowScope, count: 2_450 },
      { credentialId: '', clientId: '', scope: overflowScope, count: 2_450 },
    ])
    expect(used).toBe(0)
    usage.count(startAt, 'k', 'c', [['a']], 'verified')
    expect(usage.take()).toMatchObject([{ credentialId: 'k', scope: 'a' }])
  })

  it('one credential under ever new requirements has a bounded number of rows', () => {
    const usage = new UsageCounter()
    for (let index = 0; index < 1_000; index++) usage.count(startAt, 'k', 'c', [[`s${index}`]], 'verified')
    const rows = usage.take()
    expect(rows).toHaveLength(201)
    expect(sum(rows)).toBe(1_000)
    expect(rows.at(-1)).toMatchObject({ credentialId: 'k', scope: overflowScope, count: 800 })
  })

  it('an id that no database takes is counted without a name, so that it spoils no batch', () => {
    const usage = new UsageCounter()
    for (const id of ['a\0', '\ud800', 'x'.repeat(256)]) usage.count(startAt, id, 'c', [[]], 'verified')
    expect(usage.take()).toMatchObject([{ credentialId: '', clientId: '', count: 3 }])
  })

  it('a scope too long for a row is cut, and a clock that is set back makes rows of the minute it says', () => {
    const usage = new UsageCounter()
    usage.count(startAt, 'k', 'c', [['x'.repeat(999)]], 'verified')
    usage.count(startAt - 600, 'k', 'c', [[]], 'verified')
    const [cut, back] = usage.take()
    expect(cut?.scope).toHaveLength(255)
    expect(back).toMatchObject({ minuteAt: minuteAt - 600, count: 1 })
  })
})

describe('the engine', () => {
  it('counts what it came to, once for each question, with the id only of what it knows', async () => {
    const usage = new UsageCounter()
    const world = await createWorld({ usage })
    const { text, id } = world.authority.issueKey()
    await world.verify(text)
    await world.verify(text, 'orders:read')
    await world.verify(text, 'never:given')
    for (let index = 0; index < 50; index++) await world.verify(`cs_live_${index}`)
    const rows = usage.take().map(({ credentialId, scope, outcome, count }) => [credentialId, scope, outcome, count])
    expect(rows).toEqual([
      [id, 'orders:read', 'verified', 2],
      [id, 'never:given', 'insufficient_scope', 1],
      ['', 'orders:read', 'malformed', 50],
    ])
  })

  it('a question that is asked again, and an inspection, are not counted', async () => {
    const usage = new UsageCounter()
    const world = await createWorld({ usage })
    const { text } = world.authority.issueKey()
    await world.verify(text, 'orders:read', { isRepeat: true })
    await world.engine.inspect(text)
    expect(usage.take()).toEqual([])
  })

  it('a revoked key is counted under its id, and one whose limit is spent as well', async () => {
    const usage = new UsageCounter()
    const world = await createWorld({ usage })
    const limited = world.authority.issueKey({ rateLimit: { limit: 1, windowSeconds: 60 } })
    await world.verify(limited.text)
    await world.verify(limited.text)
    await world.say('key', limited.id, { status: 'revoked', scope: '' })
    await world.verify(limited.text)
    expect(usage.take().map(({ credentialId, outcome }) => [credentialId, outcome])).toEqual([
      [limited.id, 'verified'],
      [limited.id, 'rate_limited'],
      [limited.id, 'revoked'],
    ])
  })
})

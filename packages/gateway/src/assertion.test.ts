import { afterEach, describe, expect, test } from 'vitest'
import type { AssertionSource } from './assertion.ts'
import { createAssertions } from './assertion.ts'
import { openWorld, type World } from './gateway.fixture.ts'

let world: World | undefined
afterEach(async () => {
  await world?.close()
  world = undefined
})

type Question = Parameters<AssertionSource>[0]

const question = (more: Partial<Question['grant']> = {}): Question => ({
  grant: {
    kind: 'api_key',
    credentialId: 'k',
    tenant: 't',
    clientId: 'c',
    subject: 's',
    audience: 'a',
    scope: 'x',
    metadata: {},
    clientMetadata: {},
    has: () => true,
    ...more,
  },
  credential: 'cs_test_…',
  ip: undefined,
  origin: undefined,
  minSequence: 1,
})

/** The assertion alone. */
function textOf(asked: ReturnType<ReturnType<typeof createAssertions>['get']>): string {
  if (asked instanceof Promise) throw new Error('it was not kept')
  return asked.assertion
}

describe('an assertion', () => {
  test('is kept for its grant, renewed at half its life, and the old one serves while the new one is fetched', async () => {
    let now = 1_000
    let count = 0
    let release = (): void => {}
    const asked = createAssertions(
      () => {
        const assertion = `a${++count}`
        const expiresAt = now + 60
        return count === 1
          ? { assertion, expiresAt }
          : new Promise((resolve) => {
              release = () => resolve({ assertion, expiresAt })
            })
      },
      () => now,
    )
    const one = question()
    expect([textOf(asked.get(one)), textOf(asked.get(one)), count]).toEqual(['a1', 'a1', 1])
    now = 1_029.9
    expect([textOf(asked.get(one)), count]).toEqual(['a1', 1])
    now = 1_030
    expect([textOf(asked.get(one)), textOf(asked.get(one)), count]).toEqual(['a1', 'a1', 2])
    release()
    await new Promise((resolve) => setImmediate(resolve))
    expect([textOf(asked.get(one)), count]).toEqual(['a2', 2])
  })

  test('goes on for a grant made anew that says the same, and for no other', () => {
    let count = 0
    const asked = createAssertions(
      () => ({ assertion: `a${++count}`, expiresAt: 60 }),
      () => 0,
    )
    expect(textOf(asked.get(question()))).toBe('a1')
    expect(textOf(asked.get(question()))).toBe('a1')
    const others = [
      { scope: 'y' },
      { subject: 'z' },
      { clientId: 'd' },
      { credentialId: 'l' },
      { kind: 'access_token' as const },
      { expiresAt: 50 },
      { metadata: { a: 1 } },
      { clientMetadata: { a: 1 } },
    ]
    const texts = others.map((more) => textOf(asked.get(question(more))))
    expect(texts).toEqual(['a2', 'a3', 'a4', 'a5', 'a6', 'a7', 'a8', 'a9'])
  })

  test('is asked for anew where the metadata of the client is not known: what was signed of it may have changed', () => {
    let count = 0
    const asked = createAssertions(
      () => ({ assertion: `a${++count}`, expiresAt: 60 }),
      () => 0,
    )
    const { clientMetadata: _, ...grant } = question().grant
    const one = { ...question(), grant }
    expect([textOf(asked.get(one)), textOf(asked.get(one))]).toEqual(['a1', 'a1'])
    expect(textOf(asked.get({ ...one, grant: { ...grant } }))).toBe('a2')
  })

  test('is asked for once by all who wait for it', async () => {
    let count = 0
    const asked = createAssertions(
      async () => ({ assertion: `a${++count}`, expiresAt: 60 }),
      () => 0,
    )
    const all = await Promise.all(Array.from({ length: 10 }, () => asked.get(question())))
    expect(all.map(({ assertion }) => assertion)).toEqual(Array(10).fill('a1'))
  })

  test('never outlives its credential, and is not renewed beyond it', () => {
    let now = 0
    let count = 0
    const asked = createAssertions(
      () => ({ assertion: `a${++count}`, expiresAt: 60 }),
      () => now,
    )
    const short = question({ expiresAt: 20 })
    expect(textOf(asked.get(short))).toBe('a1')
    now = 19
    expect([textOf(asked.get(short)), count]).toEqual(['a1', 1])
  })

  test.each([
    ['has ended', { assertion: 'a', expiresAt: 5 }],
    ['would break a line', { assertion: 'a\r\nX-Countersign-Kind: admin', expiresAt: 60 }],
    ['is empty', { assertion: '', expiresAt: 60 }],
  ])('that %s is none', (_, answer) => {
    const asked = createAssertions(
      () => answer,
      () => 10,
    )
    expect(() => asked.get(question())).toThrow()
  })
})

describe('a request', () => {
  test('asks for an assertion by the entry of the feed that it was judged by', async () => {
    const asked: number[] = []
    world = await openWorld({
      assertions: ({ minSequence }) => {
        asked.push(minSequence)
        return { assertion: 'signed', expiresAt: Date.now() / 1000 + 60 }
      },
    })
    const { id, text } = await world.key('orders:read')
    await world.call('GET', '/orders', { key: text })
    world.change(id, { scope: 'orders:read orders:write' })
    await world.call('GET', '/orders', { key: text })
    expect(asked).toHaveLength(2)
    expect(asked[1]).toBe((asked[0] as number) + 1)
  })

  test('is 503 when no assertion can be had, and nothing reaches the upstream', async () => {
    for (const assertions of [
      () => Promise.reject(new Error('down')),
      () => {
        throw new Error('down')
      },
    ] satisfies AssertionSource[]) {
      world = await openWorld({ assertions })
      const { text } = await world.key('orders:read')
      const answer = await world.call('GET', '/orders', { key: text })
      expect([answer.status, answer.headers['retry-after']]).toEqual([503, '1'])
      expect(world.seen).toEqual([])
      expect((await world.call('GET', '/health')).status).toBe(200)
      await world.close()
      world = undefined
    }
  })

  test('that waited for an assertion is judged again: revoked meanwhile, it goes nowhere and spends nothing more', async () => {
    let answer = (): void => {}
    world = await openWorld({
      assertions: () =>
        new Promise((resolve) => {
          answer = () => resolve({ assertion: 'signed', expiresAt: Date.now() / 1000 + 60 })
        }),
    })
    const { id, text } = await world.key('orders:read', { rateLimit: { limit: 10, windowSeconds: 600 } })
    const pending = world.call('GET', '/orders', { key: text })
    await new Promise((resolve) => setTimeout(resolve, 50))
    world.revoke(id)
    answer()
    expect((await pending).status).toBe(401)
    expect(world.seen).toEqual([])
    const other = await world.key('orders:read', { rateLimit: { limit: 10, windowSeconds: 600 } })
    const second = world.call('GET', '/orders', { key: other.text })
    await new Promise((resolve) => setTimeout(resolve, 50))
    answer()
    expect((await second).headers.ratelimit).toMatch(/r=9/)
    expect((await world.call('GET', '/orders', { key: other.text })).headers.ratelimit).toMatch(/r=8/)
  })

  test('narrowed meanwhile, the upstream is told the narrower scope', async () => {
    const answers: (() => void)[] = []
    world = await openWorld({
      assertions: ({ grant }) =>
        new Promise((resolve) => {
          answers.push(() =>
            resolve({ assertion: `for.${grant.scope.replaceAll(/\W/g, '-')}`, expiresAt: Date.now() / 1000 + 60 }),
          )
        }),
    })
    const { id, text } = await world.key('orders:read orders:write')
    const pending = world.call('GET', '/orders', { key: text })
    await new Promise((resolve) => setTimeout(resolve, 50))
    world.change(id, { scope: 'orders:read' })
    answers[0]?.()
    await new Promise((resolve) => setTimeout(resolve, 50))
    answers[1]?.()
    expect((await pending).status).toBe(200)
    expect(world.seen[0]?.headers).toMatchObject({
      'x-countersign-scope': 'orders:read',
      'x-countersign-assertion': 'for.orders-read',
    })
  })
})

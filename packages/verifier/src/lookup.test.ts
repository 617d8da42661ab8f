import { digest, parseAddress } from '@countersign/core'
import { describe, expect, it } from 'vitest'
import { apiId, audience, clientId, createWorld, exampleRecord, settled, startAt } from './authority.fixture.ts'
import { digestNumber } from './known/digest_bits.ts'

/** A door that a test opens. */
function createGate(): { readonly closed: Promise<void>; open(): void } {
  let open = (): void => {}
  const closed = new Promise<void>((resolve) => {
    open = resolve
  })
  return { closed, open: () => open() }
}

describe('single flight', () => {
  it('100 first uses at once are one look-up', async () => {
    const { authority, codeOf } = await createWorld()
    const { text } = authority.issueKey()
    const codes = await Promise.all(Array.from({ length: 100 }, () => codeOf(text)))
    expect(new Set(codes)).toEqual(new Set(['verified']))
    expect(authority.lookups).toBe(1)
  })

  it('100 first uses of an unknown key are one look-up', async () => {
    const { authority, codeOf } = await createWorld()
    const { text } = authority.issueKey()
    authority.change(text, undefined)
    const codes = await Promise.all(Array.from({ length: 100 }, () => codeOf(text)))
    expect(new Set(codes)).toEqual(new Set(['unknown']))
    expect(authority.lookups).toBe(1)
  })

  it('whoever joins a look-up under way has a record as old as its beginning', async () => {
    const { authority, codeOf, time } = await createWorld({ maxStalenessSeconds: 300 })
    const gate = createGate()
    const { text } = authority.issueKey()
    authority.wait = gate.closed
    const first = codeOf(text)
    await settled()
    await time.advance(4_000)
    const second = codeOf(text)
    gate.open()
    expect([await first, await second]).toEqual(['verified', 'verified'])
    authority.wait = undefined
    await time.advance(3_600_000 - 4_000)
    expect(await codeOf(text)).toBe('verified')
    expect(authority.lookups).toBe(1)
    await time.advance(1)
    expect(await codeOf(text)).toBe('verified')
    expect(authority.lookups).toBe(2)
  })
})

describe('unknown', () => {
  it('is kept for 5 s and no longer', async () => {
    const { authority, codeOf, time } = await createWorld()
    const { text } = authority.issueKey()
    authority.change(text, undefined)
    expect(await codeOf(text)).toBe('unknown')
    await time.advance(4_999)
    expect(await codeOf(text)).toBe('unknown')
    expect(authority.lookups).toBe(1)
    await time.advance(1)
    expect(await codeOf(text)).toBe('unknown')
    expect(authority.lookups).toBe(2)
  })

  it('counts from when it was asked, not from when the answer came', async () => {
    const { authority, codeOf, time } = await createWorld()
    const gate = createGate()
    const { text } = authority.issueKey()
    authority.change(text, undefined)
    authority.wait = gate.closed
    const first = codeOf(text)
    await settled()
    await time.advance(3_000)
    gate.open()
    expect(await first).toBe('unknown')
    authority.wait = undefined
    await time.advance(2_000)
    await codeOf(text)
    expect(authority.lookups).toBe(2)
  })

  it('is asked again at once by who demands a later book', async () => {
    const { authority, codeOf, say } = await createWorld()
    const { text, id } = authority.issueKey()
    const record = { status: 'active' } as const
    authority.change(text, undefined)
    expect(await codeOf(text)).toBe('unknown')
    const sequence = await say('key', id, { ...record, scope: 'orders:read' })
    expect(await codeOf(text)).toBe('unknown')
    expect(await codeOf(text, '', { minSequence: sequence })).toBe('unknown')
    expect(authority.lookups).toBe(2)
  })

  it('is never said when nobody could tell, and that is not remembered', async () => {
    const { authority, codeOf } = await createWorld()
    const { text } = authority.issueKey()
    authority.wait = Promise.reject(new Error('down'))
    expect(await codeOf(text)).toBe('unavailable')
    authority.wait = undefined
    expect(await codeOf(text)).toBe('verified')
  })

  it('has a budget of 200 a second that never delays what is cached, nor a JWT that needs no look-up', async () => {
    const { authority, codeOf, time, verify } = await createWorld()
    const { text } = authority.issueKey()
    await codeOf(text)
    const codes = new Map<string, number>()
    for (let index = 0; index < 1_000; index++) {
      const { text: unknown } = authority.issueKey()
      authority.change(unknown, undefined)
      const code = await codeOf(unknown)
      codes.set(code, (codes.get(code) ?? 0) + 1)
    }
    expect(Object.fromEntries(codes)).toEqual({ unknown: 200, unavailable: 800 })
    expect(authority.lookups).toBe(201)
    expect(verify(text)).toMatchObject({ outcome: 'verified' })
    expect(await codeOf(await authority.issueJwt())).toBe('verified')
    expect(await codeOf(authority.issueKey().text)).toBe('unavailable')
    await time.advance(1_000)
    expect(await codeOf(authority.issueKey().text)).toBe('verified')
  })

  it('a flood from one address makes no new but good key of another address unavailable', async () => {
    const { authority, codeOf, time } = await createWorld()
    const flooder = parseAddress('2001:db8::1')
    const neighbour = parseAddress('2001:db8::2')
    const victim = parseAddress('198.51.100.1')
    for (let second = 0; second < 3; second++) {
      for (let index = 0; index < 500; index++) {
        const { text } = authority.issueKey()
        authority.change(text, undefined)
        await codeOf(text, undefined, { address: index % 2 === 0 ? flooder : neighbour })
        if (index % 25 === 0) {
          expect(await codeOf(authority.issueKey().text, undefined, { address: victim })).toBe('verified')
        }
      }
      await time.advance(1_000)
    }
  })

  it('gains nothing from guessing in parallel', async () => {
    const { authority, codeOf, time } = await createWorld()
    const guess = () => {
      const { text } = authority.issueKey()
      authority.change(text, undefined)
      return codeOf(text)
    }
    await guess()
    await Promise.all(Array.from({ length: 1_000 }, guess))
    expect(authority.lookups).toBe(200)
    await time.advance(1_000)
    await Promise.all(Array.from({ length: 1_000 }, guess))
    expect(authority.lookups).toBe(400)
  })

  it('does not stand in the way of a thousand good keys after a restart', async () => {
    const { authority, codeOf } = await createWorld()
    const codes = await Promise.all(Array.from({ length: 1_000 }, () => codeOf(authority.issueKey().text)))
    expect(new Set(codes)).toEqual(new Set(['verified']))
  })
})

describe('two keys whose digests have one number', () => {
  const texts = [
    'cs_test_RSWSZ8Htzs1n_M9MavwCLi2kr2tA2AvJ4bEP7t3CSmi390OgpWo',
    'cs_test_iEcXWWHTT6GR_8vXSbpHkg1LGqKHZhtgxtTyId7Wc3v9c3I0EX9',
  ] as const
  const idOf = (text: string): string => text.split('_')[2] as string

  it('are what they are said to be, each with another digest', async () => {
    const [one, other] = await Promise.all(texts.map(async (text) => digest(text)))
    expect(digestNumber(one as string)).toBe(digestNumber(other as string))
    expect(one).not.toBe(other)
  })

  it('are never taken for each other, in whatever order they come', async () => {
    const { authority, verify } = await createWorld()
    for (const text of texts) authority.takeKey(text, { ...exampleRecord(idOf(text)), environment: 'test' })
    for (const text of [...texts, ...texts, ...texts.toReversed()]) {
      expect(await verify(text)).toMatchObject({ outcome: 'verified', grant: { credentialId: idOf(text) } })
    }
  })

  it('are looked up each by itself where the other is unknown', async () => {
    const { authority, codeOf } = await createWorld()
    const [unknown, known] = texts
    authority.takeKey(known, { ...exampleRecord(idOf(known)), environment: 'test' })
    expect(await codeOf(unknown)).toBe('unknown')
    expect(await codeOf(known)).toBe('verified')
    expect(await codeOf(unknown)).toBe('unknown')
  })
})

describe('a look-up', () => {
  it('answered behind the place asked from is not used', async () => {
    const { authority, codeOf } = await createWorld()
    const { text } = authority.issueKey()
    const { credential } = authority.directory
    const behind = { ...authority.place(), sequence: authority.place().sequence - 1 }
    Object.assign(authority.directory, {
      credential: async (key: string, at: never) => ({ ...(await credential(key, at)), place: behind }),
    })
    expect(await codeOf(text)).toBe('unavailable')
  })

  it('answered from another history is not used', async () => {
    const { authority, codeOf } = await createWorld()
    const { text } = authority.issueKey()
    const { credential } = authority.directory
    const elsewhere = { ...authority.place(), epoch: 'epoch-2', sequence: 10 ** 9 }
    Object.assign(authority.directory, {
      credential: async (key: string, at: never) => ({ ...(await credential(key, at)), place: elsewhere }),
    })
    expect(await codeOf(text)).toBe('unavailable')
  })

  it('with a record that cannot be read refuses that one credential and no other', async () => {
    const { authority, codeOf } = await createWorld()
    const poisoned = authority.issueKey()
    const good = authority.issueKey()
    authority.change(poisoned.text, { scope: null as never, lineage: null as never })
    expect(await codeOf(poisoned.text)).not.toBe('verified')
    expect(await codeOf(good.text)).toBe('verified')
  })

  it('is made again after 3,600 s', async () => {
    const { authority, codeOf, time } = await createWorld({ maxStalenessSeconds: 300 })
    const { text } = authority.issueKey()
    await codeOf(text)
    await time.advance(3_600_000)
    await codeOf(text)
    expect(authority.lookups).toBe(1)
    await time.advance(1)
    await codeOf(text)
    expect(authority.lookups).toBe(2)
  })

  it('is made again when the key, its client, its API or an ancestor of it changed', async () => {
    const { authority, codeOf, say } = await createWorld()
    const lineage = [{ type: 'key', id: 'parent000001' }] as const
    const own = { kind: 'access_token', environment: undefined, position: 3, lineage } as const
    const { text, id } = authority.issueKey(own)
    let expected = 0
    const expectAnother = async (): Promise<void> => {
      expect(await codeOf(text, '')).toBe('verified')
      expect(authority.lookups).toBe(++expected)
      await codeOf(text, '')
      expect(authority.lookups).toBe(expected)
    }
    await expectAnother()
    await say('opaque_token', id, { status: 'active', scope: 'orders:read' })
    await expectAnother()
    await say('client', clientId, { status: 'active', access: { [apiId]: 'orders:read' }, cutOff: 0 })
    await expectAnother()
    await say('api', apiId, { status: 'active', audience, maxStalenessSeconds: 60, createdSequence: 0 })
    await expectAnother()
    await say('key', 'parent000001', { status: 'active', scope: 'orders:read' })
    await expectAnother()
    await say('key', 'another00001', { status: 'active', scope: '' })
    expect(await codeOf(text, '')).toBe('verified')
    expect(authority.lookups).toBe(expected)
  })
})

// A look-up that read the old row must not put it back.
describe('PR #1214, VULN-100-IAM, executor #1870: the race of a look-up against a revocation', () => {
  const events = ['ask', 'read', 'revoke', 'hear', 'answer'] as const
  type Event = (typeof events)[number]

  /** Every order in which a look-up is asked before it reads and answers, and a revocation is made before it is heard. */
  const orders = permutations(events).filter(
    (order) =>
      order.indexOf('ask') < order.indexOf('read') &&
      order.indexOf('read') < order.indexOf('answer') &&
      order.indexOf('revoke') < order.indexOf('hear'),
  )

  it.each(orders.map((order) => [order.join(' '), order] as const))(
    '%s: refused after it was heard',
    async (_, order) => {
      for (const change of ['revoked', 'disabled', 'narrowed'] as const) {
        const { authority, codeOf, keeper } = await createWorld()
        const { text, id } = authority.issueKey()
        const asked = createGate()
        const answered = createGate()
        const { credential } = authority.directory
        Object.assign(authority.directory, {
          credential: async (key: string, at: never) => {
            await asked.closed
            const read = credential(key, at)
            await answered.closed
            return read
          },
        })
        const steps: Readonly<Record<Event, () => unknown>> = {
          ask: () => void codeOf(text),
          read: asked.open,
          answer: answered.open,
          revoke: () => {
            const scope = change === 'narrowed' ? '' : 'orders:read'
            const status = change === 'narrowed' ? 'active' : change
            authority.change(text, { status, scope })
            authority.say('key', id, { status, scope })
          },
          hear: () => keeper.reach(authority.log.length),
        }
        for (const event of order) {
          await steps[event]()
          await settled()
        }
        const code = { revoked: 'revoked', disabled: 'disabled', narrowed: 'insufficient_scope' }[change]
        expect(await codeOf(text)).toBe(code)
        expect(await codeOf(text)).toBe(code)
      }
    },
  )

  it('has all its orders above', () => {
    expect(orders.length).toBe(10)
  })
})

describe('the cache', () => {
  it('gives no credential the grant of another: 100,000 random pairs, CVE-2026-35039', async () => {
    const { authority, engine, verify } = await createWorld({ cacheEntriesMax: 2_000 })
    const keys = Array.from({ length: 400 }, () => authority.issueKey())
    for (let index = 0; index < 100_000; index++) {
      const one = keys[Math.floor(Math.random() * keys.length)] as { text: string; id: string }
      const outcome = verify(one.text)
      const judged = outcome instanceof Promise ? await outcome : outcome
      if (judged.outcome !== 'verified' || judged.grant.credentialId !== one.id) throw new Error('confused')
    }
    engine.clear()
    expect(await verify(keys[0]?.text ?? '')).toMatchObject({ grant: { credentialId: keys[0]?.id } })
  })

  it('is not keyed by the id that anybody can read: a wrong secret says nothing about the right one', async () => {
    const { authority, codeOf } = await createWorld()
    const { text, id } = authority.issueKey()
    const { keyChecksum } = await import('@countersign/core')
    const body = `cs_live_${id}_${'0'.repeat(32)}`
    const forged = body + keyChecksum(body)
    expect(await codeOf(forged)).toBe('unknown')
    expect(await codeOf(text)).toBe('verified')
    expect(await codeOf(forged)).toBe('unknown')
  })

  it('keeps inputs apart that were asked of it: the scope of one question is not that of another, CVE-2021-32701', async () => {
    const { authority, codeOf } = await createWorld()
    const { text } = authority.issueKey({ scope: 'orders:read' })
    expect(await codeOf(text, 'orders:read')).toBe('verified')
    expect(await codeOf(text, 'orders:write')).toBe('insufficient_scope')
    expect(await codeOf(text, 'orders:read', { audience: 'https://other.example.com' })).toBe('wrong_audience')
  })

  it('says the same as no cache at all, through random changes', async () => {
    const cached = await createWorld()
    const { authority, keeper } = cached
    const { createEngine } = await import('./verify.ts')
    const { memoryLimiter } = await import('./limiter.ts')
    const key = authority.issueKey()
    const jwts = await Promise.all(['a', 'b'].map((jti) => authority.issueJwt({ jti })))
    const self = await authority.selfIssue({ jti: 'c' })
    const random = createRandom(7)
    for (let round = 0; round < 300; round++) {
      const status = random() < 0.3 ? 'disabled' : 'active'
      const scope = random() < 0.5 ? 'orders:read' : 'orders:write'
      const which = Math.floor(random() * 4)
      if (which === 0) {
        authority.change(key.text, { status, scope })
        authority.say('key', key.id, { status, scope })
      }
      if (which === 1) authority.say('token', random() < 0.5 ? 'a' : 'b', { status, scope })
      if (which === 2) authority.say('client_token', `${clientId} c`, { status, scope })
      if (which === 3) {
        const access = { [apiId]: scope }
        authority.change(key.text, { clientStatus: status, access: scope })
        if (authority.publicKey !== undefined) {
          authority.publicKey = { ...authority.publicKey, clientStatus: status, access }
        }
        authority.say('client', clientId, { status, access, cutOff: 0 })
      }
      await keeper.reach(authority.log.length)
      const fresh = createEngine({
        keeper,
        directory: authority.directory,
        limiter: memoryLimiter(),
        clock: cached.time,
      })
      for (const credential of [key.text, ...jwts, self]) {
        for (const needed of ['orders:read', 'orders:write']) {
          const question = { credential, audience, requires: [[needed]], address: undefined, origin: undefined }
          const outcome = await fresh.verify(question)
          const code = outcome.outcome === 'rejected' ? outcome.rejection.code : outcome.outcome
          expect(await cached.codeOf(credential, needed)).toBe(code)
        }
      }
    }
  })

  it('is asked for by digest, and a digest is no credential', async () => {
    const { authority, codeOf } = await createWorld()
    const { text } = authority.issueKey()
    expect(await codeOf((await digest(text)) as string)).toBe('malformed')
    expect(startAt).toBeGreaterThan(0)
  })
})

function permutations<T>(items: readonly T[]): readonly (readonly T[])[] {
  if (items.length < 2) return [items]
  return items.flatMap((item, index) =>
    permutations([...items.slice(0, index), ...items.slice(index + 1)]).map((rest) => [item, ...rest]),
  )
}

function createRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 0x1_0000_0000
  }
}

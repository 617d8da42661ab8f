import { digest, type Established, limits } from '@countersign/core'
import { describe, expect, it } from 'vitest'
import { apiId, audience, clientId, createWorld, exampleRecord, startAt, tenant } from '../authority.fixture.ts'
import { PackedKeys } from './packed_keys.ts'

const since = { monotonicMs: 5_999, wallMs: startAt * 1000 + 999 }
const at = { monotonicMs: 100_000, wallMs: startAt * 1000 + 100_000 }
const book = {}

function key(id: string, changes: Partial<Established> = {}): Established {
  return {
    kind: 'api_key',
    format: 'opaque',
    credentialId: id,
    tenant,
    clientId,
    subject: clientId,
    apiId,
    audience,
    scope: ['orders:read'],
    status: 'active',
    leewaySeconds: 0,
    isListed: true,
    environment: 'live',
    metadata: {},
    constraints: [{}],
    rates: [],
    clientRates: [],
    limitId: id,
    lineage: [],
    client: { status: 'active', access: ['orders:read'] },
    ...changes,
  }
}

const digestOf = (index: number): string => digest(`key ${index}`) as string

function createView(options: ConstructorParameters<typeof PackedKeys>[0] = {}) {
  const packed = new PackedKeys(options)
  const view = packed.view()
  view.clear(book)
  return { packed, view }
}

describe('a packed key', () => {
  it('comes back as it was, with its id, its end and the sequence it was read at', () => {
    const { view } = createView()
    const readAt = 2 ** 40 + 7
    for (const end of [undefined, startAt + 60]) {
      const established = key('id1', end === undefined ? {} : { expiresAt: end })
      view.remember(book, digestOf(1), { established, readAt, since })
      const recalled = view.recall(digestOf(1), 'id1', at)
      expect(recalled?.established).toEqual(established)
      expect(recalled?.readAt).toBe(readAt)
    }
  })

  it('seems as old as it is or older by less than a second, never younger', () => {
    const { view } = createView()
    view.remember(book, digestOf(1), { established: key('id1'), readAt: 1, since })
    expect(view.recall(digestOf(1), 'id1', at)?.since).toEqual({ monotonicMs: 5_000, wallMs: startAt * 1000 })
  })

  it('is frequent from its second use within two seconds', () => {
    const { view } = createView()
    view.remember(book, digestOf(1), { established: key('id1'), readAt: 1, since })
    const isFrequentAt = (ms: number) =>
      view.recall(digestOf(1), 'id1', { monotonicMs: ms, wallMs: ms + startAt * 1000 })?.isFrequent
    expect([100_000, 101_000, 104_000, 105_999].map(isFrequentAt)).toEqual([false, true, false, true])
  })

  it('is nobody else’s: neither another view nor the same one with another book recalls it', () => {
    const { packed, view } = createView()
    const other = packed.view()
    other.clear(book)
    view.remember(book, digestOf(1), { established: key('id1'), readAt: 1, since })
    expect(other.recall(digestOf(1), 'id1', at)).toBeUndefined()
    view.clear({})
    expect(view.recall(digestOf(1), 'id1', at)).toBeUndefined()
  })

  it('is not kept when the book it was asked with is no longer the one', () => {
    const { view } = createView()
    view.remember({}, digestOf(1), { established: key('id1'), readAt: 1, since })
    expect(view.recall(digestOf(1), 'id1', at)).toBeUndefined()
  })

  it.each<[string, Partial<Established>]>([
    ['an opaque token', { kind: 'access_token' }],
    ['one with ancestors', { lineage: [{ type: 'key', id: 'k' }] }],
    ['one that spends from another’s limit', { limitId: 'other' }],
    ['one with a position', { position: 3 }],
    ['one that ends after the year 2106', { expiresAt: 2 ** 32 }],
  ])('is a plain API key: %s is not kept', (_, changes) => {
    const { view } = createView()
    view.remember(book, digestOf(1), { established: key('id1', changes), readAt: 1, since })
    expect(view.recall(digestOf(1), 'id1', at)).toBeUndefined()
  })
})

describe('many packed keys', () => {
  it('are all there, each with what is its own, and the oldest go first when it is full', () => {
    const { packed, view } = createView({ rowsMax: 20_000 })
    const scopes = [['a'], ['b'], ['a', 'b']]
    const established = (index: number) => key(`id${index}`, { scope: scopes[index % 3] as readonly string[] })
    for (let index = 0; index < 50_000; index++) {
      view.remember(book, digestOf(index), { established: established(index), readAt: index, since })
    }
    expect(packed.size).toBe(20_000)
    for (let index = 0; index < 50_000; index++) {
      const recalled = view.recall(digestOf(index), `id${index}`, at)
      if (index < 30_000) expect(recalled, String(index)).toBeUndefined()
      else {
        expect(recalled?.established, String(index)).toEqual(established(index))
        expect(recalled?.readAt).toBe(index)
      }
    }
  })

  it('take the same row when remembered again', () => {
    const { packed, view } = createView()
    for (const readAt of [1, 2, 3]) view.remember(book, digestOf(1), { established: key('id1'), readAt, since })
    expect(packed.size).toBe(1)
    expect(view.recall(digestOf(1), 'id1', at)?.readAt).toBe(3)
  })

  it('that share too little are forgotten rather than kept without bound', () => {
    const { view } = createView({ templatesMax: 100 })
    for (let index = 0; index < 1_000; index++) {
      const established = key(`id${index}`, { clientId: `client_${index}`, subject: `client_${index}` })
      view.remember(book, digestOf(index), { established, readAt: 1, since })
    }
    const known = Array.from({ length: 1_000 }, (_, index) => view.recall(digestOf(index), `id${index}`, at))
    expect(known.filter((recalled) => recalled !== undefined)).toHaveLength(100)
    for (const [index, recalled] of known.entries()) {
      if (recalled !== undefined) expect(recalled.established.clientId).toBe(`client_${index}`)
    }
  })

  it('of many clients with long metadata are forgotten rather than kept without bound', () => {
    const { view } = createView()
    const clientMetadata = { text: 'x'.repeat(4_000) }
    for (let index = 0; index < 5_000; index++) {
      const established = key(`id${index}`, { clientId: `client_${index}`, clientMetadata })
      view.remember(book, digestOf(index), { established, readAt: 1, since })
    }
    const known = Array.from({ length: 5_000 }, (_, index) => view.recall(digestOf(index), `id${index}`, at))
    // 16 MiB are about 3,800 of them; the first ones went when the next did not fit.
    expect(known.filter((recalled) => recalled !== undefined).length).toBeLessThan(4_000)
    expect(known.at(-1)?.established.clientMetadata).toEqual(clientMetadata)
  })

  it('take about 60 bytes each', () => {
    const { packed, view } = createView({ rowsMax: 200_000 })
    for (let index = 0; index < 100_000; index++) {
      view.remember(book, digestOf(index), { established: key(`id${index}`), readAt: 1, since })
    }
    expect(packed.byteLength / 100_000).toBeLessThanOrEqual(62)
  })
})

describe('packed keys with metadata and subjects of their own', () => {
  const unlike = (index: number): Partial<Established> => ({
    metadata: { customer: `${index}`.padStart(16, '0'), plan: 'pro' },
    ...(index % 2 === 0 ? {} : { subject: `user-${index}` }),
  })

  it('are all there, however many differ: they share their template', () => {
    const { view } = createView({ templatesMax: 1 })
    for (let index = 0; index < 20_000; index++) {
      const established = key(`id${index}`, unlike(index))
      view.remember(book, digestOf(index), { established, readAt: 1, since })
    }
    for (let index = 0; index < 20_000; index++) {
      const recalled = view.recall(digestOf(index), `id${index}`, at)
      expect(recalled?.established, String(index)).toEqual(key(`id${index}`, unlike(index)))
    }
  })

  it.each<[string, Partial<Established>]>([
    ['no text at all', {}],
    ['metadata alone', { metadata: { a: [1, { b: null }], ['__proto__']: 1 } }],
    ['a subject alone', { subject: 'user-7' }],
    ['half of a surrogate pair, line ends and NUL', { metadata: { a: '\ud800\r\n\0"' }, subject: '\udfff\n%' }],
    ['letters of three bytes', { metadata: { a: '字'.repeat(4_000) } }],
    ['metadata of the client', { clientMetadata: { plan: 'pro' }, metadata: { a: 1 } }],
  ])('come back as they were: %s', (_, changes) => {
    const { view } = createView()
    const established = key('id1', changes)
    view.remember(book, digestOf(1), { established, readAt: 1, since })
    expect(view.recall(digestOf(1), 'id1', at)?.established).toEqual(established)
  })

  it('have what was said last: more, less, or nothing', () => {
    const { view } = createView()
    for (const changes of [{ metadata: { a: 1 } }, { metadata: { a: 22 } }, {}, { subject: 's' }, { metadata: {} }]) {
      view.remember(book, digestOf(1), { established: key('id1', changes), readAt: 1, since })
      expect(view.recall(digestOf(1), 'id1', at)?.established).toEqual(key('id1', changes))
    }
  })

  it('are forgotten when their texts are written over, the oldest first, and never have another’s', () => {
    const { packed, view } = createView({ textBytesMax: 8_192 })
    const established = (index: number) => key(`id${index}`, { metadata: { n: index } })
    for (let index = 0; index < 2_000; index++) {
      view.remember(book, digestOf(index), { established: established(index), readAt: 1, since })
    }
    const known = Array.from({ length: 2_000 }, (_, index) => view.recall(digestOf(index), `id${index}`, at))
    const first = known.findIndex((recalled) => recalled !== undefined)
    expect(first).toBeGreaterThan(1_000)
    expect(known.slice(first).every((recalled) => recalled !== undefined)).toBe(true)
    for (const [index, recalled] of known.entries()) {
      if (recalled !== undefined) expect(recalled.established).toEqual(established(index))
    }
    const { byteLength } = packed
    for (let index = 0; index < 50_000; index++) {
      view.remember(book, digestOf(index % 2_000), { established: established(index), readAt: 1, since })
    }
    expect(packed.byteLength).toBe(byteLength)
  })

  it('are forgotten where no block holds the text', () => {
    const { view } = createView({ textBytesMax: 1_024 })
    const small = key('id2', { metadata: { a: 1 } })
    view.remember(book, digestOf(2), { established: small, readAt: 1, since })
    for (const a of ['x'.repeat(200), '字'.repeat(50)]) {
      view.remember(book, digestOf(1), { established: key('id1', { metadata: { a } }), readAt: 1, since })
      expect(view.recall(digestOf(1), 'id1', at)).toBeUndefined()
    }
    expect(view.recall(digestOf(2), 'id2', at)?.established).toEqual(small)
  })

  it('take no new bytes when they are looked up again and nothing has changed', () => {
    const { view } = createView({ textBytesMax: 8_192 })
    const remember = (index: number, readAt: number): void => {
      const established = key(`id${index}`, { metadata: { n: index } })
      view.remember(book, digestOf(index), { established, readAt, since })
    }
    remember(3, 0)
    for (let round = 0; round < 1_000; round++) for (const index of [1, 2]) remember(index, round)
    expect(view.recall(digestOf(3), 'id3', at)?.established).toEqual(key('id3', { metadata: { n: 3 } }))
  })

  it('take their text and about 10 bytes more', () => {
    const { packed, view } = createView({ rowsMax: 200_000 })
    for (let index = 0; index < 100_000; index++) {
      // 40 bytes of JSON.
      const metadata = { customer: `${index}`.padStart(26, '0') }
      view.remember(book, digestOf(index), { established: key(`id${index}`, { metadata }), readAt: 1, since })
    }
    expect(packed.byteLength / 100_000).toBeLessThanOrEqual(62 + 40 + 14)
  })
})

describe('the engine, with a cache that forgets at once', () => {
  const tiny = { cacheEntriesMax: 2, maxStalenessSeconds: 300 } as const

  async function createForgetful() {
    const world = await createWorld(tiny)
    const issued = Array.from({ length: 10 }, () => world.authority.issueKey())
    const codes = () => Promise.all(issued.map(({ text }) => world.codeOf(text)))
    await codes()
    return { ...world, issued, codes, first: issued[0] as (typeof issued)[number] }
  }

  it('looks each key up once', async () => {
    const { authority, codes } = await createForgetful()
    for (let round = 0; round < 3; round++) expect(new Set(await codes())).toEqual(new Set(['verified']))
    expect(authority.lookups).toBe(10)
  })

  it('keeps no access apart from empty access', async () => {
    const { authority, codeOf } = await createWorld(tiny)
    const accesses = ['', null, '', null, '', null, '', null]
    const issued = accesses.map((access) => authority.issueKey({ access }))
    for (let round = 0; round < 3; round++) {
      const codes = await Promise.all(issued.map(({ text }) => codeOf(text, [[]])))
      expect(codes).toEqual(accesses.map((access) => (access === null ? 'wrong_audience' : 'verified')))
    }
    expect(authority.lookups).toBe(issued.length)
  })

  it('refuses a revoked one from the moment the entry is applied', async () => {
    const { say, codes, first } = await createForgetful()
    await say('key', first.id, { status: 'revoked', scope: '' })
    expect((await codes()).map((code) => code === 'verified')).toEqual([false, ...Array(9).fill(true)])
  })

  it('asks again for one that was changed, and for all of a client that was', async () => {
    const { authority, say, codes, first, codeOf } = await createForgetful()
    authority.change(first.text, { scope: 'orders:write' })
    await say('key', first.id, { status: 'active', scope: 'orders:write' })
    expect(await codeOf(first.text)).toBe('insufficient_scope')
    expect(authority.lookups).toBe(11)
    await say('client', clientId, { status: 'active', access: { [apiId]: 'orders:write' }, cutOff: 0 })
    expect(new Set(await codes())).toEqual(new Set(['insufficient_scope']))
    expect(authority.lookups).toBe(21)
  })

  it('asks again after an hour', async () => {
    const { authority, time, codes } = await createForgetful()
    await time.advance(limits.recordLifeSeconds * 1000 + 1)
    await codes()
    expect(authority.lookups).toBe(20)
  })

  it('asks again when its book was replaced', async () => {
    const { authority, engine, codes } = await createForgetful()
    engine.clear()
    await codes()
    expect(authority.lookups).toBe(20)
  })
})

describe('preload', () => {
  const record = (id: string) => ({ ...exampleRecord(id), scope: 'orders:read' })

  it('makes keys known before they are shown, each judged as ever', async () => {
    const { authority, engine, codeOf, say } = await createWorld()
    const { text, id } = authority.issueKey()
    expect(await engine.preload(() => [{ digest: digest(text) as string, record: record(id) }])).toBe(1)
    expect(await codeOf(text)).toBe('verified')
    expect(await codeOf(text, 'orders:write')).toBe('insufficient_scope')
    await say('key', id, { status: 'revoked', scope: '' })
    expect(await codeOf(text)).toBe('revoked')
    expect(authority.lookups).toBe(0)
  })

  it('counts what changed while it was read as changed since', async () => {
    const { authority, engine, codeOf, say } = await createWorld()
    const { text, id } = authority.issueKey({ scope: 'orders:write' })
    await engine.preload(async () => {
      await say('key', id, { status: 'active', scope: 'orders:write' })
      return [{ digest: digest(text) as string, record: record(id) }]
    })
    expect(await codeOf(text)).toBe('insufficient_scope')
    expect(authority.lookups).toBe(1)
  })
})

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startAt, startWorld, type World } from '../server.fixture.ts'

let world: World
beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world.close())

const rfc3339 = (seconds: number): string => new Date(seconds * 1000).toISOString().replace('.000', '')

describe('audit', () => {
  it('says who, what, on which, from what to what, when, newest first, without a secret', async () => {
    const key = await world.key({ name: 'before' })
    await world.ok('PATCH', `/v1/keys/${key.id}`, { name: 'after' })
    const { data } = await world.ok('GET', `/v1/audit?objectId=${key.id}`)
    expect(data.map(({ action }) => action)).toEqual(['key.update', 'key.create'])
    expect(data[0]).toMatchObject({
      actor: { kind: 'credential', credentialId: world.admin.split('_')[2], address: '192.0.2.7' },
      objectType: 'key',
      objectId: key.id,
      before: { name: 'before' },
      after: { name: 'after' },
      at: rfc3339(startAt),
      requestId: expect.stringMatching(/^req_/),
    })
    expect(JSON.stringify(data)).not.toContain(key.key)
  })

  it('the chain verifies, every management write has its event, and a changed row breaks it', async () => {
    expect(await world.store.verifyAudit('default')).toMatchObject({ events: expect.any(Number) })
    expect((await world.store.verifyAudit('default')).brokenAt).toBeUndefined()
    for (const write of [
      () => world.key(),
      () => world.mint(),
      () => world.client(),
      () => world.ok('POST', `/v1/clients/${world.clientId}/secrets`),
      () => world.ok('POST', '/v1/signing-keys/rotate'),
    ]) {
      const { events } = await world.store.verifyAudit('default')
      await write()
      expect((await world.store.verifyAudit('default')).events).toBe(events + 1)
    }
  })

  it('pages from the newest to the oldest, each event once', async () => {
    const seen: unknown[] = []
    let after = ''
    do {
      const page = await world.ok('GET', `/v1/audit?limit=3${after}`)
      seen.push(...page.data.map(({ sequence }) => sequence))
      after = page.next === null ? '' : `&after=${encodeURIComponent(page.next)}`
    } while (after !== '')
    expect(seen).toEqual([...seen].sort((a, b) => Number(b) - Number(a)))
    expect(new Set(seen).size).toBe(seen.length)
    expect(seen.at(-1)).toBe(1)
  })
})

describe('usage', () => {
  const report = (batchId: string, count: number) =>
    world.ok('POST', '/v1/usage', {
      batchId,
      counts: [{ credentialId: 'k1', clientId: 'c1', outcome: 'verified', minuteAt: rfc3339(startAt + 30), count }],
    })
  const total = async (query: string): Promise<number> =>
    (await world.ok('GET', `/v1/usage?${query}`)).data.reduce((sum, { count }) => sum + Number(count), 0)
  const span = `from=${encodeURIComponent(rfc3339(startAt - 3_600))}&to=${encodeURIComponent(rfc3339(startAt + 3_600))}`

  it('a batch sent again counts once; another one adds', async () => {
    expect(await report('batch-one', 5)).toEqual({ accepted: true })
    expect(await report('batch-one', 5)).toEqual({ accepted: false })
    expect(await report('batch-two', 2)).toEqual({ accepted: true })
    expect(await total(span)).toBe(7)
    expect(await total(`${span}&keyId=k1&interval=minute`)).toBe(7)
    expect(await total(`${span}&keyId=other`)).toBe(0)
    expect(await total(`${span}&clientId=c1`)).toBe(7)
  })

  it('a span that is empty, backwards or too long is 400', async () => {
    const at = encodeURIComponent(rfc3339(startAt))
    for (const query of [
      `from=${at}&to=${at}`,
      'from=2027-02-01T00:00:00Z&to=2027-01-01T00:00:00Z',
      'from=2000-01-01T00:00:00Z&interval=minute',
    ]) {
      expect((await world.call('GET', `/v1/usage?${query}`)).status, query).toBe(400)
    }
  })
})

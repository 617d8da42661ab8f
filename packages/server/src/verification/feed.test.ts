import { once } from 'node:events'
import { request } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { chainInput, digest, type FeedEntry, type Place } from '@countersign/core'
import { PoisonedRowError, StoreUnavailableError } from '@countersign/store'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { audience, otherAudience, startAt, startWorld, type World } from '../server.fixture.ts'
import type { Wire } from '../wire.fixture.ts'

let world: World
let verifier: { readonly key: string; readonly clientId: string }
beforeAll(async () => {
  world = await startWorld()
  await world.ok('POST', '/v1/apis', { audience: otherAudience, name: 'Invoices' })
  verifier = await world.caller('credentials:verify', [audience])
})
beforeEach(() => {
  world.now = startAt
})
afterAll(() => world.close())

const place = async () => world.store.feed.place('default')
const asked = async (more: object = {}) => {
  const { epoch, sequence, chain } = await place()
  return { verifierId: 'v1', epoch, sequence, chain, nonce: 'nonce-1', maxStalenessSeconds: 10, ...more }
}
const position = (body: object) => world.call('POST', '/v1/feed/position', { as: verifier.key, body })

describe('snapshot', () => {
  it('is the place, every live entry and their number, one line each', async () => {
    const key = await world.key()
    await world.ok('POST', `/v1/keys/${key.id}/revoke`)
    const { text, headers } = await world.call('GET', '/v1/feed/snapshot', { as: verifier.key })
    expect(headers['Content-Type']).toBe('application/x-ndjson')
    const lines = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Wire)
    expect(lines[0]).toMatchObject({ tenant: 'default', place: await place(), now: startAt })
    expect(lines.at(-1)).toEqual({ end: lines.length - 2 })
    expect(lines.find(({ id }) => id === key.id)).toMatchObject({ type: 'key', state: { status: 'revoked' } })
  })
})

describe('a follower a little behind', () => {
  it('is told the head without a look into the log, and another history is still told apart', async () => {
    let isLogGone = false
    const own = await startWorld({ fails: (call) => isLogGone && call === 'feed.chainAt' })
    const { key } = await own.caller('credentials:verify', [audience])
    const { id } = await own.key()
    const before = await own.store.feed.place('default')
    await own.ok('POST', `/v1/keys/${id}/disable`)
    await own.ok('POST', `/v1/keys/${id}/enable`)
    const head = await own.store.feed.place('default')
    isLogGone = true
    const ask = async (chain: string): Promise<Wire> => {
      const body = { ...before, chain, verifierId: 'v1', nonce: 'n', maxStalenessSeconds: 10 }
      return (await own.call('POST', '/v1/feed/position', { as: key, body })).body
    }
    const answer = await ask(before.chain)
    expect(answer).toMatchObject({ nonce: 'n', epoch: head.epoch, head: before.sequence + 2 })
    expect(answer).not.toHaveProperty('reload')
    expect(await ask(head.chain)).toMatchObject({ reload: true })
    await own.close()
  })
})

describe('what is revoked carries a MAC', () => {
  async function* streamed(after: Place): AsyncGenerator<Wire> {
    const query = new URLSearchParams({ after: String(after.sequence), epoch: after.epoch, chain: after.chain })
    const { body } = await world.server.handle({
      method: 'GET',
      path: '/v1/feed',
      query: String(query),
      rawHeaders: ['Authorization', `Bearer ${verifier.key}`, 'Accept', 'text/event-stream'],
      peer: undefined,
      requestId: 'req_stream',
      readBody: async () => new Uint8Array(),
      signal: new AbortController().signal,
    })
    for await (const text of body as AsyncIterable<string>) {
      for (const line of text.split('\n').filter((each) => each.startsWith('data: '))) {
        yield JSON.parse(line.slice(6)) as Wire
      }
    }
  }

  it('the same in the snapshot, in a page and in the stream; what is not has none, and the chain is as it was', async () => {
    const before = await place()
    const [disabled, early, late] = [await world.key(), await world.key(), await world.key()]
    await world.ok('POST', `/v1/keys/${disabled.id}/disable`)
    await world.ok('POST', `/v1/keys/${early.id}/revoke`)
    const events: Wire[] = []
    for await (const event of streamed(before)) {
      events.push(event)
      // The stream begins with the entries that existed. Later ones are broadcast.
      if (event.id === early.id) await world.ok('POST', `/v1/keys/${late.id}/revoke`)
      if (event.id === late.id) break
    }
    const query = new URLSearchParams({ after: String(before.sequence), epoch: before.epoch, chain: before.chain })
    const page = (await world.call('GET', `/v1/feed?${query}`, { as: verifier.key })).body.entries
    const snapshot = (await world.call('GET', '/v1/feed/snapshot', { as: verifier.key })).text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Wire)
    const ways = [page, snapshot, events].map((entries) =>
      [disabled, early, late].map(({ id }) => entries.find((entry) => entry.id === id)?.mac),
    )
    const [none, first, second] = ways[0] as unknown[]
    const mac = expect.stringMatching(/^[\w-]{21}[AQgw]$/)
    expect([none, first, second]).toEqual([undefined, mac, mac])
    expect(first).not.toBe(second)
    expect(ways).toEqual([ways[0], ways[0], ways[0]])
    let { chain } = before
    for (const entry of page as unknown as FeedEntry[]) {
      chain = (await digest(chainInput(chain, entry))) as string
      expect(entry.chain).toBe(chain)
    }
  })
})

describe('entries after a place', () => {
  const page = async (query: Record<string, string>) =>
    (await world.call('GET', `/v1/feed?${new URLSearchParams(query)}`, { as: verifier.key })).body

  it('come in order and without a gap', async () => {
    const before = await place()
    const keys = [await world.key(), await world.key(), await world.key()]
    for (const { id } of keys) await world.ok('POST', `/v1/keys/${id}/disable`)
    const { entries } = await page({ after: String(before.sequence), epoch: before.epoch, chain: before.chain })
    expect(entries.map(({ id }) => id)).toEqual(keys.map(({ id }) => id))
    expect(entries.map(({ sequence }) => sequence)).toEqual([1, 2, 3].map((step) => before.sequence + step))
  })

  it('another epoch, another chain, or a place beyond the end is reload', async () => {
    const { epoch, sequence, chain } = await place()
    for (const other of [
      { epoch: 'other', after: String(sequence), chain },
      { epoch, after: String(sequence), chain: 'other' },
      { epoch, after: String(sequence + 1), chain },
      { after: String(sequence) },
    ]) {
      expect(await page(other as Record<string, string>)).toEqual({ reload: true })
    }
  })
})

describe('the question that proves freshness', () => {
  it('answers the nonce, the epoch, the head as read now, its age and the server’s time', async () => {
    const { body } = await position(await asked())
    const { epoch, sequence } = await place()
    expect(body).toMatchObject({ nonce: 'nonce-1', epoch, head: sequence, now: startAt })
    expect(body.ageMs).toBeLessThan(1_000)
    expect(body).not.toHaveProperty('reload')
    const key = await world.key()
    await world.ok('POST', `/v1/keys/${key.id}/revoke`)
    expect((await position(await asked({ sequence, chain: (await place()).chain }))).body.head).toBe(sequence + 1)
  })

  it('another epoch or another chain is told to reload', async () => {
    expect((await position(await asked({ epoch: 'other' }))).body.reload).toBe(true)
    expect((await position(await asked({ chain: 'other' }))).body.reload).toBe(true)
    expect((await position(await asked({ epoch: 'other', sequence: 1e9 }))).body.reload).toBe(true)
  })

  it('a place above the head is `reload` for the asker alone: it makes no receipt and begins no epoch', async () => {
    const { epoch, sequence } = await place()
    const answer = await position(await asked({ sequence: sequence + 1 }))
    expect(answer.status).toBe(200)
    expect(answer.body).toMatchObject({ epoch, head: sequence, reload: true })
    expect((await place()).epoch).toBe(epoch)
  })

  it('says how old what it answers from is: it is as old as the proof of the books', async () => {
    const { books } = world.server.services
    const { ageMs } = books
    Object.assign(books, { ageMs: () => 1_234 })
    const answer = await position(await asked({}))
    Object.assign(books, { ageMs })
    expect(answer.body).toMatchObject({ ageMs: 1_234 })
  })

  it('a sealed place above the head proves that the database went back, of a former epoch too', async () => {
    const fresh = await startWorld()
    const { key } = await fresh.caller('credentials:verify', [audience])
    const { seals } = fresh.server.services
    for (const epoch of [(await fresh.store.feed.head()).epoch, 'a former epoch']) {
      const before = await fresh.store.feed.place('default')
      const lost = { epoch, sequence: before.sequence + 1, chain: 'c'.repeat(43) }
      const sealed = { ...lost, seal: seals.seal('default', lost) }
      const body = { verifierId: 'v', ...before, nonce: 'n', maxStalenessSeconds: 10, sealed }
      const answer = await fresh.call('POST', '/v1/feed/position', { as: key, body })
      const { epoch: next } = await fresh.store.feed.head()
      expect(next).not.toBe(before.epoch)
      expect(answer.body).toMatchObject({ epoch: next, reload: true })
    }
    await fresh.close()
  })

  it('10,000 invented places, places of a log that is cleaned up and of another tenant begin no epoch', async () => {
    const { epoch, sequence, chain } = await place()
    const { seals, books, store } = world.server.services
    const own = { epoch, sequence, chain, seal: seals.seal('default', { epoch, sequence, chain }) }
    const above = { epoch, sequence: sequence + 1_000, chain }
    let locked = 0
    const { leaveHistory } = store
    Object.assign(store, {
      leaveHistory: (claims: Parameters<typeof leaveHistory>[0]) => {
        locked++
        return leaveHistory(claims)
      },
    })
    const reloads: unknown[] = []
    const end = books.onReload(() => reloads.push(1))
    for (let index = 0; index < 10_000; index++) {
      const sealed =
        index % 3 === 0
          ? { ...above, sequence: sequence + 1 + index, seal: own.seal }
          : index % 3 === 1
            ? { ...above, epoch: `e${index}`, seal: seals.seal('acme', above) }
            : { ...own, chain: 'x'.repeat(43), seal: own.seal }
      expect((await position(await asked({ sealed }))).status).toBe(200)
    }
    // Genuine ones that are no news, and of a log that holds them no more.
    await position(await asked({ sealed: own }))
    const cleaned = { epoch, sequence: 1, chain: 'x'.repeat(43) }
    await store.cleanUp(startAt, -1)
    await position(await asked({ sealed: { ...cleaned, seal: seals.seal('default', { ...cleaned, chain: 'y' }) } }))
    end()
    Object.assign(store, { leaveHistory })
    expect({ locked, reloads: reloads.length, epoch: (await place()).epoch }).toEqual({ locked: 0, reloads: 0, epoch })
  }, 60_000)

  it('makes receipts: applied since, not applied yet, and complete when the verifier’s own bound has passed', async () => {
    const fresh = await startWorld()
    const { key } = await fresh.caller('credentials:verify', [audience])
    const victim = await fresh.key()
    const ask = async () => {
      const { epoch, sequence, chain } = await fresh.store.feed.place('default')
      const body = { verifierId: 'v', epoch, sequence, chain, nonce: 'n', maxStalenessSeconds: 10 }
      return fresh.call('POST', '/v1/feed/position', { as: key, body })
    }
    await ask()
    const { feedSequence, verifiers } = await fresh.ok('POST', `/v1/keys/${victim.id}/revoke`)
    expect(verifiers).toEqual({ applied: 0, total: 1 })
    const receipt = () => fresh.ok('GET', `/v1/revocations/${feedSequence}`)
    expect(await receipt()).toMatchObject({ sequence: feedSequence, complete: false, verifiers: [{ appliedAt: null }] })
    fresh.now += 3
    await ask()
    const at = new Date(fresh.now * 1000).toISOString().replace('.000', '')
    expect(await receipt()).toMatchObject({ complete: true, verifiers: [{ appliedAt: at, maxStalenessSeconds: 10 }] })
    expect((await fresh.ok('POST', `/v1/keys/${victim.id}/revoke`)).verifiers).toEqual({ applied: 1, total: 1 })
    const second = await fresh.key()
    const later = await fresh.ok('POST', `/v1/keys/${second.id}/revoke`)
    fresh.now += 11
    const silent = await fresh.ok('GET', `/v1/revocations/${later.feedSequence}`)
    expect(silent).toMatchObject({ complete: true, verifiers: [{ appliedAt: null }] })
    expect((await fresh.call('GET', '/v1/revocations/999999')).status).toBe(404)
    await fresh.close()
  })
})

describe('snapshots', () => {
  it('a thousand who ask at once are one read of the database', async () => {
    const fresh = await startWorld()
    const { key } = await fresh.caller('credentials:verify', [audience])
    let reads = 0
    const { feed } = fresh.server.services.store
    const { snapshot } = feed
    Object.assign(feed, {
      snapshot: (tenant: string) => {
        reads += 1
        return snapshot(tenant)
      },
    })
    const asked = Array.from({ length: 1_000 }, () => fresh.call('GET', '/v1/feed/snapshot', { as: key }))
    const texts = new Set((await Promise.all(asked)).map(({ text }) => text))
    expect([reads, texts.size]).toEqual([1, 1])
    const { feedSequence } = await fresh.ok('POST', `/v1/keys/${(await fresh.key()).id}/revoke`)
    const [head] = (await fresh.call('GET', '/v1/feed/snapshot', { as: key })).text.split('\n')
    expect(JSON.parse(head as string).place.sequence).toBe(feedSequence)
    await fresh.close()
  })
})

describe('look-up', () => {
  const lookup = (body: object, as = verifier.key) => world.call('POST', '/v1/lookup', { as, body })

  it('gives the record behind a digest, and nothing to whoever does not guard its audience', async () => {
    const key = await world.key()
    const body = { digest: await digest(key.key) }
    expect((await lookup(body)).body).toMatchObject({ record: { id: key.id, audience }, place: await place() })
    const other = await world.caller('credentials:verify', [otherAudience])
    expect((await lookup(body, other.key)).body.record).toBeNull()
    expect((await lookup({ digest: await digest('nothing') })).body.record).toBeNull()
  })

  it('gives a public key with the access to guarded audiences only', async () => {
    const client = await world.signedClient({
      access: [audience, otherAudience].map((each) => ({ audience: each, scope: 'orders:read' })),
    })
    const jwks = (await world.ok('GET', `/v1/clients/${client.clientId}`)).jwks as Wire
    const body = { clientId: client.clientId, kid: jwks.keys[0]!.kid }
    const { record } = (await lookup(body)).body as unknown as { readonly record: { readonly access: object } }
    expect(Object.keys(record.access)).toEqual([world.apiId])
    const nobody = await world.caller('credentials:verify', ['https://none.test'])
    expect((await lookup(body, nobody.key)).body.record).toBeNull()
    expect((await lookup({ ...body, kid: 'other' })).body.record).toBeNull()
  })

  it('asks for one thing: a digest, a client and a kid, or a client', async () => {
    const body = { digest: await digest('x') }
    for (const each of [{}, { ...body, clientId: 'c', kid: 'k' }, { ...body, clientId: 'c' }, { kid: 'k' }]) {
      expect((await lookup(each)).status).toBe(400)
    }
  })

  it('gives the metadata of a client that may go where the asker guards; any other is unknown', async () => {
    const client = await world.signedClient({ metadata: { plan: 'pro' } })
    const body = { clientId: client.clientId }
    const { record, place: at } = (await lookup(body)).body
    expect(record).toEqual({ clientId: client.clientId, metadata: { plan: 'pro' } })
    expect(at).toEqual(await place())
    const other = await world.caller('credentials:verify', [otherAudience])
    const stranger = { ...(await lookup(body, other.key)).body, ageMs: 0 }
    const nobody = { ...(await lookup({ clientId: 'client_none' }, other.key)).body, ageMs: 0 }
    expect(stranger).toEqual({ record: null, place: await place(), ageMs: 0 })
    expect(nobody).toEqual(stranger)
    await world.ok('PATCH', `/v1/clients/${client.clientId}`, { metadata: { plan: 'free' } })
    expect((await lookup(body)).body.record).toMatchObject({ metadata: { plan: 'free' } })
  })

  it('the record of a key has the metadata of its client, and that of a revoked one has not', async () => {
    const client = await world.signedClient({ metadata: { plan: 'pro' } })
    const key = await world.key({ clientId: client.clientId })
    const body = { digest: await digest(key.key) }
    expect((await lookup(body)).body.record).toMatchObject({ clientMetadata: { plan: 'pro' } })
    await world.ok('POST', `/v1/keys/${key.id}/revoke`)
    expect((await lookup(body)).body.record).not.toHaveProperty('clientMetadata')
  })

  it.each<[string, Error]>([
    ['cannot be asked', new StoreUnavailableError('unreachable', undefined)],
    ['has a damaged row of the client', new PoisonedRowError('clients', 'c', 'metadata')],
  ])('a store that %s keeps no key and no JWT from being verified', async (_, error) => {
    const client = await world.signedClient({ metadata: { plan: 'pro' } })
    const key = await world.key({ clientId: client.clientId })
    const { token } = await world.mint({ clientId: client.clientId })
    const store = world.server.services.store.lookup
    const { client: find } = store
    Object.assign(store, {
      client: (tenant: string, id: string) => {
        if (id === client.clientId) throw error
        return find(tenant, id)
      },
    })
    const { status, body } = await lookup({ digest: await digest(key.key) })
    expect([status, body.record]).toEqual([200, expect.not.objectContaining({ clientMetadata: expect.anything() })])
    for (const text of [key.key, token as string]) {
      const verified = await world.verify(text)
      expect([verified.active, 'clientMetadata' in verified.grant]).toEqual([true, false])
    }
    Object.assign(store, { client: find })
  })

  it('a place ahead of this server is caught up with, or 503', async () => {
    const { epoch, sequence } = await place()
    const body = { digest: await digest('x'), epoch }
    expect((await lookup({ ...body, sequence })).status).toBe(200)
    expect((await lookup({ ...body, sequence: sequence + 5 })).status).toBe(503)
  })
})

describe('the stream, over a real listener', () => {
  async function openStream(key: string) {
    const listener = world.server.createListener()
    listener.listen(0, '127.0.0.1')
    await once(listener, 'listening')
    const { epoch, sequence, chain } = await place()
    const query = new URLSearchParams({ after: String(sequence), epoch, chain })
    const asking = request({
      port: (listener.address() as AddressInfo).port,
      host: '127.0.0.1',
      path: `/v1/feed?${query}`,
      headers: { authorization: `Bearer ${key}`, accept: 'text/event-stream' },
    })
    asking.end()
    const [response] = await once(asking, 'response')
    let text = ''
    let isEnded = false
    response.on('data', (chunk: Buffer) => {
      text += chunk
    })
    response.on('close', () => {
      isEnded = true
    })
    const until = async (holds: () => boolean) => {
      for (let turn = 0; turn < 400 && !holds(); turn++) await new Promise((resolve) => setTimeout(resolve, 5))
      expect(holds(), text).toBe(true)
    }
    return {
      response,
      text: () => text,
      isEnded: () => isEnded,
      until,
      close: async () => {
        asking.destroy()
        listener.closeAllConnections()
        await new Promise((resolve) => listener.close(resolve))
      },
    }
  }

  it('carries each entry as it is committed', async () => {
    const stream = await openStream(verifier.key)
    expect(stream.response.headers['content-type']).toBe('text/event-stream')
    await stream.until(() => stream.text().startsWith(': countersign'))
    const key = await world.key()
    const { feedSequence } = await world.ok('POST', `/v1/keys/${key.id}/revoke`)
    await stream.until(() => stream.text().includes(`id: ${feedSequence}\n`))
    expect(stream.text()).toContain(key.id)
    await stream.close()
    await stream.until(() => world.server.services.streams.count === 0)
  })

  it('CVE-2026-25536 CVE-2026-52869: belongs to its caller, and ends with the caller’s credential', async () => {
    const other = await world.caller('credentials:verify', [audience])
    const [mine, theirs] = [await openStream(verifier.key), await openStream(other.key)]
    await world.ok('POST', `/v1/clients/${other.clientId}/revoke`)
    await theirs.until(theirs.isEnded)
    const key = await world.key()
    const { feedSequence } = await world.ok('POST', `/v1/keys/${key.id}/revoke`)
    await mine.until(() => mine.text().includes(`id: ${feedSequence}\n`))
    expect(mine.isEnded()).toBe(false)
    expect(theirs.text()).not.toContain(`id: ${feedSequence}\n`)
    await Promise.all([mine.close(), theirs.close()])
  })

  it('HEAD has the stream’s headers and ends, and the connection takes the next request', async () => {
    const listener = world.server.createListener()
    listener.listen(0, '127.0.0.1')
    await once(listener, 'listening')
    const socket = connect((listener.address() as AddressInfo).port, '127.0.0.1')
    let text = ''
    socket.on('data', (chunk) => {
      text += chunk
    })
    const { epoch, sequence, chain } = await place()
    const target = `/v1/feed?${new URLSearchParams({ after: String(sequence), epoch, chain })}`
    const head = `HEAD ${target} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${verifier.key}\r\nAccept: text/event-stream\r\n\r\n`
    socket.write(`${head}GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n`)
    for (let turn = 0; turn < 100 && !text.includes('"ok"'); turn++)
      await new Promise((resolve) => setTimeout(resolve, 5))
    expect(text).toContain('text/event-stream')
    expect(text).toContain('{"status":"ok"}')
    expect(world.server.services.streams.count).toBe(0)
    socket.destroy()
    await new Promise((resolve) => listener.close(resolve))
  })
})

import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { chainInput, digest, emptyChain, type FeedEntry, neverDropAt, type Place } from '@countersign/core'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { systemClock } from '../clock.ts'
import { createFeedFollower, type FeedFollower } from '../feed/feed_follower.ts'
import { createHttpClient } from './client.ts'
import { createHttpFeedSource } from './feed_source.ts'

const epoch = 'e'.repeat(22)

/** A server whose log a test can cut short, as a copy put back under the same epoch is; it counts what it is asked. */
async function startLog() {
  const log: FeedEntry[] = []
  const asked = { snapshots: 0, positions: 0 }
  const place = (): Place => ({ epoch, sequence: log.length, chain: log.at(-1)?.chain ?? emptyChain })
  const state = { refusesAll: false, breaksSnapshots: false }

  const server = createServer(async (request, response) => {
    const send = (status: number, body: object): void => void response.writeHead(status).end(JSON.stringify(body))
    const now = Date.now() / 1000
    if (request.url === '/v1/feed/snapshot') {
      asked.snapshots++
      const head = JSON.stringify({ tenant: 't', issuer: 'https://issuer.test', place: place(), now })
      const lines = [head, ...log.map((entry) => JSON.stringify(entry)), JSON.stringify({ end: log.length })]
      response.end(`${(state.breaksSnapshots ? lines.slice(0, 1) : lines).join('\n')}\n`)
      return
    }
    if (request.url !== '/v1/feed/position') {
      // The stream and the pages: a log that does not hold the place.
      return send(200, { reload: true })
    }
    asked.positions++
    const text = (await request.toArray()).join('')
    const question = JSON.parse(text) as Place & { readonly nonce: string }
    if (state.refusesAll || question.sequence > log.length) return send(400, { status: 400, code: 'invalid_request' })
    const { nonce, sequence, chain } = question
    const isKnown = (log[sequence - 1]?.chain ?? emptyChain) === chain
    send(200, { nonce, epoch, head: log.length, ageMs: 0, now, ...(isKnown ? {} : { reload: true }) })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    asked,
    state,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async revoke(id: string) {
      const said = {
        type: 'key',
        id,
        version: 1,
        state: { status: 'revoked', scope: '' },
        dropAt: neverDropAt,
      } as const
      const entry = { ...said, sequence: log.length + 1, at: 0, audit: '', chain: '' } as unknown as FeedEntry
      log.push({ ...entry, chain: await digest(chainInput(place().chain, entry)) })
    },
    cutTo(length: number) {
      log.length = length
    },
    close() {
      server.closeAllConnections()
      server.close()
    },
  }
}

const closing: (() => void)[] = []
afterEach(() => {
  for (const close of closing.splice(0)) close()
})

async function startFollower() {
  const log = await startLog()
  for (const id of ['key_1', 'key_2', 'key_3']) await log.revoke(id)
  const problems: string[] = []
  const client = createHttpClient({ issuer: log.url, credential: 'a', fetch })
  const keeper: FeedFollower = createFeedFollower({
    source: createHttpFeedSource(client),
    clock: systemClock(),
    schedule(delayMs, run) {
      const timer = setTimeout(run, delayMs)
      return () => clearTimeout(timer)
    },
    random: () => 0.5,
    verifierId: 'v',
    maxStalenessSeconds: 1,
    audience: undefined,
    onReload: () => {},
    onProblem: (problem) => problems.push(problem),
  })
  closing.push(() => {
    keeper.close()
    log.close()
  })
  await keeper.start()
  return { log, keeper, problems }
}

const within = { timeout: 4_000, interval: 10 }

describe('a log that ends before the follower’s place, of the same epoch', () => {
  it('is answered with 400: the follower loads a snapshot, is fresh again, and accepts nothing it knew to be revoked', async () => {
    const { log, keeper, problems } = await startFollower()
    expect(keeper.isFresh()).toBe(true)
    expect(keeper.book?.place.sequence).toBe(3)
    log.cutTo(1)
    await vi.waitFor(() => expect(keeper.book?.place.sequence).toBe(1), within)
    await vi.waitFor(() => expect(keeper.isFresh()).toBe(true), within)
    expect(log.asked.snapshots).toBe(2)
    expect(keeper.book?.isRevoked('key', 'key_3')).toBe(true)
    expect(problems).toEqual([])
    // And once more: one mishap does not use up the remedy.
    log.cutTo(0)
    await vi.waitFor(() => expect(keeper.book?.place.sequence).toBe(0), within)
    await vi.waitFor(() => expect(keeper.isFresh()).toBe(true), within)
    expect(log.asked.snapshots).toBe(3)
  })

  it('whose snapshot breaks off is loaded when it comes whole', async () => {
    const { log, keeper } = await startFollower()
    log.state.breaksSnapshots = true
    log.cutTo(1)
    await vi.waitFor(() => expect(log.asked.snapshots).toBeGreaterThan(2), within)
    log.state.breaksSnapshots = false
    await vi.waitFor(() => expect(keeper.book?.place.sequence).toBe(1), within)
    await vi.waitFor(() => expect(keeper.isFresh()).toBe(true), within)
  })
})

it('a server that refuses its own place as well is asked for one snapshot, not for one each time, and the log hears of it', async () => {
  const { log, keeper, problems } = await startFollower()
  log.state.refusesAll = true
  const before = log.asked.positions
  await vi.waitFor(() => expect(log.asked.positions).toBeGreaterThan(before + 5), within)
  expect(log.asked.snapshots).toBe(2)
  expect(problems).toContain('/v1/feed/position answered 400')
  await vi.waitFor(() => expect(keeper.isFresh()).toBe(false), within)
  log.state.refusesAll = false
  await vi.waitFor(() => expect(keeper.isFresh()).toBe(true), within)
})

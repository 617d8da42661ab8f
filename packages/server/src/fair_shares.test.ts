/** Two parties at each resource that all share: one that floods, and one that must not notice. */
import { once } from 'node:events'
import type { Server } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { type AddressRange, parseAddressRange, parseKey } from '@countersign/core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { serverLimits } from './limits.ts'
import { audience, startWorld, type World } from './server.fixture.ts'

let world: World
let listener: Server
let flooder: Party
let victim: Party
const sockets: Socket[] = []

/** A verifier of a tenant. */
interface Party {
  readonly key: string
  readonly tenant: string
  readonly credential: string
  readonly prefix: string
  readonly address: string
}

beforeAll(async () => {
  world = await startWorld({ trustedProxies: [parseAddressRange('127.0.0.0/8') as AddressRange] })
  flooder = await partyOf('flooder', '192.0.2.1')
  victim = await partyOf('victim', '198.51.100.1')
  listener = world.server.createListener()
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')
})
afterAll(async () => {
  for (const socket of sockets) socket.destroy()
  listener.closeAllConnections()
  await new Promise((resolve) => listener.close(resolve))
  await world.close()
})

async function partyOf(slug: string, address: string): Promise<Party> {
  const { id, adminKey } = await world.ok('POST', '/v1/tenants', { slug, name: slug })
  const key = adminKey as string
  return { key, tenant: id as string, credential: parseKey(key)?.id ?? '', prefix: `/t/${slug}`, address }
}

/** A request of one of them, over a connection of its own; `answered` gives the status. */
function ask(party: Party, head: string, body = ''): { readonly answered: Promise<number> } {
  const socket = connect((listener.address() as AddressInfo).port, '127.0.0.1')
  sockets.push(socket)
  socket.on('error', () => {})
  const [method, path] = head.split(' ')
  const rest = head.split('\r\n').slice(1)
  const lines = [
    `${method} ${party.prefix}${path?.split('\r\n')[0]} HTTP/1.1`,
    'Host: x',
    `X-Forwarded-For: ${party.address}`,
    ...rest,
  ]
  socket.write(`${[...lines, `Authorization: Bearer ${party.key}`, '', ''].join('\r\n')}${body}`)
  const answered = once(socket, 'data').then(([chunk]) => Number(/^HTTP\/1.1 (\d+)/.exec(String(chunk))?.[1]))
  return { answered }
}

async function placeQuery({ tenant }: Party): Promise<string> {
  await world.server.services.books.poll()
  const { epoch, sequence, chain } = world.server.services.books.book(tenant)?.place ?? {}
  return String(new URLSearchParams({ after: String(sequence), epoch: epoch ?? '', chain: chain ?? '' }))
}

it('streams: a tenant that opens many leaves room for others, and what it closes is free again', async () => {
  const { streams } = world.server.services
  const holder = { tenant: flooder.tenant, credential: flooder.credential }
  const opened = []
  for (let index = 0; index < serverLimits.streamsMax; index++) {
    const stream = streams.open(flooder.tenant, holder)
    if (stream === undefined) break
    opened.push(stream)
  }
  expect(opened).toHaveLength(serverLimits.streamsMax / 2)
  const stream = async (party: Party) =>
    ask(party, `GET /v1/feed?${await placeQuery(party)}\r\nAccept: text/event-stream`).answered
  expect(await stream(flooder)).toBe(503)
  expect(await stream(victim)).toBe(200)
  for (const each of opened) each.close()
  expect(await stream(flooder)).toBe(200)
})

it('questions: positions, look-ups, pages and snapshots of one do not push out those of another', async () => {
  const { questions } = world.server.services
  const holder = { tenant: flooder.tenant, credential: flooder.credential }
  let taken = 0
  while (questions.take(holder)) taken++
  expect(taken).toBe(serverLimits.questionsMax / 2)
  const asked = async (party: Party, path: string, body?: object) => {
    const { status } = await world.call(body === undefined ? 'GET' : 'POST', `${party.prefix}${path}`, {
      as: party.key,
      ...(body === undefined ? {} : { body }),
    })
    return status
  }
  const place = { epoch: 'e', sequence: 0, chain: '', verifierId: 'v', nonce: 'n', maxStalenessSeconds: 10 }
  for (const [path, body] of [
    ['/v1/feed/snapshot'],
    [`/v1/feed?${await placeQuery(victim)}`],
    ['/v1/feed/position', place],
    ['/v1/lookup', { digest: 'x' }],
  ] as const) {
    expect(await asked(flooder, path, body), path).toBe(503)
    expect(await asked(victim, path, body), path).not.toBe(503)
  }
  for (; taken > 0; taken--) questions.give(holder)
  expect(await asked(flooder, '/v1/feed/snapshot')).toBe(200)
  expect(questions.used).toBe(0)
})

it('bytes in flight: bodies that one only begins to send do not keep others from sending theirs', async () => {
  const large = `POST /v1/verify\r\nContent-Type: application/json\r\nContent-Length: ${serverLimits.bodyBytesMax}`
  const held = serverLimits.bodyBytesInFlight / 2 / serverLimits.bodyBytesMax
  const floods = Array.from({ length: held + 8 }, () => ask(flooder, large, '{'))
  // The last of them find none: their answers say that all before were taken in.
  const refused = await Promise.all([...Array(8)].map(() => Promise.race(floods.map(({ answered }) => answered))))
  expect(new Set(refused)).toEqual(new Set([503]))
  const body = JSON.stringify({ credential: 'x'.repeat(100_000), audience })
  const answers = Array.from({ length: 8 }, () =>
    ask(victim, `POST /v1/verify\r\nContent-Type: application/json\r\nContent-Length: ${body.length}`, body),
  )
  for (const { answered } of answers) expect(await answered).not.toBe(503)
})

it('a form of an OAuth endpoint has at most 64 KiB, said or sent', async () => {
  const type = 'Content-Type: application/x-www-form-urlencoded'
  const tooLong = serverLimits.formBytesMax + 1
  for (const path of ['/oauth/token', '/oauth/introspect', '/oauth/revoke']) {
    const said = ask(victim, `POST ${path}\r\n${type}\r\nContent-Length: ${tooLong}`)
    expect(await said.answered, path).toBe(413)
    const chunk = `${tooLong.toString(16)}\r\n${'x'.repeat(tooLong)}\r\n`
    const sent = ask(victim, `POST ${path}\r\n${type}\r\nTransfer-Encoding: chunked`, chunk)
    expect(await sent.answered, path).toBe(413)
  }
})

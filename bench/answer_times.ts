/**
 * Whether the time of an answer tells what must look the same: requests of two kinds in random order, one at a time, and
 * Welch's t between their times (dudect's test). Below 4.5 nothing can be told. First over HTTP from another process of the
 * same machine, which is as near as an attacker comes, then in this process without a socket, which shows what is left to
 * tell. `node bench/answer_times.ts [requests]`; default 100,000 of each kind.
 */
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { generateKey, generateKeyPair, importSigningKey, signJwt } from '@countersign/core'
import { openForTimes } from './answer_times_server.ts'
import { Connection, writeQuestion } from './connection.ts'
import type { Figure } from './run.ts'

const audience = 'https://api.bench.example'
const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

interface Request {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** Two kinds of request that must be answered in the same time. Each call makes one. */
interface Pair {
  readonly name: string
  readonly status: number
  readonly a: () => Request
  readonly b: () => Request
}

interface Reply {
  readonly status: number
  readonly body: string
}

/** A server and one way to it. */
interface Asked {
  readonly baseUrl: string
  readonly admin: string
  /** Readies a request, so that what it costs the asker is not measured, and returns what sends it. */
  ready(request: Request): () => Promise<Reply>
  close(): Promise<void>
}

export async function benchAnswerTimes(requests = 100_000): Promise<readonly Figure[]> {
  return [...(await overHttp(requests)), ...(await inProcess(requests))]
}

async function overHttp(requests: number): Promise<readonly Figure[]> {
  const asked = await startAnother()
  const figures: Figure[] = []
  try {
    for (const pair of await makePairs(asked)) {
      const { t, differenceUs } = await compareTimes(pair, requests, asked)
      figures.push({ name: `${pair.name}, Welch’s t`, value: Math.abs(t), unit: '', goal: { atMost: 4.5 } })
      figures.push({ name: '  difference', value: Math.abs(differenceUs), unit: 'µs' })
    }
  } finally {
    await asked.close()
  }
  return figures
}

async function inProcess(requests: number): Promise<readonly Figure[]> {
  const asked = await openHere()
  const figures: Figure[] = []
  try {
    for (const pair of await makePairs(asked)) {
      const { differenceUs } = await compareTimes(pair, requests, asked)
      figures.push({ name: `${pair.name}, without a socket`, value: Math.abs(differenceUs), unit: 'µs' })
    }
  } finally {
    await asked.close()
  }
  return figures
}

async function startAnother(): Promise<Asked> {
  const script = fileURLToPath(new URL('./answer_times_server.ts', import.meta.url))
  const child = spawn(process.execPath, [script], { stdio: ['pipe', 'pipe', 'inherit'] })
  const line = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).once('line', resolve)
    child.once('exit', () => reject(new Error('the server did not start')))
  })
  const { url, admin } = JSON.parse(line) as { readonly url: string; readonly admin: string }
  let fail: (error: Error) => void = () => {}
  const connection = new Connection(url, (error) => fail(error))
  return {
    baseUrl: url,
    admin,
    ready({ method, path, headers, body }) {
      const bytes = writeQuestion({ url: url + path, method, headers, ...(body === '' ? {} : { body }) })
      return () =>
        new Promise((resolve, reject) => {
          fail = reject
          connection.ask(bytes, (status, text) => resolve({ status, body: text }))
        })
    },
    async close() {
      connection.close()
      const ended = new Promise((resolve) => child.once('exit', resolve))
      child.stdin.end()
      await ended
    },
  }
}

async function openHere(): Promise<Asked> {
  const baseUrl = 'http://localhost:4800'
  const server = await openForTimes(baseUrl)
  let count = 0
  return {
    baseUrl,
    admin: server.adminKey?.reveal() ?? '',
    ready({ method, path, headers, body }) {
      const bytes = Buffer.from(body)
      const exchange = {
        method,
        path,
        query: '',
        rawHeaders: Object.entries(headers).flat(),
        peer: '192.0.2.7',
        requestId: `req_${count++}`,
        readBody: async () => bytes,
        signal: new AbortController().signal,
      }
      return async () => {
        const answer = await server.handle(exchange)
        return { status: answer.status, body: String(answer.body) }
      }
    },
    close: () => server.close(),
  }
}

async function makePairs({ ready, admin, baseUrl }: Asked): Promise<readonly Pair[]> {
  const call = async (path: string, body: object): Promise<Record<string, string>> => {
    const headers = { authorization: `Bearer ${admin}`, 'content-type': 'application/json' }
    const reply = await ready({ method: 'POST', path, headers, body: JSON.stringify(body) })()
    if (reply.status >= 300) throw new Error(`${path}: ${reply.status} ${reply.body}`)
    return JSON.parse(reply.body) as Record<string, string>
  }
  await call('/v1/apis', { audience, name: 'bench', scopes: [{ name: 'a' }] })
  const access = [{ audience, scope: 'a' }]
  const pair = await generateKeyPair('ES256')
  const { privateJwk } = await generateKeyPair('ES256')
  const jwks = { keys: [{ ...pair.publicJwk, kid: 'k', alg: 'ES256' }] }
  const client = await call('/v1/clients', { name: 'a client', type: 'service', access, jwks })
  const other = await call('/v1/clients', { name: 'another', type: 'service', access })
  const key = () => call('/v1/keys', { clientId: client.clientId, audience, scope: 'a', name: 'a key' })
  const revoked = await key()
  await call(`/v1/keys/${revoked.id}/revoke`, {})
  const known = client.clientId as string
  const unknown = `client_${'0'.repeat(known.length - 7)}`
  const bytes = (length: number) => randomBytes(length)
  const wrongSecret = () => generateKey({ prefix: 'cs', marker: 'secret', randomBytes: bytes }).text
  const wrongKey = () => generateKey({ prefix: 'cs', marker: 'live', randomBytes: bytes }).text
  const unknownKey = wrongKey()
  const exp = Math.floor(Date.now() / 1000) + 250
  const forge = async (clientId: string, kid: string, typ: string, aud: string): Promise<readonly string[]> => {
    const texts: string[] = []
    for (let index = 0; index < 200; index++) {
      const claims = { iss: clientId, sub: clientId, aud, jti: `j${index}`, exp, iat: exp - 250, scope: 'a' }
      texts.push(await signJwt({ typ, claims, key: importSigningKey({ ...privateJwk, kid }, { alg: 'ES256' }) }))
    }
    return texts
  }
  const cycle = (texts: readonly string[], request: (text: string) => Request) => {
    let next = 0
    return () => request(texts[next++ % texts.length] as string)
  }
  const assertion = (texts: readonly string[]) =>
    cycle(texts, (text) => form({ client_assertion_type: assertionType, client_assertion: text }))
  const forged = await forge(known, 'k', 'JWT', baseUrl)
  const self = await forge(known, 'k', 'at+jwt', audience)
  return [
    {
      name: 'wrong secret, client known or unknown',
      status: 401,
      a: () => form({ client_id: known, client_secret: wrongSecret() }),
      b: () => form({ client_id: unknown, client_secret: wrongSecret() }),
    },
    {
      name: 'secret of another client, client known or unknown',
      status: 401,
      a: () => form({ client_id: known, client_secret: other.clientSecret as string }),
      b: () => form({ client_id: unknown, client_secret: other.clientSecret as string }),
    },
    {
      name: 'forged assertion, client known or unknown',
      status: 401,
      a: assertion(forged),
      b: assertion(await forge(unknown, 'k', 'JWT', baseUrl)),
    },
    {
      name: 'forged assertion, kid known or unknown',
      status: 401,
      a: assertion(forged),
      b: assertion(await forge(known, 'x', 'JWT', baseUrl)),
    },
    {
      name: 'key revoked or unknown, each the same again',
      status: 401,
      a: () => bearer(revoked.key as string),
      b: () => bearer(unknownKey),
    },
    {
      name: 'key revoked, or another unknown one each time',
      status: 401,
      a: () => bearer(revoked.key as string),
      b: () => bearer(wrongKey()),
    },
    {
      name: 'forged self-issued JWT, client known or unknown',
      status: 401,
      a: cycle(self, bearer),
      b: cycle(await forge(unknown, 'k', 'at+jwt', audience), bearer),
    },
    {
      name: 'forged self-issued JWT, kid known or unknown',
      status: 401,
      a: cycle(self, bearer),
      b: cycle(await forge(known, 'x', 'at+jwt', audience), bearer),
    },
  ]
}

function form(fields: Readonly<Record<string, string>>): Request {
  const body = new URLSearchParams({ grant_type: 'client_credentials', ...fields }).toString()
  return {
    method: 'POST',
    path: '/oauth/token',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body,
  }
}

function bearer(credential: string): Request {
  return { method: 'GET', path: '/v1/keys', headers: { authorization: `Bearer ${credential}` }, body: '' }
}

interface Sums {
  readonly count: number
  readonly mean: number
  readonly squares: number
}

interface Comparison {
  /** Welch's. */
  readonly t: number
  readonly differenceUs: number
}

async function compareTimes({ a, b, status, name }: Pair, requests: number, { ready }: Asked): Promise<Comparison> {
  const times: readonly [number[], number[]] = [[], []]
  for (let index = 0; index < requests * 2 + 2_000; index++) {
    const kind = randomBytes(1)[0]! & 1
    const send = ready((kind === 0 ? a : b)())
    const beganAt = process.hrtime.bigint()
    const answered = await send()
    const took = Number(process.hrtime.bigint() - beganAt)
    if (answered.status !== status) throw new Error(`${name}: ${answered.status}`)
    // The kind that is compiled first is slow.
    if (index >= 2_000) times[kind as 0 | 1].push(took)
  }
  // Pauses of the machine and of the garbage collector: the slowest tenth of all, whatever their kind.
  const sorted = [...times[0], ...times[1]].sort((x, y) => x - y)
  const longest = sorted[Math.floor(sorted.length * 0.9)] as number
  return compare(sums(times[0].filter((time) => time <= longest)), sums(times[1].filter((time) => time <= longest)))
}

function sums(values: readonly number[]): Sums {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  return { count: values.length, mean, squares: values.reduce((sum, value) => sum + (value - mean) ** 2, 0) }
}

function compare(a: Sums, b: Sums): Comparison {
  const variance = ({ count, squares }: Sums) => squares / (count - 1) / count
  const difference = a.mean - b.mean
  return { t: difference / Math.sqrt(variance(a) + variance(b)), differenceUs: difference / 1_000 }
}

if (import.meta.main) {
  const requests = Number(process.argv[2] ?? 100_000)
  for (const measure of [overHttp, inProcess]) {
    for (const { name, value, unit } of await measure(requests))
      process.stdout.write(`${name.padEnd(70)} ${value.toFixed(2)} ${unit}\n`)
  }
}

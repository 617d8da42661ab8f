/** Fifty people at the portal, one act each every two seconds, and what that takes from the throughput of verification. */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { createManagementClient, type ManagementClient } from '@countersign/client'
import { openBrowser } from '../conformance/plain_browser.fixture.ts'
import { startServing } from '../conformance/serving.fixture.ts'
import { closedLoop } from './closed_loop.ts'
import { Connection, writeQuestion } from './connection.ts'
import { compareAsync } from './measure.ts'
import type { Figure } from './run.ts'

const people = 50
const everyMs = 2_000
const seconds = 8
const rounds = 5
const audience = 'https://api.bench.example'

interface Person {
  readonly url: string
  readonly cookie: string
  readonly connection: Connection
  readonly keyId: string
}

export async function benchPortalSessions(): Promise<readonly Figure[]> {
  const directory = mkdtempSync(join(tmpdir(), 'countersign-bench-'))
  const masterKey = randomBytes(32).toString('base64url')
  const database = `sqlite:${join(directory, 'countersign.db')}`
  // Each signs in from another address: from one alone ten a minute come as far as the hash.
  const environment = { COUNTERSIGN_TRUSTED_PROXIES: '127.0.0.0/8' }
  const serving = await startServing({ database, masterKey, audience, environment })
  const { url, adminKey } = serving.product
  const management = createManagementClient({ issuer: url, credential: adminKey })
  await management.createApi({ body: { audience, name: 'bench', scopes: [{ name: 'orders:read' }] } })
  const everybody: Person[] = []
  for (let each = 0; each < people; each++) everybody.push(await signIn(management, url, each))
  const { key } = await makeKey(management, undefined)
  const verify = writeQuestion({
    url: `${url}/v1/verify`,
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${adminKey}` },
    body: JSON.stringify({ credential: key, audience }),
  })
  const isRight = (status: number, body: string): boolean => status === 200 && body.includes('"active":true')
  const throughput = async (): Promise<number> =>
    (await closedLoop({ url, next: () => verify, isRight, seconds })).perSecond
  await throughput()
  let acts = 0
  const beside = async (): Promise<number> => {
    const ending = new AbortController()
    const work = everybody.map((person, place) =>
      actUntil(ending.signal, (place * everyMs) / people, person, () => {
        acts += 1
      }),
    )
    const found = await throughput()
    ending.abort()
    await Promise.all(work)
    return found
  }
  const { a, b, ratio } = await compareAsync(beside, throughput, rounds)
  for (const { connection } of everybody) connection.close()
  await serving.stop()
  rmSync(directory, { recursive: true, force: true })
  return [
    { name: 'POST /v1/verify alone', value: b, unit: '/s' },
    { name: `beside ${people} people at the portal`, value: a, unit: '/s' },
    { name: 'their acts, of those planned', value: acts / ((people * rounds * seconds * 1_000) / everyMs), unit: '' },
    { name: 'verifications beside them, of alone', value: ratio, unit: '', goal: { atLeast: 0.9 } },
  ]
}

/** A page of the portal with what it reads, or a switch that is thrown: one after another. */
const acts: readonly ((person: Person) => readonly (readonly [method: 'GET' | 'POST', path: string])[])[] = [
  () => [
    ['GET', '/v1/me'],
    ['GET', '/v1/keys?limit=25&sort=-createdAt'],
    ['GET', '/v1/clients?limit=100'],
  ],
  ({ keyId }) => [
    ['GET', `/v1/keys/${keyId}`],
    ['GET', `/v1/audit?objectId=${keyId}&limit=50`],
  ],
  ({ keyId }) => [['POST', `/v1/keys/${keyId}/disable`]],
  () => [['GET', '/v1/usage?interval=day&groupBy=outcome']],
  ({ keyId }) => [['POST', `/v1/keys/${keyId}/enable`]],
  () => [['GET', '/v1/refusals?limit=25']],
]

async function actUntil(signal: AbortSignal, firstMs: number, person: Person, onAct: () => void): Promise<void> {
  await wait(firstMs)
  for (let turn = 0; !signal.aborted; turn++) {
    const nextAt = performance.now() + everyMs
    const made = acts[turn % acts.length]?.(person) ?? []
    for (const [method, path] of made) await send(person, method, path)
    onAct()
    await wait(Math.max(0, nextAt - performance.now()), undefined, { signal }).catch(() => {})
  }
}

/** Over the person's own kept connection, one request at a time: the generator shall take little of the processors itself. */
function send({ connection, url, cookie }: Person, method: 'GET' | 'POST', path: string): Promise<void> {
  const headers = { cookie, 'sec-fetch-site': 'same-origin', 'content-type': 'application/json' }
  const question = { url: url + path, method, headers, ...(method === 'GET' ? {} : { body: '{}' }) }
  return new Promise((resolve, reject) => {
    connection.ask(writeQuestion(question), (status, body) => {
      if (status === 200) resolve()
      else reject(new Error(`${method} ${path} was answered ${status}: ${body}`))
    })
  })
}

/** A member of a team of one's own, with a client and a key in it. */
async function signIn(management: ManagementClient, url: string, place: number): Promise<Person> {
  const email = `person${place}@bench.example`
  const password = randomBytes(12).toString('base64url')
  await management.createAccount({ body: { email, emailVerified: true, name: `Person ${place}`, password } })
  const team = await management.createTeam({
    body: { name: `Team ${place}`, access: [{ audience, scope: 'orders:read' }] },
  })
  await management.addTeamMember({ params: { id: team.id }, body: { email, role: 'owner' } })
  const { id } = await makeKey(management, team.id)
  const browser = openBrowser(url, { 'X-Forwarded-For': `10.0.0.${place + 1}` })
  const page = await browser.open('/login')
  const { status } = await browser.submit(page, '/login', { email, password })
  if (status !== 303) throw new Error(`signing in was answered ${status}`)
  const connection = new Connection(url, (error) => {
    throw error
  })
  return { url, cookie: browser.cookie(), connection, keyId: id }
}

async function makeKey(management: ManagementClient, teamId: string | undefined) {
  const { clientId } = await management.createClient({
    body: {
      name: 'bench',
      type: 'service',
      access: [{ audience, scope: 'orders:read' }],
      ...(teamId === undefined ? {} : { teamId }),
    },
  })
  return management.createKey({ body: { clientId, audience, scope: 'orders:read', name: 'k' } })
}

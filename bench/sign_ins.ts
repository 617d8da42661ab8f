/** 500 people who sign in with a password each second, from as many addresses, and what a verification waits meanwhile. */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createManagementClient } from '@countersign/client'
import { openBrowser } from '../conformance/plain_browser.fixture.ts'
import { startServing } from '../conformance/serving.fixture.ts'
import { startPostgres } from '../packages/store/src/conformance/postgres_server.ts'
import { type Question, writeQuestion } from './connection.ts'
import { median } from './measure.ts'
import { type OpenLoopResult, openLoop, sleep } from './open_loop.ts'
import type { Figure } from './run.ts'
import { openSender, type Sender } from './sender.ts'

const seconds = 4
const rounds = 3
const signInsPerSecond = 500
const verificationsPerSecond = 1_000
const audience = 'https://api.bench.example'

export async function benchSignIns(): Promise<readonly Figure[]> {
  const directory = mkdtempSync(join(tmpdir(), 'countersign-bench-'))
  const postgres = await startPostgres()
  const database = await postgres.create()
  const figures = [
    ...(await measure('SQLite', `sqlite:${join(directory, 'countersign.db')}`)),
    ...(await measure('PostgreSQL', database.url)),
  ]
  await database.drop()
  await postgres.stop()
  rmSync(directory, { recursive: true, force: true })
  return figures
}

async function measure(name: string, database: string): Promise<readonly Figure[]> {
  const masterKey = randomBytes(32).toString('base64url')
  // Each sign-in names another address: from one alone ten a minute come as far as the hash.
  const environment = { COUNTERSIGN_TRUSTED_PROXIES: '127.0.0.0/8' }
  const serving = await startServing({ database, masterKey, audience, environment })
  const { url, adminKey } = serving.product
  const verification = await prepareVerification(url, adminKey)
  const signIn = await prepareSignIn(url, adminKey)
  const answered = new Map<number, number>()
  const isOfSignIn = (status: number): boolean => {
    answered.set(status, (answered.get(status) ?? 0) + 1)
    return status === 303 || status === 503
  }
  const verifying = openSender(verification, (status, body) => status === 200 && body.includes('"active":true'))
  const signingIn = openSender(signIn.question, isOfSignIn, { next: signIn.next, connectionsMax: 1_000 })
  await at(verifying, verificationsPerSecond)
  const alone: number[] = []
  const beside: number[] = []
  for (let round = 0; round < rounds; round++) {
    alone.push((await at(verifying, verificationsPerSecond)).p99Ms)
    const [found] = await Promise.all([at(verifying, verificationsPerSecond), at(signingIn, signInsPerSecond)])
    beside.push(found.p99Ms)
  }
  for (const sender of [verifying, signingIn]) sender.close()
  await serving.stop()
  const share = (answered.get(303) ?? 0) / [...answered.values()].reduce((sum, count) => sum + count, 0)
  const [normal, loaded] = [median(alone), median(beside)]
  return [
    { name: `${name}: POST /v1/verify alone, p99`, value: normal, unit: 'ms' },
    { name: `${name}: beside ${signInsPerSecond} sign-ins a second, p99`, value: loaded, unit: 'ms' },
    { name: `${name}: beside sign-ins, of alone`, value: loaded / normal, unit: '', goal: { atMost: 2 } },
    { name: `${name}: sign-ins that were let in, of all`, value: share, unit: '' },
  ]
}

function at({ send }: Sender, perSecond: number): Promise<OpenLoopResult> {
  return openLoop({ perSecond, seconds, now: () => performance.now(), sleep, send })
}

async function prepareVerification(url: string, adminKey: string): Promise<Question> {
  const management = createManagementClient({ issuer: url, credential: adminKey })
  await management.createApi({ body: { audience, name: 'bench', scopes: [{ name: 'orders:read' }] } })
  const client = await management.createClient({
    body: { name: 'bench', type: 'service', access: [{ audience, scope: 'orders:read' }] },
  })
  const { key } = await management.createKey({
    body: { clientId: client.clientId, audience, scope: 'orders:read', name: 'k' },
  })
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${adminKey}` }
  return { url: `${url}/v1/verify`, method: 'POST', headers, body: JSON.stringify({ credential: key, audience }) }
}

/** A browser's filled-in form. It is sent again and again, from an address of its own each time. */
async function prepareSignIn(url: string, adminKey: string): Promise<{ question: Question; next: () => Buffer }> {
  const management = createManagementClient({ issuer: url, credential: adminKey })
  const email = 'ann@bench.example'
  const password = randomBytes(12).toString('base64url')
  await management.createAccount({ body: { email, emailVerified: true, name: 'Ann', password } })
  const browser = openBrowser(url)
  const { text } = await browser.open('/login')
  const form = text.split('<form ').find((each) => each.includes('name="password"')) ?? ''
  const hidden = [...form.matchAll(/<input type="hidden" name="(\w+)" value="([^"]*)">/g)]
  const fields = { ...Object.fromEntries(hidden.map(([, name, value]) => [name, value])), email, password }
  const question = (address: string): Question => ({
    url: `${url}/login`,
    method: 'POST',
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      'sec-fetch-site': 'same-origin',
      'x-forwarded-for': address,
      cookie: browser.cookie(),
    },
    body: new URLSearchParams(fields).toString(),
  })
  let sent = 0
  const next = (): Buffer => {
    sent += 1
    return writeQuestion(question(`10.${(sent >> 16) & 255}.${(sent >> 8) & 255}.${sent & 255}`))
  }
  return { question: question('10.0.0.0'), next }
}

/** docs/security/faults.md §1: kill -9 of a serving process at random moments, while clients write over HTTP. */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { generateKey } from '@countersign/core'
import { expect, inject, it } from 'vitest'
import { silentLog } from './observe/log.ts'
import { openInstallationStore, openMaster } from './run/installation.ts'

const program = fileURLToPath(new URL('../../cli/bin/countersign.mjs', import.meta.url))
const rounds = inject('isFull') ? 50 : 10
const chains = 2
const adminKey = generateKey({
  prefix: 'cs',
  marker: 'live',
  randomBytes: (count) => new Uint8Array(count).fill(7),
}).text
const audience = 'https://orders.test'

interface Known {
  readonly id: string
  readonly key: string
  /** The acknowledged outcome; `unknown` when the answer never came. */
  state: 'active' | 'revoked' | 'unknown'
}

it(`after ${rounds} kills nothing acknowledged is lost, nothing is half done, nothing revoked is accepted`, async () => {
  const acknowledged = await Promise.all(Array.from({ length: chains }, (_, chain) => runChain(chain, rounds / chains)))
  expect(acknowledged.reduce((sum, count) => sum + count, 0)).toBeGreaterThan(rounds / 2)
}, 120_000)

async function runChain(chain: number, count: number): Promise<number> {
  const directory = mkdtempSync(join(tmpdir(), 'countersign-kill-'))
  const file = join(directory, 'countersign.db')
  const keys: Known[] = []
  let clientId = ''
  for (let round = 0; round < count; round++) {
    const server = await start(file)
    if (round === 0) clientId = await setUp(server.url)
    await expectAsAcknowledged(server.url, keys.slice(-12))
    const known = keys.length
    const writing = [0, 1, 2].map(() => write(server, clientId, keys))
    while (keys.length === known) await new Promise((resolve) => setTimeout(resolve, 1))
    await new Promise((resolve) => setTimeout(resolve, ((round * 37 + chain * 61) % 140) + 5))
    await server.kill()
    await Promise.all(writing)
  }
  const server = await start(file)
  await expectAsAcknowledged(server.url, keys)
  await server.kill()
  await expectWhole(file, keys)
  rmSync(directory, { recursive: true, force: true })
  return keys.filter(({ state }) => state !== 'unknown').length
}

interface Running {
  readonly url: string
  isKilled: boolean
  kill(): Promise<void>
}

async function start(file: string): Promise<Running> {
  const environment = {
    PATH: process.env.PATH,
    COUNTERSIGN_URL: 'http://localhost:4800',
    COUNTERSIGN_LISTEN: '127.0.0.1:0',
    COUNTERSIGN_DATABASE: `sqlite:${file}`,
    COUNTERSIGN_ADMIN_KEY: adminKey,
    COUNTERSIGN_LOG_LEVEL: 'error',
  }
  const child = spawn(process.execPath, [program, 'serve', '--json'], {
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let complaints = ''
  child.stderr.on('data', (chunk) => {
    complaints += chunk
  })
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()))
  const line = await new Promise<string>((resolve, reject) => {
    child.stdout.once('data', (chunk) => resolve(String(chunk)))
    child.once('close', () => reject(new Error(`serve ended: ${complaints}`)))
  })
  const { address } = JSON.parse(line) as { readonly address: string }
  const running: Running = {
    url: `http://${address}`,
    isKilled: false,
    async kill() {
      running.isKilled = true
      child.kill('SIGKILL')
      await ended
      expect(complaints).toBe('')
    },
  }
  return running
}

async function post(url: string, path: string, body: object): Promise<Record<string, string>> {
  const response = await fetch(`${url}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  const answer = (await response.json()) as Record<string, string>
  expect(response.status, `${path} ${JSON.stringify(answer)}`).toBeLessThan(300)
  return answer
}

async function setUp(url: string): Promise<string> {
  await post(url, '/v1/apis', { audience, name: 'Orders' })
  const access = [{ audience, scope: 'orders:read' }]
  return (await post(url, '/v1/clients', { name: 'c', type: 'service', access })).clientId as string
}

/** Makes keys, and revokes some, until the server is gone. */
async function write(server: Running, clientId: string, keys: Known[]): Promise<void> {
  for (let turn = 0; ; turn++) {
    let underWay: Known | undefined
    try {
      const made = await post(server.url, '/v1/keys', {
        clientId,
        audience,
        scope: 'orders:read',
        name: `turn ${turn}`,
      })
      const known: Known = { id: made.id as string, key: made.key as string, state: 'active' }
      keys.push(known)
      if (turn % 2 === 1) continue
      underWay = known
      known.state = 'unknown'
      await post(server.url, `/v1/keys/${known.id}/revoke`, {})
      known.state = 'revoked'
    } catch (error) {
      if (!server.isKilled) throw error
      if (underWay !== undefined && underWay.state !== 'revoked') underWay.state = 'unknown'
      return
    }
  }
}

async function expectAsAcknowledged(url: string, keys: readonly Known[]): Promise<void> {
  for (const { key, id, state } of keys) {
    const answer = (await post(url, '/v1/verify', { credential: key, audience })) as unknown as {
      readonly active: boolean
      readonly code?: string
    }
    if (state === 'active') expect(answer.active, `${id} was made, and is ${answer.code}`).toBe(true)
    if (state === 'revoked') expect(answer, `${id} was revoked`).toMatchObject({ active: false, code: 'revoked' })
    expect(answer.code).not.toBe('unknown')
  }
}

/** Each row with its audit event, each revoked one with its entry, the chains unbroken. */
async function expectWhole(file: string, keys: readonly Known[]): Promise<void> {
  const store = await openInstallationStore(`sqlite:${file}`, openMaster(`sqlite:${file}`, undefined), silentLog)
  const audit = await store.verifyAudit('default')
  expect(audit.brokenAt).toBeUndefined()
  await store.close()
  const database = new DatabaseSync(file, { readOnly: true })
  const column = (sql: string): readonly string[] =>
    database
      .prepare(sql)
      .all()
      .map(({ id }) => String(id))
  expect(database.prepare('pragma integrity_check').all()).toEqual([{ integrity_check: 'ok' }])
  const rows = column(`select id from keys where name like 'turn%' order by id`)
  expect(column(`select object_id as id from audit where action = 'key.create' order by object_id`)).toEqual(rows)
  const revoked = column(`select id from keys where status = 'revoked' order by id`)
  expect(column(`select object_id as id from audit where action = 'key.revoke' order by object_id`)).toEqual(revoked)
  expect(column(`select id from status_entries where type = 'key' and is_revoked = 1 order by id`)).toEqual(revoked)
  expect(column(`select id from feed where type = 'key' order by id`)).toEqual(revoked)
  expect(new Set(rows)).toEqual(new Set([...rows, ...keys.map(({ id }) => id)]))
  database.close()
}

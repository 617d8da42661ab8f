/** `serve` as operators run it: CPU time for a request with one process and with two, on SQLite and on PostgreSQL. */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createManagementClient } from '@countersign/client'
import { type Serving, startServing } from '../conformance/serving.fixture.ts'
import { startPostgres } from '../packages/store/src/conformance/postgres_server.ts'
import { type ClosedLoopResult, closedLoop } from './closed_loop.ts'
import { type Question, writeQuestion } from './connection.ts'
import { median } from './measure.ts'
import { openLoop, sleep } from './open_loop.ts'
import type { Figure } from './run.ts'
import { openSender } from './sender.ts'

const seconds = 3
const rounds = 3
/**
 * The same for one process and for each of two: what a request costs falls with how many are answered in one turn, and one
 * generator cannot make two workers as busy as one. About a fifth of what a process can do.
 */
const ratePerProcess = 8_000
/** Clock ticks of `/proc`: 10 ms. */
const tickMicros = 10_000
const audience = 'https://api.bench.example'

interface Ready {
  readonly serving: Serving
  readonly body: string
  readonly verifierKey: string
  readonly processes: number
}

interface Measured {
  readonly perSecond: number
  readonly cpuMicros: number
}

export async function benchWorkers(): Promise<readonly Figure[]> {
  const directory = mkdtempSync(join(tmpdir(), 'countersign-bench-'))
  const postgres = await startPostgres()
  const database = await postgres.create()
  const one = await start(`sqlite:${join(directory, 'one.db')}`, '1')
  const two = await start(`sqlite:${join(directory, 'two.db')}`, '2')
  const onPostgres = await start(database.url, '1')
  const all = [one, two, onPostgres] as const
  for (const each of all) await measure(each)
  const turns: (readonly Measured[])[] = []
  const oneAtRate: number[] = []
  const twoAtRate: number[] = []
  for (let round = 0; round < rounds; round++) {
    const turn = []
    for (const each of all) turn.push(await measure(each))
    turns.push(turn)
    oneAtRate.push((await measure(one, ratePerProcess)).cpuMicros)
    twoAtRate.push((await measure(two, ratePerProcess)).cpuMicros)
  }
  const cpu = (which: number): number => median(turns.map((turn) => (turn[which] as Measured).cpuMicros))
  const rate = (which: number): number => median(turns.map((turn) => (turn[which] as Measured).perSecond))
  for (const { serving } of all) await serving.stop()
  await database.drop()
  await postgres.stop()
  rmSync(directory, { recursive: true, force: true })
  const [oneCpu, twoCpu] = [median(oneAtRate), median(twoAtRate)]
  const rateName = `at ${ratePerProcess.toLocaleString('en')}/s for each process`
  return [
    { name: `POST /v1/verify, CPU with one process, ${rateName}`, value: oneCpu, unit: 'us' },
    { name: `POST /v1/verify, CPU with two workers, ${rateName}`, value: twoCpu, unit: 'us' },
    { name: 'CPU with two workers, of one process', value: twoCpu / oneCpu, unit: '', goal: { atMost: 1.1 } },
    { name: 'CPU of one process as fast as it goes', value: cpu(0), unit: 'us' },
    { name: 'CPU of two workers as fast as they are asked', value: cpu(1), unit: 'us' },
    { name: 'POST /v1/verify on SQLite', value: rate(0), unit: '/s' },
    { name: 'POST /v1/verify on PostgreSQL, warm', value: rate(2), unit: '/s' },
    { name: 'warm on PostgreSQL, of SQLite', value: rate(2) / rate(0), unit: '', goal: { atLeast: 0.9 } },
  ]
}

async function start(database: string, workers: string): Promise<Ready> {
  const masterKey = randomBytes(32).toString('base64url')
  const environment = { COUNTERSIGN_WORKERS: workers }
  const serving = await startServing({ database, masterKey, audience, environment })
  const { url, adminKey } = serving.product
  const management = createManagementClient({ issuer: url, credential: adminKey })
  await management.createApi({ body: { audience, name: 'bench', scopes: [{ name: 'orders:read' }] } })
  const client = await management.createClient({
    body: { name: 'bench', type: 'service', access: [{ audience, scope: 'orders:read' }] },
  })
  const own = { audience: `${url}/v1`, scope: 'credentials:verify' }
  const guard = await management.createClient({
    body: { name: 'guard', type: 'service', access: [own], guards: [audience] },
  })
  const key = await management.createKey({
    body: { clientId: client.clientId, audience, scope: 'orders:read', name: 'k' },
  })
  const verifier = await management.createKey({ body: { clientId: guard.clientId, ...own, name: 'v' } })
  return {
    serving,
    body: JSON.stringify({ credential: key.key, audience, scope: 'orders:read' }),
    verifierKey: verifier.key,
    processes: Number(workers),
  }
}

/** Without a rate as fast as it goes, else at that rate for each process. */
async function measure({ serving, body, verifierKey, processes }: Ready, ratePerProcess?: number): Promise<Measured> {
  const url = `${serving.product.url}/v1/verify`
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${verifierKey}` }
  const question = { url, method: 'POST', headers, body } as const
  const pid = serving.process.pid as number
  const before = cpuTicks(pid)
  const { answers, perSecond } =
    ratePerProcess === undefined ? await asFast(question) : await atRate(question, ratePerProcess * processes)
  return { perSecond, cpuMicros: ((cpuTicks(pid) - before) * tickMicros) / answers }
}

const isRight = (status: number, body: string): boolean => status === 200 && body.includes('"active":true')

function asFast(question: Question): Promise<ClosedLoopResult> {
  const bytes = writeQuestion(question)
  return closedLoop({ url: question.url, next: () => bytes, isRight, seconds })
}

async function atRate(question: Question, perSecond: number): Promise<ClosedLoopResult> {
  const sender = openSender(question, isRight)
  const { sent } = await openLoop({ perSecond, seconds, now: () => performance.now(), sleep, send: sender.send })
  sender.close()
  return { answers: sent, perSecond }
}

/** User and system time of the process and of all it started. */
function cpuTicks(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const own = Number(fields[11]) + Number(fields[12])
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim()
  return own + (children === '' ? 0 : children.split(' ').reduce((sum, child) => sum + cpuTicks(Number(child)), 0))
}

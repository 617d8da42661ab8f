/** Memory under floods and with many revocations, and the time of a cold start: none may grow. */
import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { type CredentialRecord, generateKey } from '@countersign/core'
import { createEngine, memoryLimiter, StatusBook, systemClock } from '@countersign/verifier/engine'
import type { Figure } from './run.ts'

const mega = 1_048_576

export async function benchScale(): Promise<readonly Figure[]> {
  // The flood first: what it grows by must not be what was freed before it.
  const flood = await floodMemory()
  return [revokedMemory(), ...flood, ...(await tenants())]
}

/** The memory of an SDK that knows a million revocations. */
function revokedMemory(): Figure {
  const before = memory()
  const entries = Array.from({ length: 1_000_000 }, (_, index) => ({
    type: 'key' as const,
    id: `k${index.toString(36).padStart(11, '0')}`,
    version: 1,
    state: { status: 'revoked' as const, scope: '' },
    dropAt: 4_000_000_000,
    mac: 'AAAAAAAAAAAAAAAAAAAAAA',
  }))
  const book = StatusBook.fromSnapshot(
    { tenant: 't', issuer: 'https://i', place: { epoch: 'e', sequence: 1, chain: '' }, entries },
    7,
  )
  entries.length = 0
  const value = (memory() - before) / mega
  if (book.revokedCount !== 1_000_000) throw new Error('not all are there')
  return { name: 'SDK, 1,000,000 revoked entries with their MACs', value, unit: 'MB', goal: { atMost: 64 } }
}

/** The record of a key that exists, but for its id. */
const record = {
  kind: 'api_key',
  version: 1,
  prefix: 'cs',
  clientId: 'c',
  subject: 'c',
  apiId: 'a',
  audience: 'a',
  scope: 'orders:read',
  status: 'active',
  environment: 'live',
  metadata: {},
  lineage: [],
  inherited: [],
  clientStatus: 'active',
  access: 'orders:read',
} as const

/** Distinct well-formed keys that nobody made: each costs a look-up that finds nothing, and must leave nothing. */
async function floodMemory(): Promise<readonly Figure[]> {
  const count = Number(process.env.FLOOD ?? 10_000_000)
  const book = StatusBook.fromSnapshot(
    { tenant: 't', issuer: 'https://i', place: { epoch: 'e', sequence: 1, chain: '' }, entries: [] },
    7,
  )
  let known: CredentialRecord | undefined
  const engine = createEngine({
    keeper: {
      book,
      isFresh: () => true,
      refresh: () => true,
      reach: () => true,
      subscribe: () => () => {},
      now: () => Date.now() / 1000,
    },
    directory: {
      credential: (_, place) => ({ record: known, place, ageMs: 0 }),
      publicKey: (_, __, place) => ({ record: undefined, place, ageMs: 0 }),
      client: (_, place) => ({ record: undefined, place, ageMs: 0 }),
    },
    limiter: memoryLimiter(),
    clock: systemClock(),
    unknownPerSecondMax: Number.POSITIVE_INFINITY,
  })
  // Cheap and distinct; what is random in a real one does not matter to memory.
  let seed = 1
  const randomBytes = (length: number): Uint8Array => {
    const bytes = new Uint8Array(length)
    for (let index = 0; index < length; index++) {
      seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0
      bytes[index] = seed >>> 24
    }
    return bytes
  }
  const make = (): ReturnType<typeof generateKey> => generateKey({ prefix: 'cs', marker: 'live', randomBytes })
  const ask = (credential: string): ReturnType<typeof engine.verify> =>
    engine.verify({ credential, audience: 'a', requires: [[]], address: undefined, origin: undefined })
  // First a process at work on keys that exist: only the growth beyond that is the flood's.
  for (let index = 0; index < 1_000_000; index++) {
    const { id, text } = make()
    known = { ...record, id, limitId: id }
    ask(text)
  }
  known = undefined
  const before = process.memoryUsage.rss()
  const beganAt = performance.now()
  for (let index = 0; index < count; index++) {
    const outcome = ask(make().text)
    if (outcome instanceof Promise || outcome.outcome !== 'rejected') throw new Error('not refused')
  }
  const growth = (process.memoryUsage.rss() - before) / mega
  const name = `flood of ${count.toLocaleString('en')} distinct unknown keys`
  return [
    { name: `${name}: growth`, value: growth, unit: 'MB', goal: { atMost: 100 } },
    { name, value: count / ((performance.now() - beganAt) / 1000), unit: '/s' },
  ]
}

/** Many tenants with signing keys of their own: a cold start, what each costs idle, and whether one of them is slower. */
async function tenants(): Promise<readonly Figure[]> {
  const count = Number(process.env.TENANTS ?? 10_000)
  const script = fileURLToPath(new URL('./tenants_server.ts', import.meta.url))
  const filled = spawn(process.execPath, [script, 'fill', String(count)], { stdio: ['ignore', 'pipe', 'inherit'] })
  const { directory } = await firstLine<{ readonly directory: string }>(filled)
  const served = spawn(process.execPath, [script, 'serve', directory], { stdio: ['ignore', 'pipe', 'inherit'] })
  const told = await firstLine<Tenants>(served)
  served.kill()
  const name = `${count.toLocaleString('en')} tenants with their own signing keys`
  return [
    { name: `${name}: cold start`, value: told.readySeconds, unit: 's', goal: { atMost: 5 } },
    { name: `${name}: memory of an idle one`, value: told.idleBytes / 1024, unit: 'KB', goal: { atMost: 4 } },
    { name: `${name}: any of them, of the default one`, value: told.latencyRatio, unit: '', goal: { atMost: 1.5 } },
  ]
}

/** The figures that `tenants_server.ts serve` tells. */
export interface Tenants {
  readonly readySeconds: number
  readonly idleBytes: number
  readonly latencyRatio: number
}

async function firstLine<T>(child: ChildProcess): Promise<T> {
  const lines = createInterface({ input: child.stdout as NonNullable<ChildProcess['stdout']> })
  return new Promise((resolve, reject) => {
    lines.once('line', (line) => resolve(JSON.parse(line) as T))
    child.once('exit', (code) => reject(new Error(`it ended with ${code}`)))
  })
}

function memory(): number {
  setFlagsFromString('--expose-gc')
  ;(runInNewContext('gc') as () => void)()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

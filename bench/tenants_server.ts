/** `tenants_server.ts fill COUNT` makes an installation of so many tenants; `serve DIRECTORY` opens it and measures. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { type CountersignServer, openInstallation, silentLog } from '@countersign/server'
import { setUpTenant } from '../packages/server/src/tenants/tenant_setup.ts'
import { median } from './measure.ts'
import type { Tenants } from './scale.ts'

const baseUrl = 'http://localhost:4800'
const perTransaction = 200
const sampled = 300
const [what, given = ''] = process.argv.slice(2)

if (what === 'fill') await fill(Number(given))
else await serve(given)

function open(directory: string): Promise<CountersignServer> {
  const database = `sqlite:${join(directory, 'countersign.db')}`
  return openInstallation({ database, baseUrl, version: 'bench', log: silentLog })
}

async function fill(count: number): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'countersign-tenants-'))
  const server = await open(directory)
  const { store, master, randomBytes, now } = server.services
  const keys: (readonly [string, string])[] = [['', server.adminKey?.reveal() ?? '']]
  for (let made = 0; made < count; made += perTransaction) {
    await store.write(async (transaction) => {
      for (let index = made; index < Math.min(count, made + perTransaction); index++) {
        const slug = `t${index}`
        const { adminKey } = await setUpTenant({
          transaction,
          tenant: { id: `tenant_${index}`, slug, name: slug },
          issuer: `${baseUrl}/t/${slug}`,
          master,
          now: now(),
          randomBytes,
          keyPrefix: 'cs',
          actor: { kind: 'system' },
          requestId: 'bench',
        })
        keys.push([`/t/${slug}`, adminKey.reveal()])
      }
    })
  }
  await server.close()
  writeFileSync(join(directory, 'keys.json'), JSON.stringify(keys))
  process.stdout.write(`${JSON.stringify({ directory })}\n`, () => process.exit(0))
}

async function serve(directory: string): Promise<void> {
  const empty = mkdtempSync(join(tmpdir(), 'countersign-tenants-'))
  const small = await open(empty)
  const before = memory()
  const beganAt = performance.now()
  const server = await open(directory)
  const readySeconds = (performance.now() - beganAt) / 1000
  const keys = JSON.parse(readFileSync(join(directory, 'keys.json'), 'utf8')) as readonly (readonly [string, string])[]
  await server.services.warming.settled()
  const idleBytes = (memory() - before) / keys.length
  const step = Math.floor((keys.length - 1) / sampled) || 1
  const others = keys.slice(1).filter((_, index) => index % step === 0)
  const [own] = keys as readonly [readonly [string, string]]
  // The first request of each finds its engine; the one after it is what every other is like.
  for (const each of others) await latency(server, each)
  const ratios = []
  for (const each of others) {
    const ofOthers = median([await latency(server, each), await latency(server, each), await latency(server, each)])
    const ofOwn = median([await latency(server, own), await latency(server, own), await latency(server, own)])
    ratios.push(ofOthers / ofOwn)
  }
  const told: Tenants = { readySeconds, idleBytes, latencyRatio: median(ratios) }
  process.stdout.write(`${JSON.stringify(told)}\n`)
  await Promise.all([small.close(), server.close()])
  for (const each of [empty, directory]) rmSync(each, { recursive: true, force: true })
}

async function latency(server: CountersignServer, [path, key]: readonly [string, string]): Promise<number> {
  const beganAt = performance.now()
  const answer = await server.handle({
    method: 'GET',
    path: `${path}/v1/apis`,
    query: '',
    rawHeaders: ['Authorization', `Bearer ${key}`],
    peer: '127.0.0.1',
    requestId: 'r',
    readBody: async () => new Uint8Array(),
    signal: new AbortController().signal,
  })
  if (answer.status !== 200) throw new Error(`${path}: ${answer.status}`)
  return performance.now() - beganAt
}

function memory(): number {
  setFlagsFromString('--expose-gc')
  ;(runInNewContext('gc') as () => void)()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

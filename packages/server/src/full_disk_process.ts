/**
 * Run by `full_disk.test.ts` on a small file system of its own: fills it, revokes, frees it; prints one line of JSON.
 */
import { closeSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { digest } from '@countersign/core'
import { silentLog } from './observe/log.ts'
import { openInstallation } from './run/installation.ts'

const [directory = '', reserveMiB = '8', countText = '500'] = process.argv.slice(2)
const count = Number(countText)
const database = join(directory, 'countersign.db')
const filler = join(directory, 'filler')
const baseUrl = 'http://localhost:4800'
const audience = 'https://orders.test'

// Nothing of an installation keeps a process alive by itself: a server's socket does, and there is none here.
const alive = setInterval(() => {}, 60_000)
const server = await openInstallation({
  database: `sqlite:${database}`,
  baseUrl,
  version: '0.0.0',
  log: silentLog,
  reserveBytes: Number(reserveMiB) * 1024 * 1024,
})
const { services } = server
const admin = server.adminKey?.reveal() ?? ''

interface Reply {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Record<string, string>
}

async function call(method: string, path: string, body?: object): Promise<Reply> {
  const bytes = Buffer.from(body === undefined ? '' : JSON.stringify(body))
  const answer = await server.handle({
    method,
    path,
    query: '',
    rawHeaders: ['Authorization', `Bearer ${admin}`, 'Content-Type', 'application/json'],
    peer: '127.0.0.1',
    requestId: 'req_test',
    readBody: async () => bytes,
    signal: new AbortController().signal,
  })
  const text = typeof answer.body === 'string' ? answer.body : '{}'
  return { status: answer.status, headers: answer.headers, body: JSON.parse(text) as Record<string, string> }
}

function fill(): void {
  const descriptor = openSync(filler, 'a')
  for (const size of [1 << 20, 1 << 12, 1]) {
    const piece = Buffer.alloc(size, 1)
    try {
      for (;;) if (writeSync(descriptor, piece) < size) break
    } catch {
      // Full, but for smaller pieces.
    }
  }
  closeSync(descriptor)
}

/** Rows as the management API would have made them, many in one transaction. */
async function seedKeys(clientId: string, apiId: string, from: number, to: number): Promise<void> {
  await services.store.write(async (it) => {
    for (let index = from; index < to; index++) {
      const id = `k${String(index).padStart(11, '0')}`
      await it.keys.insert({
        tenant: 'default',
        id,
        digest: (await digest(id)) as string,
        prefix: 'cs',
        environment: 'live',
        clientId,
        apiId,
        scope: 'orders:read',
        name: 'a key',
        status: 'active',
        metadata: {},
        version: 1,
        createdAt: Math.floor(services.now()),
        updatedAt: Math.floor(services.now()),
      })
    }
  })
}

async function revokeAll(paths: readonly string[]): Promise<Record<string, number>> {
  const statuses: Record<string, number> = {}
  let next = 0
  const worker = async (): Promise<void> => {
    for (let index = next++; index < paths.length; index = next++) {
      const { status } = await call('POST', paths[index] as string, {})
      statuses[status] = (statuses[status] ?? 0) + 1
    }
  }
  await Promise.all(Array.from({ length: 4 }, worker))
  return statuses
}

const api = await call('POST', '/v1/apis', { audience, name: 'Orders', scopes: [{ name: 'orders:read' }] })
const client = { type: 'service', access: [{ audience, scope: 'orders:read' }] }
const { clientId = '' } = (await call('POST', '/v1/clients', { ...client, name: 'first' })).body
const known = await call('POST', '/v1/keys', { clientId, audience, scope: 'orders:read', name: 'known' })
const clients: string[] = []
const tokens: string[] = []
for (let index = 0; index < count / 20; index++) {
  clients.push((await call('POST', '/v1/clients', { ...client, name: 'one of many' })).body.clientId as string)
  const minted = { clientId, audience, scope: 'orders:read', ttlSeconds: 86_400 }
  tokens.push((await call('POST', '/v1/tokens', minted)).body.jti as string)
}
const keys = count - clients.length - tokens.length
for (let from = 0; from < keys; from += 500) {
  await seedKeys(clientId, api.body.id as string, from, Math.min(keys, from + 500))
}
const verify = async (): Promise<unknown> =>
  (await call('POST', '/v1/verify', { credential: known.body.key, audience })).body.active
await services.store.tendReserve()
const readyz = async () => {
  const { status, body } = await call('GET', '/readyz')
  return `${status} ${body.status}`
}
const before = { readyz: await readyz(), reserve: services.store.load().disk?.reserve }

fill()
let refused = await call('POST', '/v1/keys', { clientId, audience, scope: 'orders:read', name: 'too much' })
for (let attempt = 0; refused.status === 201 && attempt < 10_000; attempt++) {
  refused = await call('POST', '/v1/keys', { clientId, audience, scope: 'orders:read', name: 'too much' })
}
// Nobody else writes to this disk, so the room that the reserve gives up stays the database's.
const full = {
  status: refused.status,
  retryAfter: refused.headers['Retry-After'],
  readyz: await readyz(),
  reserve: services.store.load().disk?.reserve,
  verified: await verify(),
}
const paths = [
  ...Array.from({ length: keys }, (_, index) => `/v1/keys/k${String(index).padStart(11, '0')}/revoke`),
  ...tokens.map((jti) => `/v1/tokens/${jti}/revoke`),
  ...clients.map((id) => `/v1/clients/${id}/revoke`),
]
const revoked = await revokeAll(paths)
const usage = { id: 'batch', counts: [], now: services.now() }
const meanwhile = {
  verified: await verify(),
  issued: (await call('POST', '/v1/keys', { clientId, audience, scope: 'orders:read', name: 'no' })).status,
  usage: await services.store.countUsage(usage).then(
    () => 'counted',
    (error: { readonly reason?: string }) => error.reason,
  ),
  audit: (await services.store.verifyAudit('default')).brokenAt ?? 'whole',
  metric: /^countersign_disk_reserve 0$/m.test(Buffer.from(await services.metrics.text()).toString()),
}
rmSync(filler)
await services.store.tendReserve()
const after = {
  readyz: await readyz(),
  issued: (await call('POST', '/v1/keys', { clientId, audience, scope: 'orders:read', name: 'again' })).status,
  reserve: services.store.load().disk?.reserve,
}
await server.close()
clearInterval(alive)
process.stdout.write(`${JSON.stringify({ before, full, revoked, meanwhile, after })}\n`)

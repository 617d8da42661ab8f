import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { bearer, type Dev, makeFolder, type Running, run, startDev, startUntilReady } from './countersign.fixture.ts'

const folder = makeFolder()
const cwd = folder.path
const backup = join(cwd, 'backup.db')
let dev: Dev
let database: string
/** Keys by what becomes of them. */
const keys: Record<string, string> = {}
let jwt: string
/** A gateway of its own process, which runs on while the database is replaced. */
let gateway: Running
const upstream = createServer((_, response) => response.end('{}'))

beforeAll(async () => {
  dev = await startDev(cwd)
  database = join(dev.ready.data, 'countersign.db')
  const document = join(cwd, 'api.yaml')
  const paths = 'paths: {/orders: {get: {security: [{k: ["orders:read"]}]}}}'
  writeFileSync(document, `openapi: 3.1.0\ninfo: {title: Demo, version: "1"}\n${paths}\n`)
  await new Promise<void>((listening) => upstream.listen(0, '127.0.0.1', listening))
  const upstreamUrl = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`
  const flags = ['--openapi', document, '--upstream', upstreamUrl, '--listen', '127.0.0.1:0', '--json']
  gateway = await startUntilReady(['gateway', ...flags], { cwd })
})
afterAll(async () => {
  await Promise.all([dev.stop(), gateway.stop()])
  upstream.closeAllConnections()
  upstream.close()
  folder.remove()
})

const idOf = (key: string) => key.split('_')[2]!
const api = (path: string, body?: object) =>
  fetch(dev.ready.url + path, {
    method: 'POST',
    headers: { ...bearer(dev.ready.adminKey).headers, 'content-type': 'application/json' },
    body: JSON.stringify(body ?? {}),
  })
const orders = (credential: string) => fetch(`${dev.ready.gatewayUrl}/orders`, bearer(credential))
const placeOf = async () =>
  JSON.parse((await run(['token', 'inspect', '--json'], { cwd, input: jwt })).out).claims.cs_pos

function countsOf(file: string) {
  const connection = new DatabaseSync(file, { readOnly: true })
  const row = connection
    .prepare('select epoch, position, (select count(*) from audit) as events from installation')
    .get()
  connection.close()
  return { ...row } as { epoch: string; position: number; events: number }
}

async function createKey(): Promise<string> {
  const { demo, audience } = dev.ready
  const body = { clientId: demo.clientId, audience, scope: 'orders:read', name: 'k' }
  const made = (await (await api('/v1/keys', body)).json()) as { key: string }
  return made.key
}

async function getJwt(): Promise<string> {
  const { clientId, clientSecret } = dev.ready.demo
  const form = { grant_type: 'client_credentials', client_id: clientId!, client_secret: clientSecret! }
  const answer = await fetch(`${dev.ready.url}/oauth/token`, { method: 'POST', body: new URLSearchParams(form) })
  return ((await answer.json()) as { access_token: string }).access_token
}

it('a backup taken while a server writes is whole, private, without the master key, and replaces nothing', async () => {
  for (const name of ['kept', 'revoked', 'disabled', 'ended']) keys[name] = await createKey()
  jwt = await getJwt()
  let isDone = false
  let written = 0
  const writing = (async () => {
    while (!isDone) {
      await createKey()
      written += 1
    }
  })()
  const made = await run(['backup', backup, '--json'], { cwd })
  isDone = true
  await writing
  expect([made.code, written > 0]).toEqual([0, true])
  expect(JSON.parse(made.out)).toMatchObject({ file: backup, pages: expect.any(Number) })
  expect((statSync(backup).mode & 0o777).toString(8)).toBe('600')
  const copy = new DatabaseSync(backup, { readOnly: true })
  expect(copy.prepare('pragma integrity_check').get()).toEqual({ integrity_check: 'ok' })
  copy.close()
  const master = readFileSync(join(dev.ready.data, 'master.key'), 'utf8').trim()
  const bytes = readFileSync(backup)
  expect(bytes.includes(master) || bytes.includes(Buffer.from(master, 'base64url'))).toBe(false)
  const [again, missing, postgres] = await Promise.all([
    run(['backup', backup], { cwd }),
    run(['backup', join(cwd, 'x.db'), '--database', 'sqlite:./none.db'], { cwd }),
    run(['backup', join(cwd, 'x.db'), '--database', 'postgres://u:hunter2@h/d'], { cwd }),
  ])
  expect([again.code, missing.code, postgres.code]).toEqual([5, 3, 2])
  expect(postgres.err).toContain('pg_dump')
  expect(postgres.err).not.toContain('hunter2')
})

it('restore refuses while a server has the database open, and what is no backup of it', async () => {
  await api(`/v1/keys/${idOf(keys.revoked!)}/revoke`)
  await api(`/v1/keys/${idOf(keys.disabled!)}/disable`)
  await api(`/v1/keys/${idOf(keys.ended!)}/roll`, { graceSeconds: 0 })
  const { clientId, clientSecret } = dev.ready.demo
  const form = new URLSearchParams({ token: jwt, client_id: clientId!, client_secret: clientSecret! })
  expect((await fetch(`${dev.ready.url}/oauth/revoke`, { method: 'POST', body: form })).status).toBe(200)
  const noDatabase = join(cwd, 'text.db')
  writeFileSync(noDatabase, 'text')
  const [busy, missing] = await Promise.all([
    run(['restore', backup], { cwd }),
    run(['restore', join(cwd, 'none.db')], { cwd }),
  ])
  expect(busy).toMatchObject({ code: 5, err: expect.stringContaining('in use') })
  expect(missing.code).toBe(3)
  expect(await dev.stop('SIGINT')).toBe(0)
  const before = countsOf(database)
  const other = makeFolder()
  const foreign = await startDev(other.path)
  await foreign.stop()
  const [text, alien, keyless] = [
    await run(['restore', noDatabase], { cwd }),
    await run(['restore', join(foreign.ready.data, 'countersign.db')], { cwd }),
    await run(['restore', backup, '--database', `sqlite:${join(cwd, 'elsewhere.db')}`], { cwd }),
  ]
  expect([text.code, alien.code, keyless.code]).toEqual([1, 1, 2])
  expect(alien.err).toContain('another installation')
  expect(keyless.err).toContain('master.key is missing')
  // Nothing was touched.
  expect(countsOf(database)).toEqual(before)
  for (const suffix of ['restoring', 'before-restore']) expect(existsSync(`${database}.${suffix}`)).toBe(false)
  other.remove()
})

it('after a restore a new epoch begins far above, and what was revoked since stays revoked at the gateway', async () => {
  const position = await placeOf()
  const former = countsOf(backup)
  const ran = await run(['restore', backup, '--json'], { cwd })
  const report = JSON.parse(ran.out)
  expect([ran.code, report]).toMatchObject([
    0,
    { keptAs: `${database}.before-restore`, unknown: null, auditBrokenAt: null },
  ])
  expect(existsSync(report.keptAs)).toBe(true)
  const now = countsOf(database)
  expect(now.epoch).toBe(report.epoch)
  expect(now.epoch).not.toBe(former.epoch)
  expect(now.position - former.position).toBeGreaterThanOrEqual(1_000_000_000)

  const ports = ['--port', new URL(dev.ready.url).port, '--gateway-port', new URL(dev.ready.gatewayUrl).port]
  const { ready } = dev
  const restarted = await startDev(cwd, ...ports)
  dev = { ...restarted, ready: { ...ready } }
  const statuses = []
  for (const key of [keys.kept, keys.revoked, keys.disabled, keys.ended, jwt])
    statuses.push((await orders(key!)).status)
  expect(statuses).toEqual([200, 401, 401, 401, 401])
  const remote = (credential: string) => fetch(`${JSON.parse(gateway.line).url}/orders`, bearer(credential))
  while ((await remote(keys.kept!)).status === 503) await new Promise((resolve) => setTimeout(resolve, 50))
  const remoteStatuses = []
  for (const key of [keys.kept, keys.revoked, keys.disabled, keys.ended, jwt])
    remoteStatuses.push((await remote(key!)).status)
  expect(remoteStatuses).toEqual([200, 401, 401, 401, 401])
  jwt = await getJwt()
  expect((await placeOf()) - position).toBeGreaterThanOrEqual(1_000_000_000)
  expect((await orders(jwt)).status).toBe(200)
  expect((await run(['audit', 'verify'], { cwd })).code).toBe(0)
})

it('where the replaced database cannot be read, the span that nobody knows is named; a kept log closes it', async () => {
  const snapshot = await fetch(`${dev.ready.url}/v1/feed/snapshot`, bearer(dev.ready.adminKey))
  const log = join(cwd, 'revocations.ndjson')
  writeFileSync(log, await snapshot.text())
  await dev.stop()
  const kept = readFileSync(database)
  for (const suffix of ['-wal', '-shm']) rmSync(database + suffix, { force: true })
  writeFileSync(database, Buffer.concat([Buffer.from('damaged'), kept.subarray(7)]))
  const blind = await run(['restore', backup, '--json'], { cwd })
  const { unknown, keptAs } = JSON.parse(blind.out)
  expect(blind.code).toBe(0)
  expect(unknown).toMatchObject({ from: expect.stringMatching(/Z$/), to: expect.stringMatching(/Z$/) })
  expect(blind.err).toContain(`from ${unknown.from} to ${unknown.to}`)
  expect(keptAs).toBe(`${database}.before-restore-2`)

  rmSync(database)
  const seeing = await run(['restore', backup, '--revocations', log, '--json'], { cwd })
  expect([seeing.code, JSON.parse(seeing.out)]).toMatchObject([0, { unknown: null, keptAs: null }])
  const ports = ['--port', new URL(dev.ready.url).port, '--gateway-port', new URL(dev.ready.gatewayUrl).port]
  const { ready } = dev
  dev = { ...(await startDev(cwd, ...ports)), ready }
  const statuses = []
  for (const key of [keys.kept, keys.revoked, keys.disabled, keys.ended]) statuses.push((await orders(key!)).status)
  expect(statuses).toEqual([200, 401, 401, 401])
})

/**
 * A database that goes back in its own history (docs/protocol/feed.md §7.2): a volume snapshot, a file copied without
 * its log. Every way in which that is found out, with a client's revoke in the part that is lost, asked through an SDK
 * that runs on.
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as wait } from 'node:timers/promises'
import { createVerifier, type Verifier } from '@countersign/verifier'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { silentLog } from './observe/log.ts'
import { installationFixture, type Running } from './run/installation.fixture.ts'
import { openInstallation, openInstallationStore, openMaster } from './run/installation.ts'

const audience = 'https://api.example'
const within = { timeout: 15_000, interval: 20 }
/** Changes that are lost: the client's revoke, and two of keys. */
const lostCount = 3

let fixture: Awaited<ReturnType<typeof installationFixture>>
let server: Running
const verifiers: Verifier[] = []

beforeEach(async () => {
  fixture = await installationFixture()
  server = await fixture.start()
})
afterEach(async () => {
  await Promise.all(verifiers.splice(0).map((verifier) => verifier.close()))
  await fixture.end()
})

/** An SDK whose questions can be held back. */
async function connectVerifier() {
  let gate: Promise<void> = Promise.resolve()
  let open = (): void => {}
  const verifier = createVerifier({
    issuer: fixture.issuer,
    audience,
    credential: server.adminKey,
    maxStalenessSeconds: 1,
    fetch: async (...given) => {
      await gate
      return fetch(...given)
    },
  })
  verifiers.push(verifier)
  await verifier.ready()
  return {
    async codeOf(credential: string): Promise<string> {
      const outcome = await verifier.verify(credential)
      return outcome.outcome === 'rejected' ? outcome.rejection.code : outcome.outcome
    },
    hold() {
      const held = Promise.withResolvers<void>()
      gate = held.promise
      open = held.resolve
    },
    release: () => open(),
  }
}

/** A client with all it can have; and its revoke, the last of three changes that will be lost. */
async function prepare() {
  await server.post('/v1/apis', { audience, name: 'A', scopes: [{ name: 'orders:read' }] })
  const access = [{ audience, scope: 'orders:read' }]
  const make = () => server.post('/v1/clients', { name: 'c', type: 'service', access })
  const [client, other] = [await make(), await make()]
  const ids = { client_id: client.clientId as string, client_secret: client.clientSecret as string }
  const createKey = (clientId: unknown) =>
    server.post('/v1/keys', { clientId, audience, scope: 'orders:read', name: 'k' })
  const key = await createKey(client.clientId)
  const noise = [await createKey(other.clientId), await createKey(other.clientId)]
  const token = (await server.form('/oauth/token', { grant_type: 'client_credentials', ...ids })).access_token
  return {
    ids,
    held: [key.key as string, token as string],
    revoke: async () => {
      for (const { id } of noise) await server.post(`/v1/keys/${id}/disable`)
      await server.post(`/v1/clients/${client.clientId}/revoke`)
    },
    expectTaken: async () => {
      expect((await server.status('/oauth/token', { grant_type: 'client_credentials', ...ids })).status).toBe(401)
      expect((await server.get(`/v1/keys/${key.id}`)).status).toBe('revoked')
    },
  }
}

/** Writes into the older copy, by another program, before anybody noticed. */
async function writeForeign(count: number): Promise<void> {
  const store = await openInstallationStore(fixture.database, openMaster(fixture.database, undefined), silentLog)
  for (let index = 0; index < count; index++) {
    const id = `client_none key${index}`
    await store.write(async (transaction) =>
      transaction.append({
        tenant: 'default',
        audit: { actor: { kind: 'system' }, action: 'x', objectType: 'x', objectId: id, requestId: 'x' },
        objects: () => [{ type: 'public_key', id, version: 1, state: { status: 'revoked' }, dropAt: 4_000_000_000 }],
      }),
    )
  }
  await store.close()
}

/** Every row becomes what it was in the copy, as a volume that is put back while the server runs. */
function goBack(copy: string): void {
  const database = new DatabaseSync(fixture.file, { timeout: 10_000 })
  try {
    database.exec(`pragma foreign_keys = off; attach '${copy}' as copy; begin immediate`)
    const tables = database
      .prepare("select name from main.sqlite_master where type = 'table' and name not like 'sqlite_%'")
      .all() as { name: string }[]
    for (const { name } of tables) {
      database.exec(`delete from main.${name}; insert into main.${name} select * from copy.${name}`)
    }
    database.exec('commit')
  } finally {
    database.close()
  }
}

async function startEpochOffline(): Promise<void> {
  await server.stop()
  const store = await openInstallationStore(fixture.database, openMaster(fixture.database, undefined), silentLog)
  await store.startEpoch(0)
  await store.close()
  server = await fixture.start()
}

const epochOf = async (): Promise<unknown> => {
  const { text } = await server.text('/v1/feed/snapshot')
  return (JSON.parse(text.split('\n')[0] as string) as { place: { epoch: string } }).place.epoch
}

const writes = [
  ['nothing', 0],
  ['less than was lost', 1],
  ['as much as was lost', lostCount],
  ['more than was lost', lostCount + 2],
] as const

describe.each(['the same epoch', 'an earlier epoch'] as const)('to a copy of %s', (ofEpoch) => {
  /** Until the revoke is in force everywhere; then the copy that the database will go back to. */
  async function lose() {
    const { held, revoke, expectTaken } = await prepare()
    const sdk = await connectVerifier()
    const all = (codes: (credential: string) => Promise<string>) => Promise.all(held.map(codes))
    expect(await all(sdk.codeOf)).toEqual(['verified', 'verified'])
    const copy = join(fixture.directory, 'copy.db')
    await fixture.backup(copy)
    if (ofEpoch === 'an earlier epoch') {
      await startEpochOffline()
      await vi.waitFor(async () => expect(await all(sdk.codeOf)).toEqual(['verified', 'verified']), within)
    }
    const before = await epochOf()
    await revoke()
    await vi.waitFor(async () => expect(await all(sdk.codeOf)).toEqual(['revoked', 'revoked']), within)
    sdk.hold()
    return { sdk, copy, before, all, expectTaken }
  }

  async function expectFound({ sdk, before, all, expectTaken }: Omit<Awaited<ReturnType<typeof lose>>, 'copy'>) {
    sdk.release()
    await vi.waitFor(expectTaken, within)
    expect(await epochOf()).not.toBe(before)
    await vi.waitFor(async () => expect(await all(sdk.codeOf)).toEqual(['revoked', 'revoked']), within)
    const { data } = (await server.get('/v1/audit?action=feed.rollback')) as { data: readonly unknown[] }
    expect(data.length).toBeGreaterThanOrEqual(1)
    expect(server.logged.some(({ message }) => message.includes('went back'))).toBe(true)
  }

  it.each(writes)('restarted, with %s written since: a verifier’s seal proves it', async (_, count) => {
    const lost = await lose()
    await server.stop()
    fixture.replaceBy(lost.copy)
    rmSync(`${fixture.file}-place`)
    server = await fixture.start()
    await server.post('/v1/clients', { name: 'later', type: 'service', access: [] })
    await writeForeign(count)
    await expectFound(lost)
  })

  it.each(writes)('restarted, with %s written since: the file beside it proves it', async (_, count) => {
    const lost = await lose()
    await server.stop()
    fixture.replaceBy(lost.copy)
    await writeForeign(count)
    server = await fixture.start()
    expect(await epochOf()).not.toBe(lost.before)
    await expectFound(lost)
  })

  it.each(writes)('running, with %s written since: the server’s own book proves it', async (_, count) => {
    const lost = await lose()
    rmSync(`${fixture.file}-place`)
    goBack(lost.copy)
    await writeForeign(count)
    await vi.waitFor(async () => expect(await epochOf()).not.toBe(lost.before), within)
    await expectFound(lost)
  })
})

it('the headers that an API names are in every snapshot, that of a database that went back too', async () => {
  const api = await server.post('/v1/apis', { audience, name: 'A', credentialHeaders: ['X-Partner-Key'] })
  const verifier = createVerifier({
    issuer: fixture.issuer,
    audience,
    credential: server.adminKey,
    maxStalenessSeconds: 1,
  })
  verifiers.push(verifier)
  const ask = async () => {
    const headers = { 'X-Partner-Key': server.adminKey }
    const outcome = await verifier.verifyRequest(new Request('https://api.example/', { headers }))
    return outcome.outcome === 'rejected' ? outcome.rejection.code : outcome.outcome
  }
  // The administrator's key is none of this API's: it is read, and refused.
  await vi.waitFor(async () => expect(await ask()).toBe('wrong_audience'), within)
  const copy = join(fixture.directory, 'copy.db')
  await fixture.backup(copy)
  await server.patch(`/v1/apis/${api.id}`, { credentialHeaders: [] })
  await vi.waitFor(async () => expect(await ask()).toBe('missing_credential'), within)
  await server.stop()
  fixture.replaceBy(copy)
  server = await fixture.start()
  await vi.waitFor(async () => expect(await ask()).toBe('wrong_audience'), within)
  expect((await server.get(`/v1/apis/${api.id}`)).credentialHeaders).toEqual(['X-Partner-Key'])
})

it('a write that would continue an older history is rolled back before it is acknowledged', async () => {
  const { revoke } = await prepare()
  const copy = join(fixture.directory, 'copy.db')
  await fixture.backup(copy)
  await revoke()
  const before = await epochOf()
  const append = () =>
    server.services.store.write(async (transaction) => {
      const audit = { actor: { kind: 'system' }, action: 'x', objectType: 'x', objectId: 'x', requestId: 'x' } as const
      transaction.append({ tenant: 'default', audit })
    })
  goBack(copy)
  // In the same turn: nobody has looked at the database since.
  await expect(append()).rejects.toMatchObject({ name: 'StoreUnavailableError', reason: 'history' })
  await vi.waitFor(async () => expect(await epochOf()).not.toBe(before), within)
  await append()
  const { data } = (await server.get('/v1/audit?action=x')) as { data: readonly unknown[] }
  expect(data).toHaveLength(1)
})

it.each([
  ['one flipped byte in the first frame of the write-ahead log', 'flipped'],
  ['the file without its write-ahead log', 'missing'],
] as const)('after a crash, %s is found out at the next start, before the first request', async (_, log) => {
  const { revoke } = await prepare()
  // The log begins anew here: what is in it afterwards is lost with it.
  checkpoint()
  const before = await epochOf()
  await revoke()
  const crashed = [fixture.file, `${fixture.file}-wal`].map((file) => [file, readFileSync(file)] as const)
  await server.stop()
  for (const suffix of ['', '-wal', '-shm']) rmSync(fixture.file + suffix, { force: true })
  for (const [file, bytes] of crashed) {
    const isLog = file.endsWith('-wal')
    if (isLog && log === 'missing') continue
    // Behind the header of the log and the one of its first frame.
    if (isLog) bytes[32 + 24 + 100] = (bytes[32 + 24 + 100] as number) ^ 1
    writeFileSync(file, bytes)
  }
  server = await fixture.start()
  expect(await epochOf()).not.toBe(before)
  expect(server.logged.some(({ message }) => message.includes('went back'))).toBe(true)
})

/** Everything in the log goes into the file, and the log begins anew. */
function checkpoint(): void {
  using database = new DatabaseSync(fixture.file, { timeout: 10_000 })
  database.exec('pragma wal_checkpoint(truncate)')
}

it('a JWT of ours that is from a later place than the database’s proves it as well', async () => {
  const { ids } = await prepare()
  const copy = join(fixture.directory, 'copy.db')
  await fixture.backup(copy)
  await server.post('/v1/clients', { name: 'lost', type: 'service', access: [] })
  await server.post(`/v1/clients/${ids.client_id}/secrets`, { graceSeconds: 0 }).catch(() => {})
  await server.post('/v1/apis', { audience: 'https://lost.example', name: 'L', scopes: [] })
  const fresh = await server.post('/v1/clients', {
    name: 'f',
    type: 'service',
    access: [{ audience, scope: 'orders:read' }],
  })
  const credentials = { client_id: fresh.clientId as string, client_secret: fresh.clientSecret as string }
  const { access_token } = await server.form('/oauth/token', { grant_type: 'client_credentials', ...credentials })
  const before = await epochOf()
  await server.stop()
  fixture.replaceBy(copy)
  rmSync(`${fixture.file}-place`)
  server = await fixture.start()
  expect(await epochOf()).toBe(before)
  await server.post('/v1/verify', { credential: access_token, audience })
  await vi.waitFor(async () => expect(await epochOf()).not.toBe(before), within)
})

it('without a rollback no epoch begins: under load, over restarts and with a second server that lags', async () => {
  await prepare()
  const sdk = await connectVerifier()
  const before = await epochOf()
  const second = await openInstallation({
    database: fixture.database,
    baseUrl: fixture.issuer,
    version: '0.0.0',
    log: silentLog,
  })
  for (let round = 0; round < 3; round++) {
    const writing = Array.from({ length: 60 }, (_, index) =>
      index % 2 === 0
        ? server.post('/v1/clients', { name: `c${index}`, type: 'service', access: [] })
        : second.services.store.write(async (transaction) =>
            transaction.append({
              tenant: 'default',
              audit: { actor: { kind: 'system' }, action: 'x', objectType: 'x', objectId: 'x', requestId: 'x' },
              objects: () => [
                {
                  type: 'public_key',
                  id: `client_none r${round} k${index}`,
                  version: 1,
                  state: { status: 'revoked' },
                  dropAt: 4_000_000_000,
                },
              ],
            }),
          ),
    )
    await Promise.all(writing)
    await server.stop()
    server = await fixture.start()
    await wait(50)
  }
  expect(await epochOf()).toBe(before)
  await vi.waitFor(async () => expect(await sdk.codeOf('nonsense')).toBe('malformed'), within)
  expect(await second.services.store.feed.epoch()).toBe(before)
  await second.close()
})

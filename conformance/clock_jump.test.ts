/**
 * Servers whose wall clock jumps, as Debian's libfaketime makes it: only the wall clock, which is the one that somebody can
 * set. A round of clean-up runs every minute and at SIGTERM; the short form uses the second, the long form waits for both.
 */
import { randomBytes } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, afterEach, expect, inject, test } from 'vitest'
import { startPostgres } from '../packages/store/src/conformance/postgres_server.ts'
import { call, form, type Json, type Product, text } from './product.fixture.ts'
import { killServing, type Serving, startServing } from './serving.fixture.ts'

const audience = 'https://api.example'
const issuer = 'http://localhost:4800'
const directory = mkdtempSync(join(tmpdir(), 'countersign-clock-'))
const library = findLibrary()
const waitsForRounds = inject('isFull')

/** In the folder of the machine's architecture; '' where Debian's package is not installed. */
function findLibrary(): string {
  const folders = existsSync('/usr/lib') ? readdirSync('/usr/lib') : []
  const files = folders.map((folder) => `/usr/lib/${folder}/faketime/libfaketimeMT.so.1`)
  return files.find((file) => existsSync(file)) ?? ''
}

afterEach(killServing)
afterAll(() => rmSync(directory, { recursive: true, force: true }))

/** A clock that the test sets while the server runs. */
function createWallClock() {
  const file = join(directory, randomBytes(4).toString('hex'))
  const set = (offset: string): void => writeFileSync(file, `${offset}\n`)
  set('+0')
  const environment = {
    LD_PRELOAD: library,
    FAKETIME_TIMESTAMP_FILE: file,
    FAKETIME_NO_CACHE: '1',
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
  }
  return { set, environment }
}

interface Held {
  readonly token: string
  readonly ofRevokedClient: string
}

/** A JWT that was revoked, and one of another client that was revoked whole. */
async function revokeSome(product: Product): Promise<Held> {
  const access = [{ audience, scope: 'orders:read' }]
  await call(product, 'POST', '/v1/apis', { audience, name: 'orders', scopes: [{ name: 'orders:read' }] })
  const make = async () => {
    const { body } = await call(product, 'POST', '/v1/clients', { name: 'c', type: 'service', access })
    const credentials = { client_id: text(body.clientId), client_secret: text(body.clientSecret) }
    const issued = await form(product, '/oauth/token', { grant_type: 'client_credentials', ...credentials })
    return { credentials, token: text(issued.body.access_token) }
  }
  const [one, other] = [await make(), await make()]
  expect((await form(product, '/oauth/revoke', { token: one.token, ...one.credentials })).status).toBe(200)
  expect((await call(product, 'POST', `/v1/clients/${other.credentials.client_id}/revoke`)).status).toBe(200)
  return { token: one.token, ofRevokedClient: other.token }
}

async function expectRevoked({ product }: Serving, { token, ofRevokedClient }: Held): Promise<void> {
  for (const credential of [token, ofRevokedClient]) {
    const verified = (await call(product, 'POST', '/v1/verify', { credential, audience })).body as Json
    expect(verified).toMatchObject({ active: false, code: 'revoked' })
  }
}

test.skipIf(library === '' && process.env.CI === undefined)(
  'a clock two hours ahead for more than a minute brings no revocation back: not while it is ahead, nor after, nor restarted',
  async () => {
    const database = `sqlite:${join(directory, 'one.db')}`
    const masterKey = randomBytes(32).toString('base64url')
    const clock = createWallClock()
    const serve = (adminKey = '') =>
      startServing({ database, masterKey, audience, issuer, adminKey, environment: clock.environment })
    const first = await serve()
    const held = await revokeSome(first.product)
    clock.set('+2h')
    if (waitsForRounds) await wait(75_000)
    // Its tokens have ended by its clock; `revoked` comes before `expired`.
    await expectRevoked(first, held)
    expect(await first.stop()).toBe(0)
    const ahead = await serve(text(first.adminKey as never))
    await expectRevoked(ahead, held)
    clock.set('+0')
    await expectRevoked(ahead, held)
    if (waitsForRounds) await wait(65_000)
    expect(await ahead.stop()).toBe(0)
    const after = await serve(text(first.adminKey as never))
    await expectRevoked(after, held)
    expect(await after.stop()).toBe(0)
  },
  300_000,
)

test.skipIf(library === '' && process.env.CI === undefined)(
  'one of two servers on PostgreSQL with a wrong clock removes nothing for the other',
  async () => {
    const postgres = await startPostgres()
    const database = await postgres.create()
    try {
      const masterKey = randomBytes(32).toString('base64url')
      const clock = createWallClock()
      const serve = (adminKey = '', environment = {}) =>
        startServing({ database: database.url, masterKey, audience, issuer, adminKey, environment })
      const right = await serve()
      const admin = text(right.adminKey as never)
      const held = await revokeSome(right.product)
      const wrong = await serve(admin, clock.environment)
      clock.set('+2h')
      if (waitsForRounds) await wait(125_000)
      await expectRevoked(right, held)
      expect(await wrong.stop()).toBe(0)
      await expectRevoked(right, held)
      expect(await right.stop()).toBe(0)
      const [{ count } = { count: 0 }] = await database.query(
        "select count(*) as count from status_entries where type = 'token' and is_revoked = 1",
      )
      expect(Number(count)).toBe(1)
      clock.set('-2h')
      const behind = await serve(admin, clock.environment)
      await expectRevoked(behind, held)
      expect(await behind.stop()).toBe(0)
    } finally {
      await database.drop()
      await postgres.stop()
    }
  },
  400_000,
)

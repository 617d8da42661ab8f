/** The production server on PostgreSQL, as an operator starts it: configured by environment, the admin key shown once. */
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type PostgresServer, startPostgres } from '../packages/store/src/conformance/postgres_server.ts'
import type { TestDatabase } from '../packages/store/src/conformance/test_database.ts'
import { call, form, type Json, type Product, text } from './product.fixture.ts'
import { killServing, type Serving, startServing } from './serving.fixture.ts'

const audience = 'https://api.example'
/** One installation has one public URL, however many processes stand behind it. */
const issuer = 'http://localhost:4800'
let postgres: PostgresServer
let database: TestDatabase
const masterKey = randomBytes(32).toString('base64url')

beforeAll(async () => {
  postgres = await startPostgres()
  database = await postgres.create()
})

afterAll(async () => {
  killServing()
  await database?.drop()
  await postgres?.stop()
})

const serve = (adminKey = ''): Promise<Serving> =>
  startServing({ database: database.url, masterKey, audience, issuer, adminKey })

function verify(product: Product, credential: string): Promise<Json> {
  return call(product, 'POST', '/v1/verify', { credential, audience }).then(({ body }) => body)
}

test('keys, tokens and revocations hold on PostgreSQL, across a restart, and for a second server beside the first', async () => {
  const first = await serve()
  const { product } = first
  const admin = text(first.adminKey as never)
  await call(product, 'POST', '/v1/apis', { audience, name: 'orders', scopes: [{ name: 'orders:read' }] })
  const client = await call(product, 'POST', '/v1/clients', {
    name: 'c',
    type: 'service',
    access: [{ audience, scope: 'orders:read' }],
  })
  const clientId = text(client.body.clientId)
  const key = await call(product, 'POST', '/v1/keys', { clientId, audience, scope: 'orders:read', name: 'k' })
  const credentials = { client_id: clientId, client_secret: text(client.body.clientSecret) }
  const token = await form(product, '/oauth/token', { grant_type: 'client_credentials', ...credentials })
  const held = [text(key.body.key), text(token.body.access_token)]
  for (const credential of held)
    expect(await verify(product, credential)).toMatchObject({ active: true, grant: { scope: 'orders:read' } })

  const second = await serve(admin)
  expect(second.adminKey).toBeNull()
  expect(await verify(second.product, held[0] as string)).toMatchObject({ active: true })
  expect((await call(second.product, 'POST', `/v1/keys/${text(key.body.id)}/revoke`)).status).toBe(200)
  expect(await verify(second.product, held[0] as string)).toMatchObject({ active: false, code: 'revoked' })
  // The other process finds it by asking the database; its own bound is 10 seconds, its question comes twice a second.
  const beganAt = performance.now()
  while ((await verify(product, held[0] as string)).active !== (false as never))
    expect(performance.now() - beganAt).toBeLessThan(2_000)

  expect((await form(product, '/oauth/revoke', { token: held[1] as string, ...credentials })).status).toBe(200)
  expect(await first.stop()).toBe(0)
  expect(await second.stop()).toBe(0)
  const third = await serve(admin)
  for (const credential of held) expect(await verify(third.product, credential)).toMatchObject({ active: false })
  expect((await call(third.product, 'GET', '/readyz')).status).toBe(200)
  expect(await third.stop()).toBe(0)
}, 60_000)

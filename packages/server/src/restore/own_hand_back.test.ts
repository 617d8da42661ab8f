import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { startWorld, type World } from '../server.fixture.ts'

let world: World
/** From now on the store refuses to write. */
let isDown: boolean
beforeEach(async () => {
  isDown = false
  world = await startWorld({ fails: (call) => isDown && call === 'write' })
})
afterEach(() => world.close())

/** The database as a standby has it that never received a revocation: of the key, and of a JWT without a row. */
async function forget(keyId: string): Promise<void> {
  const database = new DatabaseSync(world.file)
  database.prepare("update keys set status = 'active' where id = ?").run(keyId)
  database.exec('delete from status_entries where is_revoked = 1')
  database.close()
  await world.store.startEpoch(0)
}

const statusOf = async (id: string) => (await world.store.read.keys.find('default', id))?.status
const within = { timeout: 10_000, interval: 20 }

async function revokeBoth() {
  const key = await world.key()
  const jwt = (await world.token()).body.access_token
  await world.ok('POST', `/v1/keys/${key.id}/revoke`)
  const client = { client_id: world.clientId, client_secret: world.clientSecret }
  expect((await world.form('/oauth/revoke', { token: jwt, ...client })).status).toBe(200)
  return { key, jwt }
}

it('what a server’s own books knew when the database began another epoch goes back into the database', async () => {
  const { key, jwt } = await revokeBoth()
  await forget(key.id)
  expect(await statusOf(key.id)).toBe('active')
  await world.server.services.books.poll()
  await vi.waitFor(async () => expect(await statusOf(key.id)).toBe('revoked'), within)
  const { books } = world.server.services
  await vi.waitFor(() => expect(books.owing()).toEqual([]), within)
  const { data } = await world.ok('GET', '/v1/audit?action=revocation.hand_back')
  expect(data.map(({ actor, objectType }) => [actor, objectType]).sort()).toEqual([
    [{ kind: 'system' }, 'key'],
    [{ kind: 'system' }, 'token'],
  ])
  expect((await world.store.verifyAudit('default')).brokenAt).toBeUndefined()
  // Another process, which knew nothing, learns of it.
  const second = await world.second()
  const asked = (credential: string) =>
    world.call('POST', '/v1/verify', { server: second, body: { credential, audience: 'https://orders.test' } })
  expect((await asked(key.key)).body.code).toBe('revoked')
  expect((await asked(jwt)).body.code).toBe('revoked')
})

it('is tried again when the database does not take it, and meanwhile the server refuses what it knew', async () => {
  const { key, jwt } = await revokeBoth()
  await forget(key.id)
  isDown = true
  await world.server.services.books.poll()
  await vi.waitFor(() => expect(world.logged.map(({ message }) => message).join()).toContain('handed back'), within)
  expect((await world.verify(jwt)).code).toBe('revoked')
  isDown = false
  await vi.waitFor(async () => expect(await statusOf(key.id)).toBe('revoked'), within)
})

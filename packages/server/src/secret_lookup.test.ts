import { randomBytes } from 'node:crypto'
import { keyChecksum, randomBase62 } from '@countersign/core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { audience, startWorld, type World } from './server.fixture.ts'
import type { Reply } from './wire.fixture.ts'

const opaqueAudience = 'https://opaque.test'
let world: World
let calls: string[] = []
beforeAll(async () => {
  world = await startWorld({
    fails: (call) => {
      // The books poll the head of the log by themselves, at moments that no request chooses.
      if (call !== 'feed.head') calls.push(call)
      return false
    },
  })
  const scopes = [{ name: 'orders:read' }]
  await world.ok('POST', '/v1/apis', { audience: opaqueAudience, name: 'Opaque', tokenFormat: 'opaque', scopes })
})
afterAll(() => world.close())

/** `<prefix>_<marker>_<id>_<secret><checksum>`, whose checksum is right again: nothing is refused for its shape. */
function forge(text: string, change: (secret: string) => string, id?: string): string {
  const [prefix, marker, itsId, rest = ''] = text.split('_')
  const body = `${prefix}_${marker}_${id ?? itsId}_${change(rest.slice(0, 32))}`
  return body + keyChecksum(body)
}

const other = (character: string | undefined): string => (character === 'x' ? 'y' : 'x')

/** From nothing right to all but one character right: where comparing text would take longer and longer. */
const forgeries: Readonly<Record<string, (text: string) => string>> = {
  'nothing right': (text) => forge(text, () => randomBase62(32, randomBytes), randomBase62(12, randomBytes)),
  'the id right, the secret another': (text) => forge(text, () => randomBase62(32, randomBytes)),
  'the id right, the first half of the secret right': (text) =>
    forge(text, (secret) => secret.slice(0, 16) + randomBase62(16, randomBytes)),
  'all but the first character right': (text) => forge(text, (secret) => other(secret[0]) + secret.slice(1)),
  'all but the last character right': (text) => forge(text, (secret) => secret.slice(0, -1) + other(secret[31])),
  'the secret right, the id another': (text) => forge(text, (secret) => secret, randomBase62(12, randomBytes)),
}

interface Door {
  readonly text: string
  /** From an address of its own each time: attempts are counted by address. */
  present(text: string, peer: string): Promise<Reply>
}

const doors: Readonly<Record<string, () => Promise<Door>>> = {
  async 'a client secret in the form'() {
    const { clientId, clientSecret } = await world.client()
    const form = { grant_type: 'client_credentials', client_id: clientId }
    return {
      text: clientSecret,
      present: (text, peer) => world.form('/oauth/token', { ...form, client_secret: text }, { peer }),
    }
  },
  async 'a client secret as Basic'() {
    const { clientId, clientSecret } = await world.client()
    const basic = (text: string): string => `Basic ${Buffer.from(`${clientId}:${text}`).toString('base64')}`
    return {
      text: clientSecret,
      present: (text, peer) =>
        world.form('/oauth/introspect', { token: 'x' }, { peer, headers: [['Authorization', basic(text)]] }),
    }
  },
  async 'an API key that is verified'() {
    const { key } = await world.key()
    const body = (credential: string) => ({ credential, audience })
    return { text: key, present: (text, peer) => world.call('POST', '/v1/verify', { body: body(text), peer }) }
  },
  async 'an opaque token that is introspected'() {
    const owner = await world.client({ access: [{ audience: opaqueAudience, scope: 'orders:read' }] })
    const own = { client_id: owner.clientId, client_secret: owner.clientSecret }
    const { access_token: text } = (await world.token(own)).body
    return { text, present: (token, peer) => world.form('/oauth/introspect', { token, ...own }, { peer }) }
  },
  async 'a key that is revoked by presenting it'() {
    const owner = await world.client()
    const own = { client_id: owner.clientId, client_secret: owner.clientSecret }
    const { key } = await world.key({ clientId: owner.clientId })
    return { text: key, present: (token, peer) => world.form('/oauth/revoke', { token, ...own }, { peer }) }
  },
  async 'a management key as Bearer'() {
    const { key } = await world.caller('keys:read')
    return { text: key, present: (text, peer) => world.call('GET', '/v1/keys', { as: text, peer }) }
  },
}

/** All that a caller can see, and all that the server did for it, save what names this one request. */
async function observe(door: Door, text: string, peer: string): Promise<object> {
  calls = []
  const { status, headers, text: answer } = await door.present(text, peer)
  const { 'X-Request-Id': _, ...rest } = headers
  return { status, headers: rest, text: answer.replaceAll(/req_\w+/g, ''), calls }
}

describe('OpenFGA #3168: a secret is looked up by its digest and compared with nothing', () => {
  it.each(Object.entries(doors))('%s', async (_, open) => {
    const door = await open()
    // The asker’s own key is looked up once, too, and then known.
    await door.present('nonsense', '192.0.2.99')
    const seen = []
    let address = 0
    for (const make of Object.values(forgeries)) seen.push(await observe(door, make(door.text), `192.0.2.${++address}`))
    // However much of it is right: the same calls on the store, the same bytes.
    for (const [index, name] of Object.keys(forgeries).entries()) expect(seen[index], name).toEqual(seen[0])
    expect(seen[0]).toMatchObject({ calls: expect.arrayContaining([expect.stringMatching(/lookup|[Dd]igest/)]) })
    expect(await observe(door, door.text, '192.0.2.100')).not.toEqual(seen[0])
  })

  it('the database holds no secret that could be compared: only digests', () => {
    expect(world.bytes()).not.toContain(world.clientSecret)
    expect(world.bytes()).not.toContain(world.clientSecret.split('_')[3])
  })
})

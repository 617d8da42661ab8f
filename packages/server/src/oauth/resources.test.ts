/** An API by its further names: every grant takes each, and the token is for the audience. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { answerOf, asking, codeFlow, codeFor, open } from '../people/code_flow.fixture.ts'
import { startWorld, type World } from '../server.fixture.ts'
import { signIn } from '../sign_in.fixture.ts'
import type { Wire } from '../wire.fixture.ts'

let world: World
let api: Wire
const audience = 'https://api.resources.test'
const resources = ['https://gateway.resources.test', 'https://gateway.resources.test/v2', 'urn:resources']
/** Each is one of the API's names; a name without a path is also the one with `/`. */
const names = [audience, `${audience}/`, ...resources, 'https://gateway.resources.test/']
const scope = 'orders:read'

beforeAll(async () => {
  world = await startWorld()
  const scopes = [{ name: scope }]
  api = await world.ok('POST', '/v1/apis', { audience, name: 'An API', scopes, accountScope: scope, resources })
})
afterAll(() => world.close())

const flow = codeFlow(() => world)
const secondAudience = 'https://second.resources.test'
/** A client with two APIs, so that one must be named. */
async function client(more: object = {}): Promise<Wire> {
  const second = { audience: secondAudience, name: 'Second', scopes: [{ name: scope }], accountScope: scope }
  await world.call('POST', '/v1/apis', { body: second })
  const access = [
    { audience, scope },
    { audience: secondAudience, scope },
  ]
  return flow.webClient({ access, offlineAccess: true, ...more })
}
const asClient = ({ clientId, clientSecret }: Wire) => ({ client_id: clientId, client_secret: clientSecret })
const audienceOf = (token: unknown): unknown =>
  JSON.parse(Buffer.from(String(token).split('.')[1] ?? '', 'base64url').toString()).aud

describe.each(['resource', 'audience'])('as %s', (parameter) => {
  it('each name is taken for client credentials, and aud stays the audience', async () => {
    const owner = asClient(await client())
    for (const name of names) {
      const { body, text } = await world.token({ ...owner, [parameter]: name })
      expect(audienceOf(body.access_token), text).toBe(audience)
      expect(await world.verify(body.access_token, { audience })).toMatchObject({ active: true })
    }
  })

  it('each name is taken for an exchange', async () => {
    const made = await client()
    const key = await world.key({ clientId: made.clientId, audience, scope })
    for (const name of names) {
      const { body, text } = await world.exchange(key.key, { ...asClient(made), [parameter]: name })
      expect(audienceOf(body.access_token), text).toBe(audience)
    }
    const reply = await world.exchange(key.key, { ...asClient(made), [parameter]: secondAudience })
    expect(reply.body.error).toBe('invalid_target')
  })

  it('each name is taken in an authorization request, with its code and with a refresh token', async () => {
    const made = await client()
    const browser = await signIn(world, (await flow.account()).id)
    const asked = { scope: `${scope} offline_access` }
    for (const [index, name] of names.entries()) {
      const other = { [parameter]: names[(index + 1) % names.length] }
      const code = await codeFor(browser, made, { ...asked, [parameter]: name })
      expect((await flow.redeem(made, code, { [parameter]: secondAudience })).body.error).toBe('invalid_target')
      const { body, text } = await flow.redeem(made, code, other)
      expect(audienceOf(body.access_token), text).toBe(audience)
      expect((await flow.refresh(made, body.refresh_token, { [parameter]: 'urn:other' })).body.error).toBe(
        'invalid_target',
      )
      const next = await flow.refresh(made, body.refresh_token, other)
      expect(audienceOf(next.body.access_token), next.text).toBe(audience)
    }
  })
})

it('audience and resource may name one API by two of its names, and no two APIs', async () => {
  const owner = asClient(await client())
  expect((await world.token({ ...owner, audience, resource: 'urn:resources' })).status).toBe(200)
  for (const other of [secondAudience, 'urn:nobody'])
    expect((await world.token({ ...owner, audience, resource: other })).body.error).toBe('invalid_target')
})

it('is compared by bytes but for the path /, and only for a client with access', async () => {
  const made = await client()
  for (const resource of [
    ...['https://GATEWAY.resources.test', 'https://gateway.resources.test:443', 'https://gateway.resources.test//'],
    ...['https://gateway.resources.test/v2/', 'https://gateway.resources.test/V2', 'urn:resources/'],
  ])
    expect((await world.token({ ...asClient(made), resource })).body.error, resource).toBe('invalid_target')
  const stranger = await client({ access: [{ audience: secondAudience, scope }] })
  expect((await world.token({ ...asClient(stranger), resource: 'urn:resources' })).body.error).toBe('invalid_target')
  const browser = await signIn(world, (await flow.account()).id)
  const refused = await open(browser, asking(stranger, { resource: 'urn:resources' }))
  expect(answerOf(refused).error).toBe('invalid_target')
})

it('a name that is taken away is refused at once, and may be another API’s', async () => {
  const owner = asClient(await client())
  const ask = async () => (await world.token({ ...owner, resource: 'https://gateway.resources.test/v2' })).body
  expect((await ask()).access_token).toBeDefined()
  await world.ok('PATCH', `/v1/apis/${api.id}`, { resources: [] })
  expect((await ask()).error).toBe('invalid_target')
  const { data } = await world.ok('GET', '/v1/apis?limit=100')
  const second = data.find((each) => each.audience === secondAudience)
  await world.ok('PATCH', `/v1/apis/${second?.id}`, { resources: ['https://gateway.resources.test/v2'] })
  expect(audienceOf((await ask()).access_token)).toBe(secondAudience)
})

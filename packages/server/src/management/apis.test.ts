import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { baseUrl, startWorld, type World } from '../server.fixture.ts'

let world: World
beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world.close())

let count = 0
const newApi = (more: object = {}) =>
  world.ok('POST', '/v1/apis', { audience: `https://api-${++count}.test`, name: 'An API', ...more })

describe('create', () => {
  it('an audience is one API’s, whole and exact; a URI under our own is nobody’s', async () => {
    const { audience } = await newApi()
    const refused = async (text: string) =>
      (await world.call('POST', '/v1/apis', { body: { audience: text, name: 'x' } })).status
    expect(await refused(audience as string)).toBe(409)
    for (const text of [
      baseUrl,
      `${baseUrl}/`,
      `${baseUrl}/v1`,
      `${baseUrl}/t/acme/v1`,
      `${baseUrl}?x`,
      `${baseUrl.toUpperCase()}/x`,
      `${baseUrl.replace('localhost', 'LOCALHOST')}/x`,
      `${baseUrl}/../x`,
      `${baseUrl.replace('localhost', 'localhost.')}/x`,
      'https://orders.test.',
      'https://orders.test.:8443/v1',
      'https://user@orders.test%2e/v1',
      'https://orders.test..',
      'urn:countersign:upstream:x',
      'URN:Countersign:upstream',
      'no-uri',
      'https://a.test/#fragment',
      '',
    ]) {
      expect(await refused(text), text).toBe(400)
    }
    for (const text of [`${baseUrl}0/x`, 'https://api.test/localhost:4800', 'urn:countersign:dev:demo']) {
      expect(await refused(text), text).toBe(201)
    }
  })

  it('a default life above the longest is 400', async () => {
    const body = { audience: 'https://ttl.test', name: 'x', tokenTtlSeconds: 100, tokenTtlSecondsMax: 99 }
    expect(await world.call('POST', '/v1/apis', { body })).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: '/tokenTtlSeconds' }] },
    })
  })
})

describe('change and delete', () => {
  it('a disabled API refuses all credentials for it, and gives them back', async () => {
    const api = await newApi()
    const audience = api.audience as string
    const { clientId } = await world.client({ access: [{ audience, scope: 'a' }] })
    const { key } = await world.key({ clientId, audience, scope: 'a' })
    await world.ok('PATCH', `/v1/apis/${api.id}`, { status: 'disabled' })
    expect((await world.verify(key, { audience })).code).toBe('disabled')
    await world.ok('PATCH', `/v1/apis/${api.id}`, { status: 'active' })
    expect((await world.verify(key, { audience })).active).toBe(true)
    await world.ok('DELETE', `/v1/apis/${api.id}`)
    expect((await world.verify(key, { audience })).active).toBe(false)
    expect((await world.call('GET', `/v1/apis/${api.id}`)).status).toBe(404)
  })

  it('the built-in API can be neither deleted nor disabled nor given another form', async () => {
    const path = '/v1/apis/api_management'
    const before = world.dump()
    expect((await world.call('DELETE', path)).status).toBe(409)
    for (const body of [{ status: 'disabled' }, { scopes: [] }, { tokenFormat: 'opaque' }]) {
      expect((await world.call('PATCH', path, { body })).status).toBe(409)
    }
    expect(world.dump()).toBe(before)
  })
})

describe('OpenAPI import', () => {
  const document = (paths: object) => JSON.stringify({ openapi: '3.1.0', info: { title: 'x', version: '1' }, paths })
  const get = (...scopes: string[]) => ({ get: { security: [{ k: scopes }], responses: {} } })
  const importInto = (id: string, raw: string, query = '', type = 'application/json') =>
    world.call('POST', `/v1/apis/${id}/openapi${query}`, { raw, headers: [['Content-Type', type]] })

  it('names the operations, registers the scopes, and says what changed and what became public', async () => {
    const api = await newApi()
    const first = await importInto(api.id, document({ '/a': get('a:read'), '/b': get('b:read') }))
    expect(first.body).toMatchObject({
      added: expect.any(Array),
      operations: [{ path: '/a', requires: [['a:read']] }, {}],
    })
    expect(first.body.added).toHaveLength(2)
    expect((await world.ok('GET', `/v1/apis/${api.id}`)).scopes).toMatchObject([{ name: 'a:read' }, { name: 'b:read' }])
    const second = await importInto(api.id, document({ '/a': { get: { security: [], responses: {} } } }))
    expect(second.body).toMatchObject({ removed: [{ path: '/b' }], becamePublic: [{ path: '/a' }] })
  })

  it('a dry run changes nothing', async () => {
    const api = await newApi()
    const before = world.dump()
    expect((await importInto(api.id, document({ '/a': get('a:read') }), '?dryRun=true')).body.added).toHaveLength(1)
    expect(world.dump()).toBe(before)
  })

  it('YAML and Swagger 2.0 are read as well; what is none of them is 400', async () => {
    const api = await newApi()
    const yaml = 'openapi: 3.0.3\ninfo: {title: x, version: "1"}\npaths:\n  /a:\n    get: {responses: {}}\n'
    expect((await importInto(api.id, yaml, '', 'application/yaml')).status).toBe(200)
    const swagger = JSON.stringify({ swagger: '2.0', info: { title: 'x', version: '1' }, paths: {} })
    expect((await importInto(api.id, swagger)).status).toBe(200)
    for (const text of ['', '{', '[]', 'x: [', '{"openapi":"9.0.0"}', '\u0000']) {
      const reply = await importInto(api.id, text)
      expect(reply.status, text).toBe(400)
    }
    const bomb = `a: &a [x,x]\n${Array.from({ length: 30 }, (_, i) => `b${i}: &b${i} [*${i === 0 ? 'a' : `b${i - 1}`},*${i === 0 ? 'a' : `b${i - 1}`}]`).join('\n')}`
    expect((await importInto(api.id, bomb, '', 'application/yaml')).status).toBe(400)
  })

  it('our own document is one, and can be imported', async () => {
    const api = await newApi()
    const { text } = await world.call('GET', '/openapi.json', { as: null })
    const reply = await importInto(api.id, text)
    expect(reply.status).toBe(200)
    expect((reply.body.operations as unknown[]).length).toBeGreaterThan(30)
  })
})

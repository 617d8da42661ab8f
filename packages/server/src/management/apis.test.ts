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
    for (const body of [
      { status: 'disabled' },
      { scopes: [] },
      { tokenFormat: 'opaque' },
      { credentialHeaders: ['X'] },
      { selfServiceScope: '' },
      { onRequestScope: '' },
      { callUrl: 'https://orders.example' },
      { resources: [] },
    ]) {
      expect((await world.call('PATCH', path, { body })).status).toBe(409)
    }
    expect(world.dump()).toBe(before)
  })
})

const scopeNames = ['accountScope', 'selfServiceScope', 'onRequestScope'] as const
describe.each(scopeNames)('%s', (name) => {
  const scopes = [{ name: 'a:read' }, { name: 'a:write' }]

  it('is nothing until it is set, in any form, and is in the audit log', async () => {
    const plain = await newApi({ scopes })
    expect(plain[name]).toBe('')
    const path = `/v1/apis/${plain.id}`
    expect((await world.ok('PATCH', path, { [name]: { a: { actions: ['read'] } } }))[name]).toBe('a:read')
    expect((await world.ok('PATCH', path, { name: 'Other' }))[name]).toBe('a:read')
    expect((await newApi({ scopes, [name]: ['a:read', 'a:write'] }))[name]).toBe('a:read a:write')
    const { data } = await world.ok('GET', `/v1/audit?objectId=${plain.id}&action=api.update`)
    expect(data[1]).toMatchObject({ before: { [name]: '' }, after: { [name]: 'a:read' } })
  })

  it('has only scopes that the API has, none that it had, and those that the same change adds', async () => {
    const api = await newApi({ scopes })
    const path = `/v1/apis/${api.id}`
    const pointers = async (body: object) =>
      (await world.call('PATCH', path, { body })).body.errors?.map(({ pointer }) => pointer)
    expect(await pointers({ [name]: 'a:raed' })).toEqual([`/${name}`])
    await world.ok('PATCH', path, { scopes: [] })
    expect(await pointers({ [name]: 'a:read' })).toEqual([`/${name}`])
    expect((await world.ok('PATCH', path, { scopes, [name]: 'a:read' }))[name]).toBe('a:read')
  })
})

describe('callUrl', () => {
  it('is a place without user, query and fragment, and null ends it', async () => {
    const callUrl = 'http://10.0.0.7:8080/orders'
    const api = await newApi({ callUrl })
    const path = `/v1/apis/${api.id}`
    expect([api.callUrl, (await newApi()).callUrl]).toEqual([callUrl, null])
    const before = world.dump()
    for (const text of [
      'https://me@a.test',
      'https://a.test?x',
      'https://a.test/#',
      'ftp://a.test',
      'a.test',
      'https://',
    ])
      expect((await world.call('PATCH', path, { body: { callUrl: text } })).body.errors, text).toMatchObject([
        { pointer: '/callUrl' },
      ])
    expect(world.dump()).toBe(before)
    expect((await world.ok('PATCH', path, { name: 'Other' })).callUrl).toBe(callUrl)
    expect((await world.ok('PATCH', path, { callUrl: null })).callUrl).toBeNull()
  })
})

describe('resources', () => {
  it('are names of one API in the tenant, over audiences too, with or without the path /', async () => {
    const [one, other] = [`https://a${++count}.test`, `https://b${count}.test`]
    const api = await newApi({ resources: [`${one}/`, 'urn:a'] })
    expect([api.resources, (await newApi()).resources]).toEqual([[`${one}/`, 'urn:a'], []])
    const before = world.dump()
    for (const body of [{ resources: [one] }, { resources: [api.audience] }, { resources: [`${api.audience}/`] }]) {
      const reply = await world.call('POST', '/v1/apis', { body: { audience: other, name: 'x', ...body } })
      expect([reply.status, reply.body.detail]).toEqual([409, 'The resource is already taken.'])
    }
    const asAudience = await world.call('POST', '/v1/apis', { body: { audience: 'urn:a', name: 'x' } })
    expect(asAudience.status).toBe(409)
    expect(world.dump()).toBe(before)
    await world.ok('PATCH', `/v1/apis/${api.id}`, { resources: [] })
    await newApi({ audience: other, resources: [one, 'urn:a'] })
    const back = await world.call('PATCH', `/v1/apis/${api.id}`, { body: { resources: ['urn:a'] } })
    expect(back.status).toBe(409)
  })

  it('may not be a place of ours, nor come twice, nor be the audience', async () => {
    const api = await newApi()
    for (const resources of [
      [`${baseUrl}/v1`],
      ['urn:countersign:upstream:x'],
      ['https://orders.test./'],
      ['https://c.test', 'https://c.test/'],
      [api.audience],
      [`${api.audience}/`],
      ['no-uri'],
      ['https://a.test/#x'],
      Array.from({ length: 17 }, (_, index) => `urn:many:${index}`),
    ]) {
      const { status, body } = await world.call('PATCH', `/v1/apis/${api.id}`, { body: { resources } })
      expect([status, body.errors?.[0]?.pointer.slice(0, 10)], String(resources)).toEqual([400, '/resources'])
    }
  })
})

describe('credentialHeaders', () => {
  it('are a member of the record, of its feed entry and of the audit log; one change replaces them', async () => {
    const api = await newApi({ credentialHeaders: ['X-Partner-Key', 'authorization'] })
    const path = `/v1/apis/${api.id}`
    const inFeed = () => world.server.services.books.book('default')?.state('api', api.id as string)?.credentialHeaders
    expect((await world.ok('GET', path)).credentialHeaders).toEqual(['X-Partner-Key', 'authorization'])
    expect(inFeed()).toEqual(['X-Partner-Key', 'authorization'])
    await world.ok('PATCH', path, { name: 'Another' })
    expect(inFeed()).toEqual(['X-Partner-Key', 'authorization'])
    expect((await world.ok('PATCH', path, { credentialHeaders: ['Token'] })).credentialHeaders).toEqual(['Token'])
    expect(inFeed()).toEqual(['Token'])
    await world.ok('PATCH', path, { credentialHeaders: [] })
    expect(inFeed()).toEqual([])
    const { data } = await world.ok('GET', `/v1/audit?objectId=${api.id}&action=api.update`)
    expect(data[1]).toMatchObject({
      before: { credentialHeaders: ['X-Partner-Key', 'authorization'] },
      after: { credentialHeaders: ['Token'] },
    })
  })

  it('are none for an API that names none, and absent in its entry, which a gateway’s document then fills', async () => {
    const api = await newApi()
    expect(api.credentialHeaders).toEqual([])
    expect(world.server.services.books.book('default')?.state('api', api.id as string)).not.toHaveProperty(
      'credentialHeaders',
    )
  })

  it.each<[string, unknown, string]>([
    ['five', ['A', 'B', 'C', 'D', 'E'], '/credentialHeaders'],
    ['no list', 'X-Partner-Key', '/credentialHeaders'],
    ['what is no text', [7], '/credentialHeaders/0'],
    ['an empty name', ['A', ''], '/credentialHeaders/1'],
    ['a name twice', ['A', 'a'], '/credentialHeaders/1'],
    ['a name in two spellings', ['X-A', 'X_A'], '/credentialHeaders/1'],
    ['a name that is none', ['A B'], '/credentialHeaders/0'],
    ['a name with a line in it', ['A\r\nB: c'], '/credentialHeaders/0'],
    ['a name of 65 characters', ['a'.repeat(65)], '/credentialHeaders/0'],
    ...[
      ...['Cookie', 'host', 'Origin', 'TE', 'Content-Type', 'Proxy-Authorization', 'X-Forwarded-For', 'X_Real_IP'],
      ...['X-Countersign-Client', 'Forwarded', 'Content.Length'],
    ].map((name): [string, unknown, string] => [name, [name], '/credentialHeaders/0']),
  ])('refuses %s, by POST and by PATCH, and changes nothing', async (_, credentialHeaders, pointer) => {
    const api = await newApi()
    const before = world.dump()
    const bodies = [
      ['POST', '/v1/apis', { audience: `https://refused-${++count}.test`, name: 'x', credentialHeaders }],
      ['PATCH', `/v1/apis/${api.id}`, { credentialHeaders }],
    ] as const
    for (const [method, path, body] of bodies) {
      expect(await world.call(method, path, { body })).toMatchObject({
        status: 400,
        body: { errors: expect.arrayContaining([expect.objectContaining({ pointer })]) },
      })
    }
    expect(world.dump()).toBe(before)
  })

  it('are proposed by an import, which sets none', async () => {
    const api = await newApi()
    const path = `/v1/apis/${api.id}`
    const document = {
      openapi: '3.1.0',
      info: { title: 'x', version: '1' },
      components: {
        securitySchemes: {
          partner: { type: 'apiKey', in: 'header', name: 'X-Partner-Key' },
          query: { type: 'apiKey', in: 'query', name: 'key' },
        },
      },
      paths: { '/a': { get: { security: [{ partner: [] }], responses: {} } } },
    }
    const read = await world.ok('POST', `${path}/openapi`, document)
    expect(read.credentialHeaders).toEqual(['X-Partner-Key'])
    expect(read.problems).toMatchObject([{ code: 'credential_place_ignored' }])
    expect((await world.ok('GET', path)).credentialHeaders).toEqual([])
  })

  it('are read by neither the management API nor the OAuth endpoints', async () => {
    await world.ok('PATCH', `/v1/apis/${world.apiId}`, { credentialHeaders: ['X-Partner-Key', 'Authorization'] })
    const headers = [['X-Partner-Key', world.admin]] as const
    for (const path of ['/v1/apis', '/v1/keys']) {
      expect((await world.call('GET', path, { as: null, headers })).status).toBe(401)
      expect((await world.call('GET', path, { as: null, headers: [['Authorization', world.admin]] })).status).toBe(400)
    }
    for (const path of ['/oauth/introspect', '/oauth/revoke']) {
      expect((await world.form(path, { token: world.admin }, { as: null, headers })).status).toBe(401)
    }
  })
})

describe('a scope that is taken from an API', () => {
  const named = (...names: string[]) => names.map((name) => ({ name, description: '' }))

  async function apiWithHolders() {
    const audience = `https://retired-${++count}.test`
    const api = await world.ok('POST', '/v1/apis', { audience, name: 'R', scopes: named('a', 'b', 'a%', 'a_') })
    const { clientId, clientSecret } = await world.client({ access: [{ audience, scope: 'a b' }] })
    const key = await world.key({ clientId, audience, scope: 'a b' })
    const owner = { client_id: clientId, client_secret: clientSecret, audience }
    const jwt: string = (await world.token(owner)).body.access_token
    const patch = (body: object) => world.call('PATCH', `/v1/apis/${api.id}`, { body })
    return { audience, api, clientId, key, owner, jwt, patch }
  }

  it('is refused with those who have it and their number, changes nothing, and says what it cannot count', async () => {
    const { clientId, key, patch } = await apiWithHolders()
    const before = world.dump()
    const reply = await patch({ scopes: named('a', 'a%', 'a_') })
    expect(reply).toMatchObject({ status: 409, body: { code: 'scope_in_use' } })
    expect(reply.body.detail).toMatch(
      /^2 clients, keys and listed tokens have b; JWTs that nothing lists are not counted/,
    )
    expect((reply.body.errors ?? []).map(({ pointer }: { pointer: string }) => pointer)).toEqual([
      `/clients/${clientId}`,
      `/keys/${key.id}`,
    ])
    expect(world.dump()).toBe(before)
    // A scope that only looks like theirs is nobody's.
    expect((await patch({ scopes: named('a', 'b') })).status).toBe(200)
  })

  it('forced, is worth nothing to whatever was issued before, and to whatever is issued now', async () => {
    const { audience, clientId, key, owner, jwt, patch } = await apiWithHolders()
    const sequence = (await world.store.feed.place('default')).sequence
    expect((await patch({ scopes: named('a'), force: true })).body).toMatchObject({ retiredScopes: ['a%', 'a_', 'b'] })
    expect((await world.store.feed.place('default')).sequence).toBe(sequence + 1)
    for (const text of [key.key, jwt]) {
      const refused = await world.verify(text, { audience, scope: 'b' })
      expect(refused).toMatchObject({ active: false, code: 'insufficient_scope' })
      expect((await world.verify(text, { audience, scope: 'a' })).grant.scope).toBe('a')
    }
    expect((await world.token(owner)).body.scope).toBe('a')
    expect((await world.token({ ...owner, scope: 'b' })).body.error).toBe('invalid_scope')
    for (const scope of ['b', 'a b']) {
      const body = { clientId, audience, scope, name: 'k', ttlSeconds: 60 }
      expect((await world.call('POST', '/v1/tokens', { body })).status).toBe(400)
    }
    const access = [{ audience, scope: 'b' }]
    expect((await world.call('PATCH', `/v1/clients/${clientId}`, { body: { access } })).status).toBe(400)
  })

  it('registered again, is given back to those who had it', async () => {
    const { audience, key, jwt, patch } = await apiWithHolders()
    await patch({ scopes: named('a'), force: true })
    expect((await patch({ scopes: named('a', 'b') })).body.retiredScopes).toEqual(['a%', 'a_'])
    for (const text of [key.key, jwt]) expect((await world.verify(text, { audience, scope: 'b' })).active).toBe(true)
  })

  it('by an import too, unless forced', async () => {
    const { api } = await apiWithHolders()
    const document = (scope: string) =>
      JSON.stringify({
        openapi: '3.1.0',
        info: { title: 'x', version: '1' },
        paths: { '/a': { get: { security: [{ k: [scope] }], responses: {} } } },
      })
    const path = `/v1/apis/${api.id}/openapi`
    const send = (scope: string, query = '') =>
      world.call('POST', path + query, { raw: document(scope), headers: [['Content-Type', 'application/json']] })
    expect((await send('c')).status).toBe(200)
    const { clientId } = await world.client({ access: [{ audience: api.audience, scope: 'c' }] })
    expect((await send('d')).body).toMatchObject({
      code: 'scope_in_use',
      errors: [{ pointer: `/clients/${clientId}` }],
    })
    expect((await send('d', '?dryRun=true')).status).toBe(200)
    expect((await send('d', '?force=true')).status).toBe(200)
    expect((await world.ok('GET', `/v1/apis/${api.id}`)).retiredScopes).toEqual(['c'])
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

it('an identity scope is no scope of an API, which could not tell the two apart', async () => {
  const named = (name: string) => ({ scopes: [{ name }] })
  const body = { audience: 'https://identity.test', name: 'I' }
  for (const name of ['openid', 'profile', 'email', 'offline_access'])
    expect((await world.call('POST', '/v1/apis', { body: { ...body, ...named(name) } })).body.code).toBe(
      'invalid_request',
    )
  const { id } = await world.ok('POST', '/v1/apis', body)
  expect((await world.call('PATCH', `/v1/apis/${id}`, { body: named('openid') })).body.code).toBe('invalid_request')
})

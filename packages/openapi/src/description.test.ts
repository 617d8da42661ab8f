import { describe, expect, test } from 'vitest'
import { OpenApiError, type Operation, permits, readDocument, readOperations } from './index.ts'

type Json = { [key: string]: unknown }

const ok = { responses: { 200: { description: 'ok' } } }
const guarded = (...scopes: string[]) => ({ ...ok, security: [{ any: scopes }] })
const open = { ...ok, security: [] }

function describeApi(parts: Json, options?: { basePath?: string }) {
  const document = { openapi: '3.1.0', info: { title: 'Orders', version: '1' }, ...parts }
  return readOperations(readDocument(JSON.stringify(document)), options)
}

function operationOf(operation: Json, parts: Json = {}): Operation {
  // A second operation names a scope, so that nothing is derived unless a test asks for it.
  const paths = { '/a': { get: { ...ok, ...operation } }, '/z': { get: guarded('named') } }
  return describeApi({ paths, ...parts }).operations[0]!
}

/** Parameters are described only where a test is about them. */
const codes = (description: { problems: readonly { code: string }[] }) =>
  description.problems.map(({ code }) => code).filter((code) => code !== 'parameter_undescribed')

function errorCode(read: () => unknown): string {
  try {
    read()
  } catch (error) {
    if (error instanceof OpenApiError) return error.code
    throw error
  }
  throw new Error('it was read')
}

describe('security is an OR of ANDs of scopes', () => {
  test.each<[string, unknown, readonly (readonly string[])[], boolean]>([
    ['an empty list is public', [], [], true],
    ['an empty alternative is public', [{}], [], true],
    ['an empty alternative beside others is public', [{ a: ['read'] }, {}], [], true],
    ['one scheme, two scopes: both', [{ a: ['read', 'write'] }], [['read', 'write']], false],
    ['two alternatives: one of them', [{ a: ['read'] }, { b: ['write'] }], [['read'], ['write']], false],
    ['two schemes in one alternative: all scopes of both', [{ a: ['read'], b: ['write'] }], [['read', 'write']], false],
    ['a scheme without scopes beside one with', [{ a: ['read'], key: [] }], [['read']], false],
    ['no scope at all: any active credential', [{ key: [] }], [[]], false],
    ['an alternative without scopes is dropped beside one with', [{ key: [] }, { a: ['read'] }], [['read']], false],
    ['the same said twice is said once', [{ a: ['x', 'y'] }, { b: ['y', 'x', 'x'] }], [['y', 'x']], false],
    ['a name that is no scope token: never', [{ a: ['two words'] }], [], false],
    ['… nor with a quote, a newline or nothing', [{ a: ['"'] }, { a: ['a\nb'] }, { a: [''] }], [], false],
    ['… and the alternative without scopes does not take its place', [{ a: ['two words'] }, { key: [] }], [], false],
    ['… but another alternative counts', [{ a: ['two words'] }, { a: ['read'] }], [['read']], false],
    ['a scope that is not text: never', [{ a: [1] }], [], false],
    ['scopes that are not a list: never', [{ a: 'read' }], [], false],
    ['null for an empty list, as YAML has it', [{ key: null }], [[]], false],
    ['an alternative that is no object: never', [null, 'read', []], [], false],
    ['not a list: nobody', null, [], false],
    ['not a list: nobody', { a: [] }, [], false],
    ['not a list: nobody', false, [], false],
  ])('%s: %j', (_, security, requires, isPublic) => {
    const operation = operationOf({ security })
    expect({ requires: operation.requires, public: operation.public }).toEqual({ requires, public: isPublic })
    expect(operationOf({}, { security })).toMatchObject({ requires, public: isPublic })
  })

  test('what the document says holds for operations that say nothing, and only for them', () => {
    expect(operationOf({}, { security: [] }).public).toBe(true)
    expect(operationOf({ security: [{ a: ['x'] }] }, { security: [] })).toMatchObject({
      requires: [['x']],
      public: false,
    })
    expect(operationOf({ security: [] }, { security: [{ a: ['x'] }] }).public).toBe(true)
  })

  test('an operation about which nothing is said is guarded', () => {
    expect(operationOf({})).toMatchObject({ requires: [[]], public: false })
  })

  test('what is dropped or cannot be met is reported where it stands', () => {
    const security = [{ key: [] }, { a: ['two words'] }]
    const { problems } = describeApi({ paths: { '/a/b': { get: { ...ok, security } } } })
    expect(problems).toMatchObject([
      { code: 'invalid_scope', pointer: '/paths/~1a~1b/get/security/1/a' },
      { code: 'alternative_dropped', pointer: '/paths/~1a~1b/get/security' },
    ])
  })

  test('permits: public for everybody, [[]] for every credential, [] for none', () => {
    const scopes = new Set(['read'])
    expect(permits({ requires: [], public: true }, undefined)).toBe(true)
    expect(permits({ requires: [[]], public: false }, undefined)).toBe(false)
    expect(permits({ requires: [[]], public: false }, new Set())).toBe(true)
    expect(permits({ requires: [], public: false }, scopes)).toBe(false)
    expect(permits({ requires: [['read', 'write'], ['read']], public: false }, scopes)).toBe(true)
    expect(permits({ requires: [['read', 'write']], public: false }, scopes)).toBe(false)
  })
})

describe('scopes are derived only when no operation of the document names one', () => {
  test.each<[string, string, string, string[] | undefined, string]>([
    ['the first tag', 'get', '/v/x', ['Shared links (Files)', 'Other'], 'shared_links__files_:read'],
    ['the first segment without tags', 'post', '/orders/{id}', undefined, 'orders:write'],
    ['an empty tag is none', 'delete', '/orders', [''], 'orders:write'],
    ['HEAD reads', 'head', '/orders', undefined, 'orders:read'],
    ['OPTIONS does not', 'options', '/orders', undefined, 'orders:write'],
    ['other characters, one for one', 'get', '/a', ['a-b.c'], 'a_b_c:read'],
    ['a digest where one is not ASCII', 'get', '/a', ['用户管理'], '_____fbf413d4:read'],
    ['the same after NFKC', 'get', '/a', ['ｶﾞ'], '__0ce4a3dd:read'],
    ['… whichever spelling it had', 'get', '/a', ['ガ'], '__0ce4a3dd:read'],
    ['a template', 'get', '/{id}', undefined, '_id_:read'],
    ['no segment', 'get', '/', undefined, 'root:read'],
  ])('%s', (_, method, path, tags, scope) => {
    const description = describeApi({ paths: { [path]: { [method]: { ...ok, ...(tags && { tags }) } } } })
    expect(description.operations[0]?.requires).toEqual([[scope]])
    expect(description.scopes.map(({ name }) => name)).toEqual([scope])
  })

  test('public operations stay public, and closed ones closed', () => {
    const paths = {
      '/a': { get: open, post: { ...ok, security: null } },
      '/b': { get: { ...ok, security: [{ key: [] }] } },
    }
    expect(describeApi({ paths }).operations).toMatchObject([
      { requires: [], public: true },
      { requires: [], public: false },
      { requires: [['b:read']], public: false },
    ])
  })

  test.each<[string, Json]>([
    ['by an operation', { paths: { '/a': { get: ok }, '/b': { get: guarded('x') } } }],
    ['by a public operation', { paths: { '/a': { get: ok }, '/b': { get: { ...ok, security: [{}, { a: ['x'] }] } } } }],
    ['with a name that is invalid', { paths: { '/a': { get: ok }, '/b': { get: guarded('x y') } } }],
  ])('one scope named %s ends it', (_, parts) => {
    expect(describeApi(parts).operations[0]).toMatchObject({ requires: [[]], public: false })
  })

  test('two tags that come to one scope are reported', () => {
    const paths = { '/a': { get: { ...ok, tags: ['a b'] } }, '/b': { get: { ...ok, tags: ['a-b'] } } }
    expect(codes(describeApi({ paths }))).toEqual(['derived_scope_shared'])
  })
})

describe('scopes of the description', () => {
  test('those of every flow of every scheme with their descriptions, those required, and nothing invalid', () => {
    const flow = (scopes: Json) => ({ authorizationUrl: 'https://x/a', tokenUrl: 'https://x/t', scopes })
    const description = describeApi({
      components: {
        securitySchemes: {
          'x-first': {
            type: 'oauth2',
            flows: { implicit: flow({ read: '', 'bad one': 'no' }), 'x-y': flow({ no: 'no' }) },
          },
          second: { $ref: '#/components/x/second' },
          third: { $ref: 'other.yaml#/third' },
          key: { type: 'apiKey', in: 'header', name: 'X' },
        },
        x: { second: { type: 'oauth2', flows: { clientCredentials: flow({ read: 'Read all', 'x-up': 'Up' }) } } },
      },
      paths: { '/a': { get: guarded('write', 'read') } },
    })
    expect(description.scopes).toEqual([
      { name: 'read', description: 'Read all' },
      { name: 'write', description: '' },
      { name: 'x-up', description: 'Up' },
    ])
    expect(description.problems).toMatchObject([
      { code: 'invalid_scope', pointer: '/components/securitySchemes/x-first/flows/implicit/scopes/bad one' },
      { code: 'undeclared_scope', pointer: '/paths/~1a' },
      { code: 'reference_ignored', pointer: '/components/securitySchemes/third' },
    ])
  })
})

describe('the base path is the path of the first server', () => {
  test.each<[string, string]>([
    ['https://api.example.com/v1', '/v1'],
    ['https://api.example.com/v1/', '/v1'],
    ['https://api.example.com', ''],
    ['//api.example.com/v1?x=1#y', '/v1'],
    ['/', ''],
    ['', ''],
    ['v1', '/v1'],
    ['./v1/../v2', '/v2'],
    ['https://{tenant}.example.com:{port}/{base}', '/v3'],
    ['/caf%C3%A9', '/caf%C3%A9'],
  ])('%s is %s', (url, basePath) => {
    const variables = { base: { default: 'v3' }, tenant: { default: 'acme' } }
    expect(describeApi({ servers: [{ url, variables }], paths: {} }).basePath).toBe(basePath)
  })

  test.each(['https://x/{unknown}', 'https://x/a//b', 'https://x/a%2fb', 'https://x/a;b'])(
    '%s is refused, by name',
    (url) => {
      expect(errorCode(() => describeApi({ servers: [{ url }], paths: {} }))).toBe('invalid_base_path')
      expect(describeApi({ servers: [{ url }], paths: {} }, { basePath: 'given/' }).basePath).toBe('/given')
    },
  )

  test('no server is the root, and an override is checked like the rest', () => {
    expect(describeApi({ paths: {} })).toMatchObject({ basePath: '', servers: [] })
    expect(errorCode(() => describeApi({ paths: {} }, { basePath: '/a?b' }))).toBe('invalid_base_path')
  })

  test('servers elsewhere are ignored and listed, in one line', () => {
    const servers = [{ url: 'https://x/other' }]
    const description = describeApi({
      servers: [{ url: 'https://x/v1' }, { url: 'https://x/v2' }],
      paths: { '/a': { servers, get: { ...guarded('x'), servers } } },
    })
    expect(description.operations).toMatchObject([{ basePath: '/v1', path: '/a' }])
    expect(description.problems.map(({ pointer }) => pointer)).toEqual(['/servers', '/paths/~1a/servers'])
    expect(description.problems[1]?.message).toMatch(/^2 /)
  })
})

describe('operations that share method and path are one route', () => {
  test.each<[string, Json, Json, readonly (readonly string[])[], boolean]>([
    ['both are needed', guarded('a'), guarded('b'), [['a', 'b']], false],
    ['any credential adds nothing to a scope', guarded('a'), guarded(), [['a']], false],
    ['public and guarded is guarded', open, guarded('b'), [['b']], false],
    ['public and public is public', open, open, [], true],
    ['closed stays closed', guarded('a'), { ...ok, security: null }, [], false],
    [
      'every pair of alternatives',
      { ...ok, security: [{ s: ['a'] }, { s: ['b'] }] },
      guarded('c'),
      [
        ['a', 'c'],
        ['b', 'c'],
      ],
      false,
    ],
    ['and none that is only wider', { ...ok, security: [{ s: ['a'] }, { s: ['b'] }] }, guarded('a'), [['a']], false],
  ])('%s', (_, one, other, requires, isPublic) => {
    const named = { '/named': { get: guarded('x') } }
    for (const keys of [
      ['/a', '/a#b'],
      ['/a?x=1', '/a?x=2'],
      ['/a/{b}', '/a/{c}'],
      ['/caf%C3%A9', '/café'],
    ]) {
      const description = describeApi({ paths: { [keys[0]!]: { put: one }, [keys[1]!]: { put: other }, ...named } })
      expect(description.operations.slice(0, 2)).toMatchObject([
        { requires, public: isPublic },
        { requires, public: isPublic },
      ])
      expect(codes(description)).toContain('routes_merged')
    }
  })

  test('the path is reported without what was cut', () => {
    const description = describeApi({ paths: { '/a#b': { get: guarded('x') } } })
    expect(description.operations).toMatchObject([{ path: '/a' }])
    expect(description.problems).toMatchObject([{ code: 'path_cut', pointer: '/paths/~1a#b' }])
  })

  test('a route written so often that its requirement explodes is refused', () => {
    const security = ['a', 'b', 'c'].map((name) => ({ s: [name] }))
    const paths = Object.fromEntries(
      Array.from({ length: 8 }, (_, i) => [
        `/a#${i}`,
        { get: { ...ok, security: security.map(({ s }) => ({ s: [`${s}${i}`] })) } },
      ]),
    )
    expect(errorCode(() => describeApi({ paths }))).toBe('document_too_complex')
  })
})

describe('x-countersign-cost is what one call spends', () => {
  test.each([0, 1, 25, 1_000_000])('%j', (cost) => {
    expect(operationOf({ ...guarded('read'), 'x-countersign-cost': cost }).cost).toBe(cost)
  })

  test('without it nothing is said, which is 1', () => {
    expect(operationOf(guarded('read'))).not.toHaveProperty('cost')
  })

  test.each<unknown>([-1, 1.5, 1_000_001, '10', null, [], true, {}])(
    '%j is refused: counted as 1 it would go unseen',
    (cost) => {
      expect(errorCode(() => operationOf({ ...guarded('read'), 'x-countersign-cost': cost }))).toBe('invalid_cost')
    },
  )

  test('one route described twice costs the most that is said of it, and 1 where nothing is', () => {
    const costs = (first: object, second: object) => {
      const paths = {
        '/a': { get: { ...guarded('r'), ...first } },
        '/a#again': { get: { ...guarded('r'), ...second } },
      }
      return describeApi({ paths }).operations.map(({ cost }) => cost)
    }
    expect(costs({ 'x-countersign-cost': 5 }, { 'x-countersign-cost': 9 })).toEqual([9, 9])
    expect(costs({ 'x-countersign-cost': 0 }, {})).toEqual([1, 1])
    expect(costs({}, {})).toEqual([undefined, undefined])
  })
})

describe('path items', () => {
  test('OpenAPI 3.2: query and additionalOperations; a described method there is the same route', () => {
    const paths = {
      '/a': {
        query: guarded('q'),
        additionalOperations: { Copy: guarded('c'), GET: guarded('g'), 'no token': ok },
        get: guarded('h'),
      },
    }
    const description = describeApi({ openapi: '3.2.0', paths })
    expect(description.operations.map(({ method, requires }) => [method, requires])).toEqual([
      ['QUERY', [['q']]],
      ['GET', [['h', 'g']]],
      ['COPY', [['c']]],
      ['GET', [['h', 'g']]],
    ])
    expect(codes(description)).toEqual(['invalid_operation', 'routes_merged'])
    expect(codes(describeApi({ paths }))).toEqual(['member_ignored', 'member_ignored'])
  })

  test('every method of the version, in upper case, and no other member', () => {
    const methods = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace']
    const item = Object.fromEntries(methods.map((method) => [method, guarded('x')]))
    const paths = { '/a': { summary: 's', parameters: [], 'x-y': ok, ...item, GET: ok }, 'x-z': { get: ok } }
    const description = describeApi({ paths, webhooks: { '/hook': { get: open } } })
    expect(description.operations.map(({ method }) => method)).toEqual(methods.map((method) => method.toUpperCase()))
    expect(description.problems).toMatchObject([{ code: 'member_ignored', pointer: '/paths/~1a/GET' }])
  })

  test('what describes an operation is kept', () => {
    const [operation] = describeApi({
      paths: { 'a/{b}': { get: { ...guarded('x'), operationId: 'read', summary: ' Read \n', tags: ['A', 1] } } },
    }).operations
    expect(operation).toEqual({
      method: 'GET',
      basePath: '',
      path: '/a/{b}',
      operationId: 'read',
      summary: 'Read',
      tags: ['A'],
      requires: [['x']],
      public: false,
    })
  })

  test('a path item or an operation may be a reference within the document', () => {
    const description = describeApi({
      openapi: '3.2.0',
      $self: 'https://example.com/api',
      security: [],
      components: { pathItems: { 'a/b~c': { get: guarded('x') }, next: { $ref: '#/components/pathItems/a~1b~0c' } } },
      paths: {
        '/a': { $ref: 'https://example.com/api#/components/pathItems/next', post: guarded('y') },
        '/b': { get: { $ref: '#/components/pathItems/a~1b~0c/get', security: [] } },
        '/c%7B': { get: { $ref: '#/paths/~1c%257B/put' }, put: guarded('z') },
      },
    })
    expect(description.operations.map(({ method, path, requires }) => [method, path, requires])).toEqual([
      ['POST', '/a', [['y']]],
      ['GET', '/a', [['x']]],
      ['GET', '/b', [['x']]],
      ['GET', '/c%7B', [['z']]],
      ['PUT', '/c%7B', [['z']]],
    ])
    expect(codes(description)).toEqual(['reference_ignored'])
  })

  test.each<[string, Json, string]>([
    ['elsewhere', { '/a': { $ref: './a.yaml' } }, 'reference_not_local'],
    ['elsewhere', { '/a': { get: { $ref: 'https://x/y#/z' } } }, 'reference_not_local'],
    ['to no text', { '/a': { $ref: 7 } }, 'reference_not_local'],
    ['to nothing', { '/a': { $ref: '#/components/pathItems/none' } }, 'reference_unresolved'],
    ['to what every object has', { '/a': { $ref: '#/constructor' } }, 'reference_unresolved'],
    ['to an anchor', { '/a': { $ref: '#name' } }, 'reference_unresolved'],
    ['that is not a URI', { '/a': { $ref: '#/%ff' } }, 'reference_unresolved'],
    ['to itself', { '/a': { $ref: '#/paths/~1a' } }, 'reference_cycle'],
    ['in a circle', { '/a': { $ref: '#/paths/~1b' }, '/b': { $ref: '#/paths/~1a' } }, 'reference_cycle'],
    ['to a text', { '/a': { $ref: '#/info/title' } }, 'invalid_paths'],
    ['missing: null', { '/a': null }, 'invalid_paths'],
  ])('a reference %s is an error: an operation left out could be taken by a wider one', (_, paths, code) => {
    expect(errorCode(() => describeApi({ security: [], paths: { '/{any}': { get: open }, ...paths } }))).toBe(code)
  })

  test('an operation that is no object lets nobody in', () => {
    const description = describeApi({ security: [], paths: { '/a': { get: null, put: 'text' } } })
    expect(description.operations).toMatchObject([
      { requires: [], public: false },
      { requires: [], public: false },
    ])
    expect(codes(description)).toEqual(['invalid_operation', 'invalid_operation'])
  })

  test('paths that are no object are an error, and none at all a problem', () => {
    expect(errorCode(() => describeApi({ paths: [] }))).toBe('invalid_paths')
    expect(codes(describeApi({}))).toEqual(['invalid_path'])
  })
})

describe('templates in each other’s way are reported', () => {
  test.each<[string, string, boolean]>([
    ['/a/{x}/c', '/a/b/{y}', true],
    ['/a/{x}', '/{y}/b', true],
    ['/a/{x}.json', '/a/{y}', true],
    ['/a/{x}.json', '/a/r{y}', true],
    ['/a/{x}.json', '/a/{y}.xml', false],
    ['/a/{x}', '/b/{y}', false],
    ['/a/{x}', '/a/{x}/b', false],
    ['/a/{x}', '/a/me', false],
  ])('%s and %s: %s', (left, right, isOverlap) => {
    const paths = { [left]: { get: guarded('l') }, [right]: { get: guarded('r'), put: guarded('l') } }
    expect(codes(describeApi({ paths }))).toEqual(isOverlap ? ['overlap'] : [])
    expect(codes(describeApi({ paths: { [left]: { get: guarded('l') }, [right]: { get: guarded('l') } } }))).toEqual([])
  })

  test('the message says which one decides', () => {
    const { problems } = describeApi({ paths: { '/{y}/b': { get: guarded('l') }, '/a/{x}': { get: guarded('r') } } })
    expect(problems[0]?.message).toContain('GET /a/{x} and /{y}/b')
  })

  test.each(['/a//b', '/a/../b', '/a;v=1', '/a%2fb', '/a/.', '/a\\b', '/{x};y', '/a%00', '//', '/\ud800'])(
    '%j is never reached',
    (path) => {
      expect(codes(describeApi({ paths: { [path]: { get: guarded('x') } } }))).toEqual(['unreachable'])
    },
  )
})

describe('Swagger 2.0', () => {
  const swagger = `
swagger: '2.0'
info: {title: Pets, version: 1.0}
host: pets.example.com
basePath: /v2/
schemes: [https, http]
securityDefinitions:
  oauth:
    type: oauth2
    flow: accessCode
    authorizationUrl: https://pets.example.com/a
    tokenUrl: https://pets.example.com/t
    scopes: {read:pets: Read pets, write:pets: Change pets}
  key: {type: apiKey, in: header, name: X-Key}
security:
- oauth: [read:pets]
paths:
  /pets:
    get: {responses: {200: {description: ok}}}
    post:
      responses: {201: {description: made}}
      security: [{oauth: [write:pets, read:pets]}, {key: []}]
    trace: {responses: {}}
  /pets/{id}:
    parameters: [{name: id, in: path, required: true, type: string}]
    get: {responses: {200: {description: ok}}, security: []}
`

  test('base path, servers, scopes and security', () => {
    const description = readOperations(readDocument(swagger))
    expect(description).toMatchObject({
      title: 'Pets',
      version: '1.0',
      basePath: '/v2',
      servers: ['https://pets.example.com/v2/', 'http://pets.example.com/v2/'],
      scopes: [
        { name: 'read:pets', description: 'Read pets' },
        { name: 'write:pets', description: 'Change pets' },
      ],
      operations: [
        { method: 'GET', path: '/pets', requires: [['read:pets']] },
        { method: 'POST', path: '/pets', requires: [['write:pets', 'read:pets']] },
        { method: 'GET', path: '/pets/{id}', requires: [], public: true },
      ],
    })
    expect(codes(description)).toEqual(['alternative_dropped', 'member_ignored'])
  })

  test('without host and basePath the operations are at the root', () => {
    const document = readDocument('{"swagger":"2.0","paths":{"/a":{"get":{}}}}')
    expect(readOperations(document)).toMatchObject({ basePath: '', operations: [{ requires: [['a:read']] }] })
  })
})

test('a list shared by ten thousand operations is read once, and what an answer could grow to has an end', () => {
  const operations = Array.from({ length: 10_000 }, (_, i) => `  /p${i}: {get: {security: *s}}`)
  const scopes = Array.from({ length: 20 }, (_, i) => `s${i}`)
  const text = (shared: string) => `openapi: 3.0.0\nx: &s [{a: [${shared}]}]\npaths:\n${operations.join('\n')}`
  expect(readOperations(readDocument(text('"no scope"'))).problems).toHaveLength(1)
  expect(errorCode(() => readOperations(readDocument(text(scopes.join(',')))))).toBe('document_too_complex')
})

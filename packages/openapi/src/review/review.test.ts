import { describe, expect, test } from 'vitest'
import { readDocument, readOperations } from '../index.ts'

const read = (text: string) => readOperations(readDocument(text))
const head = 'openapi: 3.0.3\ninfo: {title: Depot, version: "1"}\n'
const answer = 'responses: {"200": {description: ok}}'

describe('servers below the root', () => {
  const paths = (server: string) =>
    Array.from({ length: 24 }, (_, i) => `  /p${i}: {servers: [{url: "${server}"}], get: {tags: [t], ${answer}}}`)
  const document = (server: string) =>
    `${head}servers: [{url: "https://depot.test/v1"}]\npaths:\n${paths(server).join('\n')}\n  /bad//path: {get: {tags: [t], ${answer}}}`

  test('with the path of the operations are no problem, and hide none', () => {
    for (const server of ['https://depot.test/v1', 'https://other.test/v1/', 'v1']) {
      expect(read(document(server)).problems).toMatchObject([{ code: 'unreachable' }])
    }
  })

  test('with another path are one line, behind what is worse', () => {
    const { problems } = read(document('https://depot.test/v2'))
    expect(problems).toMatchObject([
      { code: 'unreachable' },
      { code: 'servers_ignored', pointer: '/paths/~1p0/servers' },
    ])
    expect(problems[1]?.message).toMatch(/^24 .*below \/v1\.$/)
  })
})

test('notations of other systems for a parameter, or for every method, are named', () => {
  const paths = [
    '/a/:id',
    '/b/*',
    '/c/{rest*}',
    '/d{/opt}',
    '/e/{open',
    '/g/<id>',
    '/h/{id:[0-9]+}',
    '/{a+}/{b}',
    '/i/{+r}',
  ]
  const all = paths.map((path) => `  "${path}": {get: {${answer}}}`)
  const document = `${head}paths:\n${all.join('\n')}\n  /f: {x-amazon-apigateway-any-method: {${answer}}}`
  const named = read(document).problems.filter(({ code }) => code === 'foreign_notation')
  expect(named.map(({ pointer }) => pointer.slice('/paths/'.length).replaceAll('~1', '/'))).toEqual([
    ...paths,
    '/f/x-amazon-apigateway-any-method',
  ])
  expect(named[0]?.message).toContain('":id"')
})

test.each(['/v1/things:cancel', '/a/{b}:c', '/a/{b}.{c}', '/a/{b+}', '/a/@me', '/a/$batch'])(
  '%s is none of them',
  (path) => {
    const { problems } = read(`${head}paths:\n  "${path}": {get: {${answer}}}`)
    expect(problems.filter(({ code }) => code === 'foreign_notation')).toEqual(
      path === '/a/$batch' ? problems.slice(0, 1) : [],
    )
  },
)

test('a document that guards nothing says so first', () => {
  const { problems } = read(`${head}security: []\npaths:\n  /a/{id}: {get: {${answer}}}\n  /b//c: {get: {${answer}}}`)
  expect(problems.map(({ code }) => code)).toEqual(['every_operation_public', 'unreachable', 'parameter_undescribed'])
})

test('one guarded operation is enough not to', () => {
  const { problems } = read(
    `${head}security: []\npaths:\n  /a: {get: {${answer}}, put: {security: [{k: []}], ${answer}}}`,
  )
  expect(problems).toEqual([])
})

test('an operationId of two operations is named once', () => {
  const paths = ['/a', '/b', '/c'].map((path) => `  ${path}: {get: {operationId: same, ${answer}}}`)
  expect(read(`${head}paths:\n${paths.join('\n')}`).problems).toMatchObject([
    {
      code: 'duplicate_operation_id',
      pointer: '/paths/~1b/get/operationId',
      message: expect.stringContaining('3 operations'),
    },
  ])
})

test('a scope that no scheme declares is named, where any is declared', () => {
  const paths = `paths:\n  /a: {get: {security: [{o: [read, raed]}], ${answer}}}`
  const flows = 'flows: {clientCredentials: {tokenUrl: "https://x/t", scopes: {read: Read}}}'
  const { problems } = read(`${head}components: {securitySchemes: {o: {type: oauth2, ${flows}}}}\n${paths}`)
  expect(problems).toMatchObject([{ code: 'undeclared_scope', message: expect.stringContaining('raed') }])
  expect(read(head + paths).problems).toEqual([])
})

test('a parameter of a path that is nowhere described is named once for all; those of path item and reference count', () => {
  const document = `${head}components: {parameters: {c: {name: c, in: path, required: true}}}
paths:
  /a/{b}: {parameters: [{name: b, in: path, required: true}], get: {${answer}}}
  /a/{b}/{c}: {get: {parameters: [{name: b, in: path}, {$ref: "#/components/parameters/c"}], ${answer}}}
  /b/{d}: {get: {parameters: [{name: d, in: query}], ${answer}}}
  /b/{d}/{e}: {get: {parameters: [{name: d, in: path}], ${answer}}}`
  expect(read(document).problems).toMatchObject([
    { code: 'parameter_undescribed', pointer: '/paths/~1b~1{d}/get', message: expect.stringMatching(/^2 .*\{d\}/) },
  ])
})

test('references that lead to nothing are one line; those in samples, to anchors and to other files are none', () => {
  const schema = (reference: string) =>
    `{content: {j: {schema: {$ref: "${reference}"}, example: {$ref: "#/no/sample"}}}}`
  const answers = ['#/components/schemas/gone', '#/components/schemas/there', '#anchor', 'other.yaml#/a', '#/lost']
  const responses = answers.map((reference, i) => `"20${i}": ${schema(reference)}`)
  const document = `${head}components: {schemas: {there: {}}}\npaths:\n  /a: {get: {responses: {${responses.join(', ')}}}}`
  expect(read(document).problems).toMatchObject([
    { code: 'reference_broken', message: expect.stringMatching(/^2 .*schemas\/gone/) },
  ])
})

test('a parameter list that many operations share by reference is read once', () => {
  const list = Array.from({ length: 20_000 }, (_, i) => ({ name: `p${i}`, in: 'path' }))
  const paths = Object.fromEntries(Array.from({ length: 5_000 }, (_, i) => [`/a${i}/{p1}`, { $ref: '#/x' }]))
  const document = { openapi: '3.1.0', paths, x: { parameters: list, get: {} } }
  const before = process.cpuUsage()
  expect(read(JSON.stringify(document)).operations).toHaveLength(5_000)
  expect(process.cpuUsage(before).user / 1e6).toBeLessThan(5)
})

describe('apiKey schemes', () => {
  const describeSchemes = (schemes: object) =>
    read(JSON.stringify({ openapi: '3.1.0', components: { securitySchemes: schemes }, paths: { '/a': { get: {} } } }))
  const apiKey = (place: string, name: string) => ({ type: 'apiKey', in: place, name })

  test('in a header are proposed, once whatever their case, and X-API-Key not, since it is always read', () => {
    const schemes = {
      a: apiKey('header', 'X-Auth-Token'),
      b: apiKey('header', 'x-auth-token'),
      c: apiKey('header', 'x-api-key'),
      d: { $ref: '#/components/securitySchemes/e' },
      e: apiKey('header', 'Authorization'),
      g: apiKey('header', 'X_API_KEY'),
      f: { type: 'http', scheme: 'bearer' },
    }
    expect(describeSchemes(schemes)).toMatchObject({
      credentialHeaders: ['X-Auth-Token', 'Authorization', 'X_API_KEY'],
      problems: [],
    })
  })

  test('in query or cookie, with a name that is refused, and beyond four are listed, and never proposed', () => {
    const refused = [
      'Host',
      'Cookie',
      'X-Forwarded-For',
      'X_Real_IP',
      'X-Countersign-Client',
      'Content-Type',
      'a b',
      '',
    ]
    const names = ['A', 'B', 'C', 'D', 'E']
    const twins = { first: apiKey('header', 'X-A'), second: apiKey('header', 'X_A') }
    expect(describeSchemes(twins)).toMatchObject({
      credentialHeaders: ['X-A'],
      problems: [{ pointer: '/components/securitySchemes/second' }],
    })
    const schemes = {
      query: apiKey('query', 'key'),
      cookie: apiKey('cookie', 'sid'),
      ...Object.fromEntries([...refused, ...names].map((name, i) => [`s${i}`, apiKey('header', name)])),
    }
    const { credentialHeaders, problems } = describeSchemes(schemes)
    expect(credentialHeaders).toEqual(['A', 'B', 'C', 'D'])
    expect(problems.map(({ code }) => code)).toEqual(Array(2 + refused.length + 1).fill('credential_place_ignored'))
    expect(problems[0]).toMatchObject({
      pointer: '/components/securitySchemes/query',
      message: expect.stringContaining('query'),
    })
  })
})

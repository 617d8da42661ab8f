import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { cpuMs } from '../../../scripts/cpu_ms.ts'
import { compileRoutes, type Match, type RouteTable, readDocument, readOperations } from './index.ts'

/** `{'/a': 'get put'}`: every operation needs a scope of its own, `GET /a`, so that a decision names its route. */
function routes(paths: { [path: string]: string }, basePath = ''): RouteTable {
  const items = Object.entries(paths).map(([path, methods]) => {
    const operations = methods
      .split(' ')
      .map((method) => [method, { security: [{ s: [`${method}:${path.replaceAll(/[^!-~]/g, '')}`] }] }])
    return [path, Object.fromEntries(operations)]
  })
  const document = { openapi: '3.1.0', servers: [{ url: basePath }], paths: Object.fromEntries(items) }
  return compileRoutes(readOperations(readDocument(JSON.stringify(document))))
}

/** `GET /a` for an operation, else the kind of the match. */
function outcome(match: Match): string {
  return match.kind === 'operation' ? `${match.operation.method} ${match.operation.path}` : match.kind
}

const parametersOf = (match: Match) => (match.kind === 'operation' ? { ...match.parameters } : undefined)

describe('the most specific operation decides', () => {
  const table = routes({
    '/': 'get',
    '/users': 'get post',
    '/users/me': 'get',
    '/users/{id}': 'get delete head',
    '/users/{id}/': 'get',
    '/users/{id}/posts': 'get',
    '/users/me/{what}': 'get',
    '/users/{id}/posts/{post}': 'get',
    '/files/{name}': 'get',
    '/files/{name}.json': 'get',
    '/files/{name}.min.json': 'get',
    '/files/{from}-{to}': 'get',
    '/files/{from}-{to}.json': 'get',
    '/files/{a}{b}': 'put',
    '/files/v{major}.{minor}': 'get',
    '/x/{a}/c': 'get',
    '/x/b/{d}': 'get',
    '/café/{x}': 'get',
    '/things/{id}:cancel': 'post',
    '/things/{__proto__}': 'get',
  })

  test.each<[string, string, string, { [name: string]: string }?]>([
    ['GET', '/', 'GET /'],
    ['GET', '/users', 'GET /users'],
    ['GET', '/users/', 'not_found'],
    ['GET', '/users/me', 'GET /users/me'],
    ['GET', '/users/42', 'GET /users/{id}', { id: '42' }],
    ['GET', '/users/42/', 'GET /users/{id}/', { id: '42' }],
    ['GET', '/users/me/posts', 'GET /users/me/{what}', { what: 'posts' }],
    ['GET', '/users/me/posts/7', 'GET /users/{id}/posts/{post}', { id: 'me', post: '7' }],
    ['DELETE', '/users/me', 'DELETE /users/{id}', { id: 'me' }],
    ['HEAD', '/users/me', 'GET /users/me'],
    ['HEAD', '/users/42', 'HEAD /users/{id}'],
    ['HEAD', '/users', 'GET /users'],
    ['PUT', '/users', 'method_not_allowed'],
    ['get', '/users', 'method_not_allowed'],
    ['OPTIONS', '/users', 'method_not_allowed'],
    ['GET', '/nothing', 'not_found'],
    ['GET', '/users/1/2/3/4/5', 'not_found'],
    ['GET', '/files/a', 'GET /files/{name}', { name: 'a' }],
    ['GET', '/files/a.json', 'GET /files/{name}.json', { name: 'a' }],
    ['GET', '/files/a.min.json', 'GET /files/{name}.min.json', { name: 'a' }],
    ['GET', '/files/.json', 'GET /files/{name}', { name: '.json' }],
    ['GET', '/files/a-b', 'GET /files/{from}-{to}', { from: 'a', to: 'b' }],
    ['GET', '/files/a-b-c', 'GET /files/{from}-{to}', { from: 'a', to: 'b-c' }],
    ['GET', '/files/--', 'GET /files/{name}', { name: '--' }],
    ['GET', '/files/---', 'GET /files/{from}-{to}', { from: '-', to: '-' }],
    ['GET', '/files/a-b.json', 'GET /files/{from}-{to}.json', { from: 'a', to: 'b' }],
    ['PUT', '/files/xyz', 'PUT /files/{a}{b}', { a: 'x', b: 'yz' }],
    ['PUT', '/files/x', 'method_not_allowed'],
    ['GET', '/files/v1.2', 'GET /files/v{major}.{minor}', { major: '1', minor: '2' }],
    ['GET', '/x/b/c', 'GET /x/b/{d}', { d: 'c' }],
    ['GET', '/x/y/c', 'GET /x/{a}/c', { a: 'y' }],
    ['GET', '/caf%C3%A9/%C3%A9', 'GET /café/{x}', { x: 'é' }],
    ['POST', '/things/7:cancel', 'POST /things/{id}:cancel', { id: '7' }],
    ['GET', '/things/7', 'GET /things/{__proto__}'],
  ])('%s %s: %s', (method, target, expected, parameters) => {
    const match = table.match(method, target)
    expect(outcome(match)).toBe(expected)
    if (parameters !== undefined) expect(parametersOf(match)).toEqual(parameters)
  })

  test('Allow names every method of the path, of all templates that match it, with HEAD for GET', () => {
    expect(table.match('PATCH', '/users/me')).toEqual({ kind: 'method_not_allowed', allow: ['DELETE', 'GET', 'HEAD'] })
    expect(table.knows('/users?x')).toEqual({ allow: ['GET', 'HEAD', 'POST'] })
    expect(table.knows('/nothing')).toBeUndefined()
    expect(table.knows('/users//me')).toBeUndefined()
  })

  test('a parameter called __proto__ is a parameter', () => {
    const match = table.match('GET', '/things/7')
    expect(match.kind === 'operation' && Object.entries(match.parameters)).toEqual([['__proto__', '7']])
  })
})

describe('flaw 91: rules see the decoded path and never the query', () => {
  const table = routes({ '/orders': 'get', '/health': 'get' }, 'https://x/api')

  test.each([
    ['/api/orders?/api/health', 'GET /orders'],
    ['/api/orders?x=/../api/health', 'GET /orders'],
    ['/api/orders?', 'GET /orders'],
    ['/api/orders??;//%2f%zz\\', 'GET /orders'],
    ['/api/nothing?/api/health', 'not_found'],
    ['/api/orders%3F/api/health', 'not_found'],
    ['/orders', 'not_found'],
    ['/api/orders#/api/health', 'ambiguous'],
    ['/api/orders?x#y', 'ambiguous'],
  ])('%s is %s', (target, expected) => {
    expect(outcome(table.match('GET', target))).toBe(expected)
  })
})

/** Sixty spellings of one path: what some router, proxy or file system is known to read as `/<first>/<second>`. */
function spellings(first: string, second: string): readonly string[] {
  const percent = (text: string) => [...text].map((c) => `%${c.charCodeAt(0).toString(16)}`).join('')
  const plain = `/${first}/${second}`
  const encodedFirst = `%${first.charCodeAt(0).toString(16)}${first.slice(1)}`
  const dots = ['.', '..', '%2e', '%2E%2e', '.%2e', '...', '%2e%2e%2e', '..%20', '%252e%252e']
  const separators = [
    '%2f',
    '%2F',
    '\\',
    '%5c',
    '%5C',
    '%252f',
    '%255c',
    '%c0%af',
    '%e0%80%af',
    '//',
    '///',
    '/./',
    '/../x/',
    '/;/',
    '/%3b/',
  ]
  const endings = [
    '/',
    '//',
    '/.',
    '/..',
    '.',
    '%2e',
    '%20',
    '%20.',
    '..',
    ';',
    ';x=1',
    ';x=1/',
    '%3bx',
    '%3Bx=1',
    '%00',
    '%00.json',
    '%0a',
    '%0d%0a',
    '%09',
    '\\',
    '%5c',
    '%ff',
    '%',
    '%2',
    '%zz',
    '%u002e',
    '#',
    '#x',
    '%23',
    '%3f',
    '?',
    '?x=1',
    '/?x',
    ' ',
  ]
  return [
    ...separators.map((separator) => `/${first}${separator}${second}`),
    ...dots.map((dot) => `/${dot}/${first}/${second}`),
    ...endings.map((ending) => plain + ending),
    `/${encodedFirst}/${second}`,
    `/${first}/${percent(second)}`,
    `${percent('/')}${first}/${second}`,
    `/${plain}`,
    `\\${plain}`,
    plain.toUpperCase(),
    `/${first}/${second.toUpperCase()}`,
    `http://host${plain}`,
    `host${plain}`,
    `*`,
    '',
    `${plain}\t`,
    `\0${plain}`,
    `/${first}/\u00e9`,
    `/${first}/${second}\u2044x`,
    `/${first}/%ef%bd%81${second.slice(1)}`,
  ]
}

describe('flaws 81 and 94: a path in another spelling gets the same decision, or none', () => {
  // A public template is what an attacker hopes to be taken for; `all` is what it would open.
  const table = routes({
    '/admin/audit': 'get',
    '/{all}': 'get',
    '/{all}/{more}': 'get',
    '/admin/{more}': 'get',
    '/{a}/{b}/{c}': 'get',
  })

  test('there are sixty and more of them', () => {
    expect(new Set(spellings('admin', 'audit')).size).toBeGreaterThanOrEqual(60)
  })

  test.each(spellings('admin', 'audit'))('%j', (target) => {
    const match = table.match('GET', target)
    // `%23` and `%3f` are data: the path is `/admin/audit#`, and every server behind sees those bytes as well.
    const isOtherPath = /audit(?:%23|%3f)$/.test(target)
    if (match.kind === 'operation' && !isOtherPath) expect(outcome(match)).toBe('GET /admin/audit')
    else if (isOtherPath) expect(outcome(match)).toBe('GET /admin/{more}')
    else expect(['ambiguous', 'not_found']).toContain(match.kind)
  })

  test.each(['/admin/%61udit', '/%61dmin/audit', '/%61%64min/%61udit', '/admin/audit?'])(
    'an encoded unreserved character is that character, RFC 3986 §6.2.2: %s',
    (target) => {
      expect(outcome(table.match('GET', target))).toBe('GET /admin/audit')
    },
  )

  test.each(['/Admin/audit', '/admin/Audit', '/admin./audit', '/admin/audit.%20', '/ADMIN/x', '/%ef%bd%81dmin/audit'])(
    'a spelling that a lax server takes for a literal is not given to the template beside it: %s',
    (target) => {
      expect(table.match('GET', target).kind).toBe('ambiguous')
    },
  )

  test.each([
    ['/x/Acme%20Inc.', 'Acme Inc.'],
    ['/x/50%25', '50%'],
    ['/x/a%40b.c', 'a@b.c'],
    ['/x/%C3%A9%20', 'é '],
    ["/x/a:b@c!$&'()*+,=~", "a:b@c!$&'()*+,=~"],
  ])('an ordinary value passes: %s', (target, value) => {
    expect(parametersOf(table.match('GET', target))).toEqual({ all: 'x', more: value })
  })

  test.each([
    '//admin/audit',
    '/admin//audit',
    '/admin/audit//',
    '/admin/./audit',
    '/admin/%2e%2E/audit',
    '/admin/...',
    '/admin/%20',
    '/admin%2faudit',
    '/admin%5Caudit',
    '/admin\\audit',
    '/admin/audit;x=1',
    '/admin/audit%3B',
    '/admin/%00',
    '/admin/%7f',
    '/admin/%c2%85',
    '/admin/%',
    '/admin/%c0%ae',
    '/admin/%252e%252e',
    '/admin/%25252e',
    '/admin/{x}',
    '/admin/"',
    '/admin/\u00e9',
    'http://host/admin/audit',
    '*',
    '',
  ])('%j is ambiguous, and not just unknown', (target) => {
    expect(table.match('GET', target).kind).toBe('ambiguous')
  })

  test('flaw 99: what no operation describes is not found', () => {
    for (const target of ['/a/b/c/d', '/admin/', '/admin/audit/'])
      expect(table.match('GET', target).kind).toBe('not_found')
  })
})

describe('for every target', () => {
  const table = routes({
    '/': 'get',
    '/a': 'get',
    '/a/': 'get',
    '/a/b': 'get',
    '/{x}': 'get',
    '/{x}/b': 'get',
    '/a/{x}/c': 'get',
    '/{x}.{y}': 'get',
    '/{x}/{y}': 'get',
    '/{x}/{y}/': 'get',
    '/{x}/{y}-{z}/{w}': 'get',
  })
  const piece = fc.constantFrom(
    '/',
    '//',
    'a',
    'b',
    '.',
    '..',
    '-',
    '%2e',
    '%2F',
    '%61',
    '%25',
    '2e',
    '\\',
    ';',
    '?',
    '#',
    '%',
    '%c3%a9',
    '\u00e9',
    ' ',
    '\n',
    '@',
    ':',
    'A',
  )
  const target = fc.array(piece, { maxLength: 12 }).map((pieces) => `/${pieces.join('')}`)

  test('match gives one of the four answers and never throws', () => {
    const kinds = ['operation', 'not_found', 'method_not_allowed', 'ambiguous']
    fc.assert(
      fc.property(
        fc.constantFrom('GET', 'HEAD', 'PUT', '', '__proto__'),
        fc.oneof(target, fc.string()),
        (method, text) => {
          expect(kinds).toContain(table.match(method, text).kind)
          table.knows(text)
        },
      ),
      { numRuns: 3_000 },
    )
  })

  test('what is matched is what a WHATWG URL parser sees, and decoded once it is the template filled in', () => {
    fc.assert(
      fc.property(target, (text) => {
        const match = table.match('GET', text)
        if (match.kind !== 'operation') return
        const url = new URL(`http://upstream${text}`)
        const relative = new URL(text, 'http://upstream')
        expect(relative.href).toBe(url.href)
        expect(url.pathname).toBe(text.split('?')[0])
        const filled = match.operation.path.replaceAll(/\{(.)\}/g, (_, name) => match.parameters[name] ?? '')
        expect(decodeURIComponent(url.pathname)).toBe(filled)
      }),
      { numRuns: 5_000 },
    )
  })

  test.each([
    ['slashes', '/'],
    ['segments', '/a'],
    ['dots', '.'],
    ['spaces', '%20'],
    ['dashes', '-'],
    ['percent signs', '%25'],
    ['letters', 'aB'],
    ['dots at the end of a segment', 'a.'],
  ])('a megabyte of %s takes linear time', (_, text) => {
    const times = [50_000, 800_000].map((length) => {
      const long = `/a/${text.repeat(length / text.length)}x`
      const start = cpuMs()
      for (const suffix of ['', '/b', '/x-y/z']) table.match('GET', long + suffix)
      return cpuMs() - start
    })
    // Sixteen times the length; quadratic time would be 256 times as long, and many seconds.
    expect(times[1]).toBeLessThan(1_000)
  })
})

test('three thousand operations match as fast as three', () => {
  const many = Array.from({ length: 1_000 }, (_, i) => [`/r${i}/{id}/items/{item}`, 'get put delete'])
  const table = routes({ ...Object.fromEntries(many), '/{x}/{y}/items/{z}': 'get' })
  const start = cpuMs()
  for (let i = 0; i < 20_000; i++) table.match('GET', `/r${i % 1_000}/42/items/7?limit=1`)
  // About 1 µs each on an idle machine; the limit only tells a trie from a list.
  expect((cpuMs() - start) / 20_000).toBeLessThan(0.02)
  expect(outcome(table.match('DELETE', '/r999/42/items/7'))).toBe('DELETE /r999/{id}/items/{item}')
})

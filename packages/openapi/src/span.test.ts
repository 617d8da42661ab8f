import { describe, expect, test } from 'vitest'
import { compileRoutes, diffDescriptions, type Match, OpenApiError, readDocument, readOperations } from './index.ts'

type Paths = {
  readonly [path: string]: string | { readonly methods: string; readonly multi?: string; readonly open?: true }
}

/** `{'/a/{b+}': 'get'}`; `multi` names a parameter with `x-multi-segment`. */
function describeApi(paths: Paths, slashes: readonly string[] = [], basePath = '') {
  const items = Object.entries(paths).map(([path, given]) => {
    const { methods, multi, open } = typeof given === 'string' ? { methods: given } : given
    const parameters = multi === undefined ? [] : [{ name: multi, in: 'path', 'x-multi-segment': true }]
    const security = open === true ? [] : [{ s: [`${path.replaceAll(/[^\w]/g, '_')}`] }]
    return [path, Object.fromEntries(methods.split(' ').map((method) => [method, { parameters, security }]))]
  })
  const document = { openapi: '3.1.0', servers: [{ url: basePath }], paths: Object.fromEntries(items) }
  return readOperations(readDocument(JSON.stringify(document)), { slashes })
}

const outcome = (match: Match) =>
  match.kind === 'operation' ? [match.operation.path, { ...match.parameters }] : [match.kind]

describe('a parameter that may hold slashes', () => {
  const table = compileRoutes(
    describeApi(
      {
        '/crates/{label}': { methods: 'get', multi: 'label' },
        '/shelf/{rest+}': 'get delete',
        '/shelf/{rest}/meta': 'get',
        '/shelf/fixed/{a}/{b}': 'post',
        '/plain/{key}': 'get',
        '/asked/{key}': 'get',
        '/deep/{owner}/{path+}': 'get',
        '/deep/{owner}/{path+}/raw/file': 'get',
        '/mix/{a}-{b+}.txt': 'get',
        '/no/{a+}/{b}': 'get',
      },
      ['/asked/{key}'],
    ),
  )
  const get = (path: string) => outcome(table.match('GET', path))

  test.each<[string, ...unknown[]]>([
    ['/crates/north/7', '/crates/{label}', { label: 'north/7' }],
    ['/crates/north', '/crates/{label}', { label: 'north' }],
    ['/shelf/a/b', '/shelf/{rest+}', { rest: 'a/b' }],
    ['/shelf/a%20b/c', '/shelf/{rest+}', { rest: 'a b/c' }],
    ['/asked/a/b/c', '/asked/{key}', { key: 'a/b/c' }],
    ['/deep/o/a/b', '/deep/{owner}/{path+}', { owner: 'o', path: 'a/b' }],
    ['/deep/o/a/b/raw/file', '/deep/{owner}/{path+}/raw/file', { owner: 'o', path: 'a/b' }],
    ['/mix/a-b/c.txt', '/mix/{a}-{b+}.txt', { a: 'a', b: 'b/c' }],
  ])('%s is %s', (path, ...expected) => {
    expect(get(path)).toEqual(expected)
  })

  test.each([
    ['/plain/a/b', 'not_found'],
    ['/shelf', 'not_found'],
    ['/shelf/a/', 'not_found'],
    ['/no/a/b/c', 'not_found'],
    ['/mix/a/x-b/c.txt', 'not_found'],
    ['/crates/north%2F7', 'ambiguous'],
    ['/plain/north%2F7', 'ambiguous'],
    ['/shelf/a/../b', 'ambiguous'],
    ['/shelf/a//b', 'ambiguous'],
    ['/shelf/a;v=1/b', 'ambiguous'],
  ])('%s is %s', (path, kind) => {
    expect(get(path)).toEqual([kind])
  })

  test('every described route wins over it, and one with another method is 405', () => {
    expect(get('/shelf/a/meta')).toEqual(['/shelf/{rest}/meta', { rest: 'a' }])
    expect(table.match('GET', '/shelf/fixed/a/b')).toEqual({ kind: 'method_not_allowed', allow: ['POST'] })
    expect(table.match('DELETE', '/shelf/a/meta')).toMatchObject({ kind: 'method_not_allowed' })
    expect(table.match('POST', '/shelf/x/y')).toEqual({ kind: 'method_not_allowed', allow: ['DELETE', 'GET', 'HEAD'] })
    expect(outcome(table.match('HEAD', '/shelf/x/y'))[0]).toBe('/shelf/{rest+}')
  })

  test('where a lax server would take another route, it is ambiguous', () => {
    const literal = compileRoutes(describeApi({ '/shelf/a/b': 'get', '/shelf/{rest+}': 'get' }))
    expect(literal.match('GET', '/shelf/A/b').kind).toBe('ambiguous')
    expect(outcome(literal.match('GET', '/shelf/c/b'))[0]).toBe('/shelf/{rest+}')
    const wide = compileRoutes(describeApi({ '/Case/{any+}': 'get', '/{x}/{any+}': 'get' }))
    expect(wide.match('GET', '/case/a/b').kind).toBe('ambiguous')
    expect(outcome(wide.match('GET', '/other/a/b'))[0]).toBe('/{x}/{any+}')
    expect(outcome(wide.match('GET', '/Case/a/b'))[0]).toBe('/Case/{any+}')
  })

  test('a preflight knows it', () => {
    expect(table.knows('/shelf/a/b/c')).toEqual({ allow: ['DELETE', 'GET', 'HEAD'] })
    expect(table.knows('/plain')).toBeUndefined()
  })
})

test('without the flag of the operator no plain template spans', () => {
  const table = compileRoutes(describeApi({ '/plain/{key}': 'get' }))
  expect(table.match('GET', '/plain/a/b').kind).toBe('not_found')
})

test('a template may be named with the base path, and one that is not there is an error', () => {
  const table = compileRoutes(describeApi({ '/a/{b}': 'get' }, ['/v1/a/{b}'], 'https://x/v1'))
  expect(table.match('GET', '/v1/a/b/c').kind).toBe('operation')
  for (const unknown of ['/a/{c}', '/a', '/plain']) {
    expect(() => describeApi({ '/a/{b}': 'get', '/plain': 'get' }, [unknown])).toThrow(OpenApiError)
  }
})

test('only so many may span', () => {
  const paths = Object.fromEntries(Array.from({ length: 513 }, (_, i) => [`/a${i}/{b+}`, 'get']))
  expect(() => describeApi(paths)).toThrow(OpenApiError)
})

test('an operation that begins to span into what was guarded became public', () => {
  const before = describeApi({ '/f/{a}': { methods: 'get', open: true }, '/{x}/{b+}': 'get' })
  const after = describeApi({ '/f/{a+}': { methods: 'get', open: true }, '/{x}/{b+}': 'get' })
  expect(diffDescriptions(before, after).becamePublic).toEqual([{ method: 'GET', path: '/f/{a+}' }])
})

test('of two that have a path the longer one decides, as for branches with slashes in their names', () => {
  const table = compileRoutes(
    describeApi({
      '/branches/{branch}': { methods: 'get', multi: 'branch' },
      '/branches/{branch}/protection': { methods: 'get', multi: 'branch' },
      '/branches/{branch}/protection/users': { methods: 'put', multi: 'branch' },
    }),
  )
  const protection = ['/branches/{branch}/protection', { branch: 'feature/x' }]
  expect(outcome(table.match('GET', '/branches/feature/x/protection'))).toEqual(protection)
  expect(outcome(table.match('GET', '/branches/feature/x'))).toEqual(['/branches/{branch}', { branch: 'feature/x' }])
  expect(table.match('GET', '/branches/feature/x/protection/users').kind).toBe('method_not_allowed')
})

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { OpenApiError, type OpenApiErrorCode, readDocument, readOperations } from './index.ts'

const minimal = '"info":{"title":"T","version":"1"},"paths":{}'

function errorOf(text: string, options?: { bytesMax?: number }): { code: OpenApiErrorCode; where: string | undefined } {
  try {
    readDocument(text, options)
  } catch (error) {
    if (!(error instanceof OpenApiError)) throw error
    expect(error.message).not.toContain('\n')
    return { code: error.code, where: error.where }
  }
  throw new Error('the document was accepted')
}

describe('the version is recognised', () => {
  test.each([
    ['{"swagger":"2.0"}', '2.0'],
    ['swagger: 2.0', '2.0'],
    ['{"openapi":"3.0.3"}', '3.0'],
    ['openapi: 3.1.0', '3.1'],
    ['openapi: 3.1', '3.1'],
    ['{openapi: 3.2.0}', '3.2'],
    ['\ufeffopenapi: 3.0.0-rc1', '3.0'],
    ['%YAML 1.1\n---\nopenapi: 3.0.0', '3.0'],
  ])('%s', (text, version) => {
    expect(readDocument(text).version).toBe(version)
  })

  test.each([
    '{}',
    '{"openapi":"3.3.0"}',
    '{"openapi":"2.0"}',
    '{"openapi":"3.0.0x"}',
    '{"swagger":"1.2"}',
    '{"swagger":"2.0","openapi":"3.0.0"}',
    '{"openapi":null}',
    '{"openapi":["3.0.0"]}',
  ])('anything else is refused: %s', (text) => {
    expect(errorOf(text).code).toBe('unsupported_version')
  })
})

describe('a text that is not one object is refused, with the place', () => {
  test.each<[string, OpenApiErrorCode, string | undefined]>([
    ['', 'not_an_object', undefined],
    ['[]', 'not_an_object', undefined],
    ['just text', 'not_an_object', undefined],
    ['openapi: 3.0.0\na: [1', 'invalid_syntax', '2:6'],
    ['{"openapi": "3.0.0",\n "a": }x', 'invalid_syntax', '2:8'],
    ['openapi: 3.0.0\n---\nopenapi: 3.0.0', 'invalid_syntax', '1:1'],
    ['openapi: 3.0.0\npaths: {}\npaths: {}', 'duplicate_key', '3:1'],
    ['{"openapi": "3.0.0",\n "a": {"b": 1, "b": 1}}', 'duplicate_key', '2:16'],
    ['{"openapi": "3.0.0", "get": 1, "\\u0067et" : 2}', 'duplicate_key', '1:32'],
    ['{"openapi": "3.0.0", "a": [{"__proto__": 1, "__proto__": 2}]}', 'duplicate_key', '1:45'],
    ['openapi: 3.0.0\nc:\n  <<: 1', 'merge_key', '3:3'],
    ['openapi: 3.0.0\nc:\n  <<: [{a: 1}, null]', 'merge_key', '3:3'],
    ['openapi: 3.0.0\na: &a {b: 1}\nc:\n  <<: *a\n  <<: *a', 'duplicate_key', '5:3'],
    ['<!doctype html>\n<html><body>API docs</body></html>', 'not_a_description', undefined],
    ['\n<?xml version="1.0"?><a/>', 'not_a_description', undefined],
    ['{\n  // note\n  "openapi": "3.0.0"}', 'invalid_syntax', '2:3'],
    ['{"openapi": "3.0.0", "a": true /* note */}', 'invalid_syntax', '1:32'],
    ['{"openapi": "3.0.0", "a": {"b": 1} // }', 'invalid_syntax', '1:36'],
    ['openapi: 3.0.0\n? [a]\n: 1', 'invalid_syntax', '2:3'],
    ['openapi: 3.0.0\na: *nothing', 'invalid_syntax', '2:4'],
    ['openapi: 3.0.0\na: &a [*a]', 'reference_cycle', '2:8'],
    ['openapi: 3.0.0\na: &a {b: {c: *a}}', 'reference_cycle', '2:15'],
  ])('%j', (text, code, where) => {
    expect(errorOf(text)).toEqual({ code, where })
  })
})

describe('limits', () => {
  test('the size is counted in bytes of UTF-8', () => {
    const text = `{"openapi":"3.0.0","x":"${'é'.repeat(50)}"}`
    const bytes = new TextEncoder().encode(text).length
    expect(readDocument(text, { bytesMax: bytes }).version).toBe('3.0')
    expect(errorOf(text, { bytesMax: bytes - 1 }).code).toBe('document_too_large')
    expect(errorOf(`{"x":"${'x'.repeat(16 * 1024 * 1024)}"}`).code).toBe('document_too_large')
  })

  test.each([
    ['JSON', (n: number) => `{"openapi":"3.0.0","x":${'['.repeat(n)}${']'.repeat(n)}}`],
    ['YAML flow', (n: number) => `openapi: 3.0.0\nx: ${'['.repeat(n)}${']'.repeat(n)}`],
    ['YAML block', (n: number) => `openapi: 3.0.0\nx:\n  ${'- '.repeat(n)}1`],
  ])('%s may be 200 deep and not 201', (_, nested) => {
    expect(readDocument(nested(199)).version).toBe('3.0')
    expect(errorOf(nested(200)).code).toBe('document_too_deep')
    expect(errorOf(nested(50_000)).code).toBe('document_too_deep')
  })

  test('a bracket inside a string is no depth', () => {
    expect(readDocument(`{"openapi":"3.0.0","x":"\\"${'['.repeat(300)}"}`).version).toBe('3.0')
  })

  test('aliases are shared, and a document that means billions of values is refused', () => {
    const laughs = Array.from({ length: 9 }, (_, i) => `l${i + 1}: &l${i + 1} [${`*l${i},`.repeat(9)}]`)
    expect(errorOf(['openapi: 3.0.0', 'l0: &l0 ha', ...laughs].join('\n')).code).toBe('document_too_complex')
    const { root } = readDocument('openapi: 3.0.0\na: &a {b: 1}\nc: *a\nd: *a')
    expect(Reflect.get(root, 'd')).toBe(Reflect.get(root, 'a'))
  })
})

test('two lists and two objects may have the same keys, and a value may be what a key is called', () => {
  expect(readDocument('{"openapi":"3.0.0","a":[{"b":"b"},{"b":["a","a"]}],"c":{"a":"a"}}').version).toBe('3.0')
})

test('slashes in a text are no comment', () => {
  expect(readDocument('{openapi: 3.0.0, "a": "// b", url: https://x/y, c: see // there}').version).toBe('3.0')
})

describe('merge keys of YAML', () => {
  const read = (text: string) => readDocument(`openapi: 3.0.0\na: &a {x: 1, y: 2}\nb: &b {y: 3, z: 4}\n${text}`).root

  test.each<[string, object]>([
    ['c:\n  <<: *a\n  y: 5', { x: 1, y: 5 }],
    ['c:\n  y: 5\n  <<: *a', { x: 1, y: 5 }],
    ['c:\n  <<: [*b, *a]', { x: 1, y: 3, z: 4 }],
    ['c:\n  <<: {x: 6}', { x: 6 }],
    ['c:\n  "<<": 7', { '<<': 7 }],
    ['d: &d {<<: *a}\nc:\n  <<: *d', { x: 1, y: 2 }],
  ])('%j', (text, value) => {
    expect(read(text)).toHaveProperty('c', value)
  })

  test('a key __proto__ that is merged is a key', () => {
    expect(Object.hasOwn(read('e: &e {__proto__: {x: 1}}\nc:\n  <<: *e').c as object, '__proto__')).toBe(true)
  })

  test('they are counted like any other alias', () => {
    const levels = Array.from({ length: 9 }, (_, i) => {
      const keys = Array.from({ length: 9 }, (_, k) => `k${k}: {<<: *l${i}}`)
      return `l${i + 1}: &l${i + 1} {${keys.join(', ')}}`
    })
    expect(errorOf(['openapi: 3.0.0', 'l0: &l0 {h: 1}', ...levels].join('\n')).code).toBe('document_too_complex')
  })
})

describe('values', () => {
  test('a version keeps its spelling; every other value is what YAML 1.2 says', () => {
    const { root } = readDocument('openapi: 3.0.0\ninfo: {version: 1.10}\na: 0.0\nb: 0x10\nc: yes\nd: true\ne:')
    expect(root).toMatchObject({ info: { version: '1.10' }, a: 0, b: 16, c: 'yes', d: true, e: null })
  })

  test.each([`{"openapi":"3.0.0","__proto__":{"x":1},${minimal}}`, 'openapi: 3.0.0\n__proto__: {x: 1}'])(
    'a key __proto__ is a key and changes no object',
    (text) => {
      const { root } = readDocument(text)
      expect(Object.hasOwn(root, '__proto__')).toBe(true)
      expect(Reflect.get(root, 'x')).toBeUndefined()
    },
  )
})

test('any text is read or refused with a code, and never breaks anything', () => {
  const piece = fc.constantFrom(
    ...'{}[],:-&*!|>\'"%@#?\n \t~a1'.split(''),
    '\n  ',
    '- ',
    ': ',
    '&a ',
    '*a',
    '<<: ',
    '"paths"',
    '$ref',
  )
  fc.assert(
    fc.property(fc.constantFrom('', 'openapi: 3.0.0\n', '{"openapi":"3.0.0",'), fc.array(piece), (start, pieces) => {
      try {
        readOperations(readDocument(start + pieces.join('')))
      } catch (error) {
        expect(error).toBeInstanceOf(OpenApiError)
      }
    }),
    { numRuns: 2_000 },
  )
})

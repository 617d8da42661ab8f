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
    ['openapi: 3.0.0\na: &a {b: 1}\nc:\n  <<: *a', 'merge_key', '4:3'],
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

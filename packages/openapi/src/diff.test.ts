import { describe, expect, test } from 'vitest'
import { type ApiDescription, diffDescriptions, readDocument, readOperations } from './index.ts'

/** `{'/a': {get: 'x y'}}`: scopes, or `*` for public. */
function api(paths: { [path: string]: { [method: string]: string } }, url = ''): ApiDescription {
  const items = Object.entries(paths).map(([path, methods]) => {
    const operations = Object.entries(methods).map(([method, scopes]) => {
      return [method, { security: scopes === '*' ? [] : [{ s: scopes.split(' ') }] }]
    })
    return [path, Object.fromEntries(operations)]
  })
  return readOperations(
    readDocument(JSON.stringify({ openapi: '3.1.0', servers: [{ url }], paths: Object.fromEntries(items) })),
  )
}

const nothing = { added: [], removed: [], becamePublic: [], changed: [] }

test('a document is no different from itself, nor from one that only says the same otherwise', () => {
  expect(diffDescriptions(api({ '/a/{x}': { get: 'a b' } }), api({ '/a/{y}': { get: 'b a' } }))).toEqual(nothing)
})

test('without a document before, everything is added and nothing became public', () => {
  expect(diffDescriptions(undefined, api({ '/a': { get: '*', put: 'x' } }, 'https://h/v1'))).toEqual({
    ...nothing,
    added: [
      { method: 'GET', path: '/v1/a' },
      { method: 'PUT', path: '/v1/a' },
    ],
  })
})

test('added, removed and changed routes are listed with the base path', () => {
  const diff = diffDescriptions(
    api({ '/a': { get: 'x' }, '/b': { get: 'x' } }, '/v1'),
    api({ '/a': { get: 'y' }, '/c': { get: 'x' } }, '/v1'),
  )
  expect(diff).toEqual({
    added: [{ method: 'GET', path: '/v1/c' }],
    removed: [{ method: 'GET', path: '/v1/b' }],
    becamePublic: [],
    changed: [
      {
        method: 'GET',
        path: '/v1/a',
        before: { requires: [['x']], public: false },
        after: { requires: [['y']], public: false },
      },
    ],
  })
})

describe('a route became public', () => {
  test.each<[string, Parameters<typeof api>[0], Parameters<typeof api>[0], readonly string[]]>([
    ['in so many words', { '/a': { get: 'x' } }, { '/a': { get: '*' } }, ['GET /a']],
    ['under another name of its parameter', { '/a/{x}': { get: 'x' } }, { '/a/{y}': { get: '*' } }, ['GET /a/{y}']],
    [
      'by a new path under a guarded template',
      { '/u/{id}': { get: 'x' } },
      { '/u/{id}': { get: 'x' }, '/u/me': { get: '*' } },
      ['GET /u/me'],
    ],
    [
      'by removing it from above a public template',
      { '/u/{id}': { get: '*' }, '/u/me': { get: 'x' } },
      { '/u/{id}': { get: '*' } },
      ['GET /u/me'],
    ],
    ['by no longer describing its HEAD', { '/a': { get: '*', head: 'x' } }, { '/a': { get: '*' } }, ['HEAD /a']],
  ])('%s', (_, before, after, expected) => {
    const { becamePublic } = diffDescriptions(api(before), api(after))
    expect(becamePublic.map(({ method, path }) => `${method} ${path}`)).toEqual(expected)
  })

  test.each<[string, Parameters<typeof api>[0], Parameters<typeof api>[0]]>([
    ['it was public before', { '/a': { get: '*' } }, { '/a': { get: '*' } }],
    ['it only lost scopes', { '/a': { get: 'x y' } }, { '/a': { get: 'x' } }],
    ['it is new', { '/a': { get: 'x' } }, { '/a': { get: 'x' }, '/b': { get: '*' } }],
    ['it is gone', { '/a': { get: 'x' } }, { '/b': { get: '*' } }],
    ['it can never be reached', { '/a/../b': { get: 'x' } }, { '/a/../b': { get: '*' }, '/\ud800': { get: '*' } }],
  ])('not when %s', (_, before, after) => {
    expect(diffDescriptions(api(before), api(after)).becamePublic).toEqual([])
  })
})

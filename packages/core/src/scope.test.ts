import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { cpuMs } from '../../../scripts/cpu_ms.ts'
import { limits } from './limits.ts'
import {
  formatScope,
  intersectScope,
  isScopeToken,
  missingScope,
  parseScope,
  readScope,
  scopeInputOf,
  structureScope,
  unionScope,
} from './scope.ts'

describe('the three forms mean the same', () => {
  test.each([
    ['a string', 'read:users create:users'],
    ['a list', ['read:users', 'create:users']],
    ['the structured form', { users: { actions: ['read', 'create'] } }],
    ['a string with a repeat', 'read:users create:users read:users'],
  ])('%s', (_, input) => expect(readScope(input)).toEqual({ scope: ['read:users', 'create:users'] }))
})

test('the empty scope is empty in every form', () => {
  for (const input of ['', [], {}, { users: { actions: [] } }]) expect(readScope(input)).toEqual({ scope: [] })
})

describe('what is no scope is refused with the rule', () => {
  test.each([
    undefined,
    null,
    5,
    true,
    ' a',
    'a ',
    'a  b',
    'a\tb',
    'a\nb',
    'a"b',
    'a\\b',
    'ä',
    ['a b'],
    [''],
    [5],
    [null],
    { users: 'read' },
    { users: { actions: 'read' } },
    { users: { actions: [5] } },
    { users: { actions: ['read'], more: 1 } },
    { 'us ers': { actions: ['read'] } },
    'a'.repeat(limits.scopeTokenBytesMax + 1),
    Array.from({ length: limits.scopeTokensMax + 1 }, (_, index) => `s${index}`),
  ])('%#', (input) => expect(readScope(input)).toHaveProperty('problem'))
})

test('CVE-2025-2559 CVE-2026-79651: half a million scopes are refused in no time', () => {
  const text = 'a '.repeat(500_000).trim()
  const beganAt = cpuMs()
  expect(readScope(text)).toHaveProperty('problem')
  expect(cpuMs() - beganAt).toBeLessThan(50)
})

test('a scope that was written is read back the same', () => {
  const token = fc.stringMatching(/^[\x21\x23-\x5b\x5d-\x7e]{1,20}$/)
  fc.assert(
    fc.property(fc.uniqueArray(token, { maxLength: 20 }), (scope) => {
      expect(readScope(formatScope(scope))).toEqual({ scope })
      expect(parseScope(formatScope(scope))).toEqual(scope)
    }),
  )
})

test('any input is read or refused, never thrown at', () => {
  fc.assert(fc.property(fc.anything(), (input) => typeof readScope(input) === 'object'))
})

test('sets meet, join and differ by whole tokens, compared byte for byte', () => {
  expect(intersectScope(['a', 'b'], ['b', 'B', 'c'])).toEqual(['b'])
  expect(unionScope(['a'], ['b', 'a'])).toEqual(['a', 'b'])
  expect(missingScope(['a', 'b'], ['a'])).toEqual(['b'])
  expect(missingScope([], [])).toEqual([])
  expect(isScopeToken('orders:read')).toBe(true)
  expect(isScopeToken('')).toBe(false)
})

describe('the structured form where an API has names of its own', () => {
  const input = { users: { actions: ['read'] } }
  const read = (known: readonly string[], onBoth: 'refuse' | 'neither') => readScope(input, { known, onBoth })

  test.each<[readonly string[], readonly string[]]>([
    [[], ['read:users']],
    [['read:users'], ['read:users']],
    [['users:read'], ['users:read']],
    [['users:write'], ['read:users']],
  ])('with %j it means %j', (known, scope) => {
    for (const onBoth of ['refuse', 'neither'] as const) expect(read(known, onBoth)).toEqual({ scope })
  })

  test('where both are known it is refused with both names, or means neither', () => {
    const both = ['users:read', 'read:users']
    expect(read(both, 'refuse')).toMatchObject({ problem: expect.stringContaining('read:users or users:read') })
    expect(read(both, 'neither')).toEqual({ scope: [] })
    expect(readScope({ a: { actions: ['a'] } }, { known: ['a:a'], onBoth: 'refuse' })).toEqual({ scope: ['a:a'] })
  })

  test('strings and lists mean what they say', () => {
    for (const text of ['read:users', ['read:users']])
      expect(readScope(text, { known: ['users:read'], onBoth: 'refuse' })).toEqual({ scope: ['read:users'] })
  })
})

test('a text is JSON of a list or an object, or the string itself', () => {
  expect(scopeInputOf('["a","b"]')).toEqual(['a', 'b'])
  expect(scopeInputOf('{"users":{"actions":["read"]}}')).toEqual({ users: { actions: ['read'] } })
  for (const text of ['', 'a b', '[a]', '{', 'null', '1', `["${'a'.repeat(1_000_000)}"]`])
    expect(scopeInputOf(text)).toBe(text)
})

test('the structured form leaves out what it cannot say, and comes back as it was', () => {
  const scope = ['read:users', 'create:users', 'read:orders', 'admin', 'a:b:c', 'read:__proto__']
  const structured = structureScope(scope)
  expect(JSON.stringify(structured)).toBe(
    '{"users":{"actions":["read","create"]},"orders":{"actions":["read"]},"__proto__":{"actions":["read"]}}',
  )
  expect(readScope(structured)).toEqual({ scope: scope.filter((token) => token.split(':').length === 2) })
})

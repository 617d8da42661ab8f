import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { claimMatches, matchesPattern, saysSomething } from './claim_pattern.ts'

describe('a pattern', () => {
  it.each([
    ['repo:acme/api:ref:refs/heads/main', 'repo:acme/api:ref:refs/heads/main'],
    ['repo:acme/*:ref:refs/heads/main', 'repo:acme/api:ref:refs/heads/main'],
    ['repo:acme/*:ref:refs/tags/v*', 'repo:acme/api:ref:refs/tags/v1.2'],
    ['system:serviceaccount:*:builder', 'system:serviceaccount:ci:builder'],
    ['a*c*e', 'abcde'],
    ['*a*a', 'aaaa'],
    ['*', 'x'],
    ['*/*', 'a/b'],
    ['', ''],
  ])('%s describes %s', (pattern, text) => {
    expect(matchesPattern(pattern, text)).toBe(true)
  })

  it.each([
    ['a star takes in no slash', 'repo:acme/*', 'repo:acme/a/b'],
    ['a star takes in no colon', 'repo:acme/*:ref:refs/heads/main', 'repo:acme/x:environment:y:ref:refs/heads/main'],
    ['a star takes in one character at least', 'v*', 'v'],
    ['two stars take in two', '**', 'x'],
    ['an empty segment is none', 'repo:acme/*', 'repo:acme/'],
    ['nothing may stand before', 'acme/*', 'evil/acme/x'],
    ['nothing may stand after', 'refs/heads/main', 'refs/heads/main2'],
    ['letters keep their case', 'repo:Acme/api', 'repo:acme/api'],
    ['no other form is the same', 'caf\u00e9', 'cafe\u0301'],
    ['a point is a point', 'a.c', 'abc'],
    ['a plus is a plus', 'a+', 'aa'],
    ['a bracket is a bracket', '[ab]', 'a'],
    ['a question mark is one', 'a?', 'ab'],
    ['a backslash is one', 'a\\*', 'ab'],
    ['a newline is not overlooked', 'main', 'main\n'],
    ['parts do not overlap', 'ab*ba', 'aba'],
    ['separators are told apart', 'a/b', 'a:b'],
  ])('%s: %s does not describe %s', (_, pattern, text) => {
    expect(matchesPattern(pattern, text)).toBe(false)
  })

  it('without a star is equality, whatever its characters', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (pattern, text) => {
        const plain = pattern.replaceAll('*', '')
        expect(matchesPattern(plain, text)).toBe(plain === text)
        expect(matchesPattern(plain, plain)).toBe(true)
      }),
    )
  })

  it('agrees with a regular expression made of it', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '/', ':') })
    const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '/', ':', '*') })
    fc.assert(
      fc.property(pattern, text, (one, other) => {
        const expression = new RegExp(`^${one.replaceAll('*', '[^/:]+')}$`)
        expect(matchesPattern(one, other)).toBe(expression.test(other))
      }),
      { numRuns: 2_000 },
    )
  })

  it('says something only with a character of its own', () => {
    expect(['*', '**', '*/*', '*:*', '/', ''].map(saysSomething)).toEqual([false, false, false, false, false, false])
    expect(['a', 'a*', '*a', 'repo:*', '.'].map(saysSomething)).toEqual([true, true, true, true, true])
  })
})

describe('a claim', () => {
  const claims = {
    sub: 'ann',
    groups: ['dev', 'ops', 7, null, { a: 'dev2' }],
    email_verified: true,
    id: 42,
    huge: 1e300,
    nothing: null,
    realm_access: { roles: ['reader'], 'a/b~c': 'x' },
    'kubernetes.io': { namespace: 'ci' },
    long: 'x'.repeat(1_025),
    '': 'empty name',
  }

  it.each([
    ['sub', 'ann', true],
    ['sub', 'an', false],
    ['groups', 'ops', true],
    ['groups', '7', true],
    ['groups', 'dev2', false],
    ['groups', 'dev,ops', false],
    ['groups', 'null', false],
    ['email_verified', 'true', true],
    ['id', '42', true],
    ['huge', '1e+300', false],
    ['nothing', 'null', false],
    ['nothing', '*', false],
    ['absent', '*', false],
    ['realm_access', '*', false],
    ['/realm_access/roles', 'reader', true],
    ['/realm_access/roles', 'writer', false],
    ['/realm_access/a~1b~0c', 'x', true],
    ['/realm_access/roles/0', 'reader', false],
    ['/kubernetes.io/namespace', 'ci', true],
    ['/sub', 'ann', true],
    ['/sub/length', '3', false],
    ['/constructor/name', 'Object', false],
    ['constructor', '*', false],
    ['__proto__', '*', false],
    ['/__proto__/x', '*', false],
    ['toString', '*', false],
    ['long', 'x*', false],
    ['/', 'empty name', true],
  ])('%s is %s: %s', (name, pattern, expected) => {
    expect(claimMatches(claims, name, pattern)).toBe(expected)
  })
})

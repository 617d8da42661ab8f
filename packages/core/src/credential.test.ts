import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isCredentialHeaderName, isPresented, parseCredential, readCredential } from './credential.ts'

const key = 'cs_test_0123456789AB_0123456789ABCDEFGHIJKLMNOPQRSTUV0hvK6L'
const none: readonly string[] = []

test('a bearer credential and an API key header are read alike', () => {
  expect(readCredential({ authorization: [`Bearer ${key}`], apiKey: none })).toEqual({ text: key })
  expect(readCredential({ authorization: [`bearer   ${key}`], apiKey: none })).toEqual({ text: key })
  expect(readCredential({ authorization: none, apiKey: [key] })).toEqual({ text: key })
})

test('no header at all is a missing credential', () => {
  expect(readCredential({ authorization: none, apiKey: none })).toMatchObject({
    rejection: { code: 'missing_credential' },
  })
})

describe('CVE-2026-0707 CVE-2026-9803: a malformed or second credential is invalid_request', () => {
  test.each<[string, readonly string[], readonly string[]]>([
    ['only the scheme', ['Bearer'], none],
    ['only the scheme and a space', ['Bearer '], none],
    ['two words', ['Bearer a b'], none],
    ['an empty value', [''], none],
    ['an empty API key', none, ['']],
    ['a credential without its scheme', [key], none],
    ['two in one field', [`Bearer ${key}, Bearer ${key}`], none],
    ['a credential behind another scheme', [`Digest a="b", Bearer ${key}`], none],
    ['another scheme behind a credential', [`Bearer ${key}, Digest a="b"`], none],
    ['two fields of which one has another scheme', ['Digest a', `Bearer ${key}`], none],
    ['two fields', [`Bearer ${key}`, `Bearer ${key}`], none],
    ['one of each', [`Bearer ${key}`], [key]],
    ['two API keys', none, [key, key]],
    ['API keys joined by a comma', none, [`${key},${key}`]],
    ['a megabyte', [`Bearer ${'a'.repeat(1_000_000)}`], none],
  ])('%s', (_, authorization, apiKey) => {
    expect(readCredential({ authorization, apiKey })).toMatchObject({ rejection: { code: 'invalid_request' } })
  })
})

test.each([
  'Basic YTpi',
  'Negotiate',
  'Digest username="a", realm="b"',
  'AWS4-HMAC-SHA256 x',
  `Token ${key}`,
  'bearerish a',
])('%s is another scheme: no credential, and none beside a key', (value) => {
  for (const fetchSite of [{}, { fetchSite: none }]) {
    const read = (apiKey: readonly string[]) => readCredential({ authorization: [value], apiKey, ...fetchSite })
    expect(read(none)).toMatchObject({ rejection: { code: 'missing_credential' } })
    expect(read([key])).toEqual({ text: key })
  }
  expect(isPresented(value)).toBe(false)
})

describe('a key as the user name of Basic', () => {
  const basic = (pair: string): readonly string[] => [`Basic ${btoa(pair)}`]
  const read = (authorization: readonly string[], fetchSite: readonly string[] = none) =>
    readCredential({ authorization, apiKey: none, fetchSite })

  test('is the credential where Basic is taken, and nothing where it is not', () => {
    expect(read(basic(`${key}:`))).toEqual({ text: key })
    expect(isPresented(basic(`${key}:`)[0] as string)).toBe(true)
    expect(readCredential({ authorization: basic(`${key}:`), apiKey: none })).toMatchObject({
      rejection: { code: 'missing_credential' },
    })
  })

  test.each([`${key}:x`, `:${key}`, key, `${key.slice(0, -1)}x:`, 'a:', ':', 'a.b.c:'])(
    '%s is no such pair',
    (pair) => {
      expect(read(basic(pair))).toMatchObject({ rejection: { code: 'missing_credential' } })
    },
  )

  test('beside another credential it is invalid_request', () => {
    const both = { authorization: basic(`${key}:`), apiKey: [key], fetchSite: none }
    expect(readCredential(both)).toMatchObject({ rejection: { code: 'invalid_request' } })
  })

  test('is refused when a page of another site made the request', () => {
    for (const site of ['none', 'same-origin']) expect(read(basic(`${key}:`), [site])).toEqual({ text: key })
    for (const sites of [['cross-site'], ['same-site'], [''], ['none', 'cross-site'], ['none, cross-site']]) {
      expect(read(basic(`${key}:`), sites)).toMatchObject({ rejection: { code: 'origin_not_allowed' } })
    }
  })
})

test('the kind is told by shape alone; a client secret is no credential for an API', () => {
  expect(parseCredential(key)).toMatchObject({ kind: 'key', key: { id: '0123456789AB' } })
  expect(parseCredential('a.b.c')).toEqual({ kind: 'jwt', text: 'a.b.c' })
  const others = ['', 'a', 'a.b', 'a.b.c.d', 'a.b.c.d.e', `${key}x`, 'x'.repeat(20_000)]
  for (const text of others) expect(parseCredential(text)).toBeUndefined()
})

test('any text is read or refused, never thrown at', () => {
  fc.assert(
    fc.property(
      fc.string(),
      fc.string(),
      (a, b) => void [parseCredential(a), readCredential({ authorization: [a], apiKey: [b] })],
    ),
  )
})

test.each(['X-Auth-Token', 'Api-Key', 'Authorization', 'x_key'])(
  '%s may be named as a place of credentials',
  (name) => {
    expect(isCredentialHeaderName(name)).toBe(true)
  },
)

test.each([
  ...['Connection', 'TE', 'Upgrade', 'Proxy-Authorization', 'Host', 'cookie', 'Origin', 'Content-Type', 'Forwarded'],
  ...['X-Forwarded-For', 'X_Forwarded_For', 'X-Real-IP', 'X-Countersign-Client', 'a b', 'a:b', '', 'é', 'a'.repeat(65)],
])('%j may not', (name) => {
  expect(isCredentialHeaderName(name)).toBe(false)
})

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isCredentialHeaderName, parseCredential, readCredential } from './credential.ts'

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
    ['another scheme', ['Basic YTpi'], none],
    ['an empty value', [''], none],
    ['an empty API key', none, ['']],
    ['a credential without its scheme', [key], none],
    ['two in one field', [`Bearer ${key}, Bearer ${key}`], none],
    ['two fields', [`Bearer ${key}`, `Bearer ${key}`], none],
    ['one of each', [`Bearer ${key}`], [key]],
    ['two API keys', none, [key, key]],
    ['API keys joined by a comma', none, [`${key},${key}`]],
    ['a megabyte', [`Bearer ${'a'.repeat(1_000_000)}`], none],
  ])('%s', (_, authorization, apiKey) => {
    expect(readCredential({ authorization, apiKey })).toMatchObject({ rejection: { code: 'invalid_request' } })
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

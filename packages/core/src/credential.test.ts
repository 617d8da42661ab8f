import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  credentialHeadersFlaw,
  credentialPlaces,
  holdsCredential,
  isCredentialHeaderName,
  isPresented,
  parseCredential,
  readCredential,
} from './credential.ts'

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
  'Digest username="a", nonce="a.b.c"',
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

describe('in a header that the API names', () => {
  const jwt = `${btoa('{"alg":"ES256"}').replace(/=+$/, '')}.e30.c2ln`
  const secret = 'cs_secret_0123456789AB_0123456789ABCDEFGHIJKLMNOPQRSTUV'
  const read = (named: readonly string[], more: object = {}) =>
    readCredential({ authorization: none, apiKey: none, fetchSite: none, named, ...more })

  test.each([key, ` ${key} `, jwt, `${btoa('{ "typ":1}').replace(/=+$/, '')}.e30.`])('%j is a credential', (value) => {
    expect(read([value])).toEqual({ text: value.trim() })
    expect(read(['another value, of the API’s own', value])).toEqual({ text: value.trim() })
    expect(holdsCredential(value)).toBe(true)
  })

  test.each([
    ...['', ' ', 'anything', '1.2.3', 'a.b.c', 'a, b', `Bearer ${key}`, `"${key}"`, `${key}x`, secret, `${key};a`],
    ...['www.example.com, a.b.c', `${jwt}.x`, `${jwt} x`, 'x'.repeat(1_000_000), ','.repeat(1_000)],
  ])('%.40j is the API’s own affair', (value) => {
    expect(read([value])).toMatchObject({ rejection: { code: 'missing_credential' } })
    expect(read([value], { authorization: [`Bearer ${key}`] })).toEqual({ text: key })
    expect(holdsCredential(value)).toBe(false)
  })

  test.each<[string, readonly string[], object]>([
    ['two in two headers', [key, jwt], {}],
    ['the same in two headers', [key, key], {}],
    ['two in one', [`${key},${jwt}`], {}],
    ['one and another value in one', [`${key}, x`], {}],
    ['another value and one', [`x,${key}`], {}],
    ['one and nothing', [`${key},`], {}],
    ['one and a bearer', [key], { authorization: [`Bearer ${key}`] }],
    ['one and a malformed bearer', [key], { authorization: ['Bearer'] }],
    ['one and a key as Basic', [key], { authorization: [`Basic ${btoa(`${key}:`)}`] }],
    [
      'one and a key as Basic from another site',
      [key],
      { authorization: [`Basic ${btoa(`${key}:`)}`], fetchSite: ['cross-site'] },
    ],
    ['one and an API key', [key], { apiKey: [key] }],
    ['one and an empty API key', [key], { apiKey: [''] }],
    ['one and two bearers', [key], { authorization: [`Bearer ${key}`, `Bearer ${key}`] }],
  ])('%s are two credentials', (_, named, more) => {
    expect(read(named, more)).toMatchObject({ rejection: { code: 'invalid_request' } })
  })

  test('it stands beside another scheme, which is no credential', () => {
    expect(read([key], { authorization: ['Digest a="b"'] })).toEqual({ text: key })
  })

  describe('Authorization', () => {
    const bare = (field: string, more: object = {}) =>
      read([], { authorization: [field], isSchemeOptional: true, ...more })

    test('a credential without a scheme is read, and those with one as ever', () => {
      for (const value of [key, jwt]) expect(bare(value)).toEqual({ text: value })
      expect(bare(`Bearer ${key}`)).toEqual({ text: key })
      expect(bare(`Basic ${btoa(`${key}:`)}`)).toEqual({ text: key })
    })

    test.each(['Digest username="a", realm="b", nonce="a.b.c"', 'Negotiate', 'a.b.c, d', 'Basic YTpi'])(
      '%s is no credential',
      (field) => {
        expect(bare(field)).toMatchObject({ rejection: { code: 'missing_credential' } })
      },
    )

    test.each<[string, object]>([
      [`${key},${key}`, {}],
      [`Bearer ${key}, ${key}`, {}],
      [`Digest a="b", ${key}`, {}],
      [key, { apiKey: [key] }],
      [key, { apiKey: [''] }],
      [key, { named: [key] }],
      [key, { authorization: [key, key] }],
      [key, { authorization: [key, 'Digest a'] }],
    ])('%.12s… and more is invalid_request', (field, more) => {
      expect(bare(field, more)).toMatchObject({ rejection: { code: 'invalid_request' } })
    })
  })

  test('places leave out what is read anyway', () => {
    for (const none of [undefined, [], ['x-API-key']]) expect(credentialPlaces(none)).toBeUndefined()
    expect(credentialPlaces(['X-Partner-Key', 'X-API-Key'])).toEqual({
      names: ['x-partner-key'],
      isSchemeOptional: false,
    })
    expect(credentialPlaces(['AUTHORIZATION'])).toEqual({ names: [], isSchemeOptional: true })
  })

  test('any text is read or refused, never thrown at', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.string(), fc.constant(key), fc.constant(`${key},`))),
        fc.boolean(),
        (values, isSchemeOptional) => {
          const outcome = read(values, { authorization: values.slice(1), isSchemeOptional })
          // A credential is read only where it is the whole of one field.
          if ('text' in outcome) expect(values.filter((value) => value.includes(key)).length).toBeGreaterThan(0)
        },
      ),
    )
  })
})

test.each<[string, readonly string[], number]>([
  ['five', ['A', 'B', 'C', 'D', 'E'], 4],
  ['a refused name', ['X-Partner-Key', 'Cookie'], 1],
  ['a name spelled as a refused one could be read', ['Content.Type'], 0],
  ['one name twice, whatever its case', ['X-Partner-Key', 'x-partner-KEY'], 1],
  ['two names that an upstream could take for one', ['X-Partner-Key', 'X_Partner_Key'], 1],
])('an API may not name %s', (_, names, index) => {
  expect(credentialHeadersFlaw(names)).toMatchObject({ index })
})

test('an API may name four headers, Authorization and X-API-Key among them', () => {
  expect(credentialHeadersFlaw(['Authorization', 'X-API-Key', 'X-Partner-Key', 'Token'])).toBeUndefined()
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

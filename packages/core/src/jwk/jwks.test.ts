import { expect, test } from 'vitest'
import { generateKeyPair } from '#crypto'
import { jwksKeysMax } from '../jwt/limits.ts'
import { JwkError } from './jwk_error.ts'
import { parseJwks } from './jwks.ts'

const purpose = 'trusted_issuer'
const { publicJwk: a, privateJwk } = await generateKeyPair('ES256')
const { publicJwk: b } = await generateKeyPair('EdDSA')
const secret = { kty: 'oct', alg: 'HS256', k: Buffer.alloc(32, 1).toString('base64url') }

function codeOf(value: unknown): string | undefined {
  try {
    parseJwks(value, { purpose, allowSymmetric: true })
    return undefined
  } catch (error) {
    return error instanceof JwkError ? error.code : String(error)
  }
}

test('every key that is for us is imported, in the order of the set', () => {
  const { keys, refused } = parseJwks(
    {
      keys: [
        { ...a, kid: 'a' },
        { ...b, kid: 'b' },
      ],
    },
    { purpose },
  )
  expect(keys.map(({ kid, alg }) => [kid, alg])).toEqual([
    ['a', 'ES256'],
    ['b', 'EdDSA'],
  ])
  expect(refused).toEqual([])
})

test('a key that is not for us is listed and not used', () => {
  const foreign = [{ ...a, use: 'enc' }, { kty: 'AKP', alg: 'ML-DSA-44', pub: 'AA' }, 'text', { ...b, kid: 'b' }]
  const { keys, refused } = parseJwks({ keys: foreign }, { purpose })
  expect(keys.map(({ kid }) => kid)).toEqual(['b'])
  expect(refused.map(({ index, error }) => [index, error.code])).toEqual([
    [0, 'wrong_use'],
    [1, 'unsupported_key_type'],
    [2, 'not_a_jwk'],
  ])
})

test.each([
  ['not_a_jwk_set', undefined],
  ['not_a_jwk_set', null],
  ['not_a_jwk_set', 'text'],
  ['not_a_jwk_set', []],
  ['not_a_jwk_set', {}],
  ['not_a_jwk_set', { keys: {} }],
  ['not_a_jwk_set', Object.create({ keys: [a] })],
  ['too_many_keys', { keys: Array.from({ length: jwksKeysMax + 1 }, () => a) }],
  ['mixed_key_set', { keys: [a, secret] }],
  [
    'duplicate_kid',
    {
      keys: [
        { ...a, kid: 'k' },
        { ...b, kid: 'k' },
      ],
    },
  ],
  [
    'duplicate_kid',
    {
      keys: [
        { ...a, kid: 'k', use: 'enc' },
        { ...b, kid: 'k' },
      ],
    },
  ],
  ['private_member', { keys: [{ ...b, kid: 'b' }, privateJwk] }],
  [undefined, { keys: [secret] }],
  [undefined, { keys: [] }],
])('a set is refused whole: %s', (code, value) => {
  expect(codeOf(value)).toBe(code)
})

test('secrets in a set are keys only where that was said', () => {
  const { keys, refused } = parseJwks({ keys: [secret] }, { purpose })
  expect(keys).toEqual([])
  expect(refused[0]?.error.code).toBe('symmetric_not_allowed')
})

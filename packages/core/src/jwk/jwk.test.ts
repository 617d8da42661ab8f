import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { generateKeyPair } from '#crypto'
import { algorithms, isAsymmetric, issuingAlgorithms, type JwsAlgorithm } from '../jws/algorithm.ts'
import type { PrivateJwk, PublicJwk } from './jwk.ts'
import { JwkError, type JwkErrorCode } from './jwk_error.ts'
import { publicJwk } from './public_jwk.ts'
import { importSigningKey, isSigningKey } from './signing_key.ts'
import { jwkThumbprint } from './thumbprint.ts'
import { importVerificationKey, isVerificationKey, type VerificationKeyOptions } from './verification_key.ts'

const purpose = 'access_token'
const secret: PrivateJwk = { kty: 'oct', k: Buffer.alloc(64, 1).toString('base64url') }
const es256 = await generateKeyPair('ES256')
const es384 = await generateKeyPair('ES384')
const eddsa = await generateKeyPair('EdDSA')
const rs256 = await generateKeyPair('RS256')
const keyObject = createPublicKey({ key: es256.publicJwk as JsonWebKey, format: 'jwk' })

function codeOf(jwk: unknown, options: Partial<VerificationKeyOptions> = {}): JwkErrorCode | undefined {
  try {
    importVerificationKey(jwk, { purpose, ...options })
    return undefined
  } catch (error) {
    if (error instanceof JwkError) return error.code
    throw error
  }
}

describe('a key that is taken', () => {
  test.each((Object.keys(algorithms) as JwsAlgorithm[]).filter(isAsymmetric))('carries exactly %s', async (alg) => {
    const pair = await generateKeyPair(alg)
    const key = importVerificationKey({ ...pair.publicJwk, kid: 'k' }, { purpose })
    expect(key).toMatchObject({ alg, kid: 'k', purposes: new Set([purpose]) })
    expect(isVerificationKey(key)).toBe(true)
    expect(importSigningKey({ ...pair.privateJwk, kid: 'k' })).toMatchObject({ alg, kid: 'k' })
  })

  test('an EC or Ed25519 key needs no "alg", since its curve leaves no choice', () => {
    const withoutAlg = ({ alg: _, ...jwk }: PublicJwk) => jwk
    expect(importVerificationKey(withoutAlg(es256.publicJwk), { purpose }).alg).toBe('ES256')
    expect(importVerificationKey(withoutAlg(es384.publicJwk), { purpose }).alg).toBe('ES384')
    expect(importVerificationKey(withoutAlg(eddsa.publicJwk), { purpose }).alg).toBe('EdDSA')
    expect(codeOf(withoutAlg(rs256.publicJwk))).toBe('algorithm_missing')
    expect(importVerificationKey(withoutAlg(rs256.publicJwk), { purpose, alg: 'PS256' }).alg).toBe('PS256')
  })

  test('may have several purposes, never none and never an unknown one', () => {
    const purposes = ['client_assertion', 'self_issued_jwt'] as const
    expect(importVerificationKey(es256.publicJwk, { purpose: purposes }).purposes).toEqual(new Set(purposes))
    expect(() => codeOf(es256.publicJwk, { purpose: [] })).toThrow(TypeError)
    expect(() => codeOf(es256.publicJwk, { purpose: 'anything' as 'access_token' })).toThrow(TypeError)
    expect(() => importVerificationKey(es256.publicJwk, {} as VerificationKeyOptions)).toThrow(TypeError)
  })

  test('is a secret only where that was said, and as long as the hash', () => {
    const bytes = (count: number) => ({ kty: 'oct', k: Buffer.alloc(count, 1).toString('base64url') })
    expect(codeOf(secret, { alg: 'HS256' })).toBe('symmetric_not_allowed')
    expect(codeOf(secret, { alg: 'HS256', allowSymmetric: false })).toBe('symmetric_not_allowed')
    expect(codeOf(secret, { alg: 'HS256', allowSymmetric: true })).toBeUndefined()
    for (const [alg, size] of [
      ['HS256', 32],
      ['HS384', 48],
      ['HS512', 64],
    ] as const) {
      expect(codeOf(bytes(size), { alg, allowSymmetric: true })).toBeUndefined()
      expect(codeOf(bytes(size - 1), { alg, allowSymmetric: true })).toBe('weak_key')
    }
    expect(codeOf(secret, { allowSymmetric: true })).toBe('algorithm_missing')
  })

  test('cannot be printed with what is private in it', async () => {
    const key = importSigningKey({ ...es256.privateJwk, kid: 'k' })
    const { inspect } = await import('node:util')
    expect(JSON.stringify(key) + inspect(key, { depth: 9, showHidden: true })).not.toContain(es256.privateJwk.d)
  })
})

describe('a key that is refused', () => {
  test.each([
    ['PEM text', 'not_a_jwk', keyObject.export({ format: 'pem', type: 'spki' })],
    ['bytes', 'not_a_jwk', Buffer.from(JSON.stringify(es256.publicJwk))],
    ['JWK text', 'not_a_jwk', JSON.stringify(es256.publicJwk)],
    ['a KeyObject', 'not_a_jwk', keyObject],
    ['an object with a toString', 'not_a_jwk', { ...es256.publicJwk, toString: () => 'secret' }],
    ['an instance of a class', 'not_a_jwk', Object.assign(new (class Key {})(), es256.publicJwk)],
    ['inherited members', 'not_a_jwk', Object.create(es256.publicJwk)],
    ['an array', 'not_a_jwk', [es256.publicJwk]],
    ['a set of keys', 'invalid_member', { keys: [es256.publicJwk] }],
    ['null', 'not_a_jwk', null],
    ['undefined', 'not_a_jwk', undefined],
    ['a number', 'not_a_jwk', 7],
    ['nothing in it', 'invalid_member', {}],
    ['"kty" of another type', 'invalid_member', { ...es256.publicJwk, kty: ['EC'] }],
    ['an unknown type', 'unsupported_key_type', { ...es256.publicJwk, kty: 'AKP' }],
    ['another spelling of the type', 'unsupported_key_type', { ...es256.publicJwk, kty: 'ec' }],
    ['an unknown curve', 'algorithm_missing', { kty: 'EC', crv: 'secp256k1', x: 'AA', y: 'AA' }],
    ['an unknown algorithm', 'unsupported_algorithm', { ...es256.publicJwk, alg: 'ES521' }],
    ['an inherited word as algorithm', 'unsupported_algorithm', { ...es256.publicJwk, alg: 'constructor' }],
    ['no signature as algorithm', 'unsupported_algorithm', { ...es256.publicJwk, alg: 'none' }],
    ['an algorithm of another type', 'algorithm_mismatch', { ...es256.publicJwk, alg: 'RS256' }],
    ['an algorithm of another curve', 'algorithm_mismatch', { ...es256.publicJwk, alg: 'ES384' }],
    ['an HMAC over a public key', 'algorithm_mismatch', { ...rs256.publicJwk, alg: 'HS256' }],
    ['a use for encryption', 'wrong_use', { ...es256.publicJwk, use: 'enc' }],
    ['operations without verify', 'wrong_use', { ...es256.publicJwk, key_ops: ['sign'] }],
    ['operations for encryption', 'wrong_use', { ...es256.publicJwk, key_ops: ['encrypt', 'wrapKey'] }],
    ['an operation named twice', 'invalid_member', { ...es256.publicJwk, key_ops: ['verify', 'verify'] }],
    ['operations as text', 'invalid_member', { ...es256.publicJwk, key_ops: 'verify' }],
    ['a private EC key', 'private_member', es256.privateJwk],
    ['a private RSA key', 'private_member', rs256.privateJwk],
    ['a secret beside a public key', 'private_member', { ...rs256.publicJwk, k: 'AAAA' }],
    ['more than two primes', 'invalid_member', { ...rs256.publicJwk, oth: [] }],
    ['a kid of 257 characters', 'invalid_member', { ...es256.publicJwk, kid: 'k'.repeat(257) }],
    ['a kid with a NUL', 'invalid_member', { ...es256.publicJwk, kid: 'k\0' }],
    ['a kid with half a character', 'invalid_member', { ...es256.publicJwk, kid: 'k\ud800' }],
    ['a kid that is a number', 'invalid_member', { ...es256.publicJwk, kid: 1 }],
    ['padding', 'invalid_member', { ...es256.publicJwk, x: `${es256.publicJwk.x}=` }],
    ['a short coordinate', 'invalid_member', { ...es256.publicJwk, y: 'AQAB' }],
    ['no coordinate', 'invalid_member', { kty: 'EC', crv: 'P-256', x: es256.publicJwk.x }],
    ['coordinates of another key', 'invalid_point', { ...es256.publicJwk, x: es256.publicJwk.y, y: es256.publicJwk.x }],
    ['the point (0, 0)', 'invalid_point', { ...es256.publicJwk, x: 'A'.repeat(43), y: 'A'.repeat(43) }],
  ] as const)('%s: %s', (_name, code, jwk) => {
    expect(codeOf(jwk)).toBe(code)
  })

  test.each([
    ['order 1', '0100000000000000000000000000000000000000000000000000000000000000'],
    ['order 2', 'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f'],
    ['order 4', '0000000000000000000000000000000000000000000000000000000000000000'],
    ['order 4, the other sign', '0000000000000000000000000000000000000000000000000000000000000080'],
    ['order 8', '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05'],
    ['order 8, the other', 'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a'],
    ['a second encoding of 1', 'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f'],
    ['y above the prime', 'f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f'],
    ['no point of the curve', '0200000000000000000000000000000000000000000000000000000000000000'],
  ])('an Ed25519 key of %s', (_name, hex) => {
    expect(codeOf({ kty: 'OKP', crv: 'Ed25519', x: Buffer.from(hex, 'hex').toString('base64url') })).toBe(
      'invalid_point',
    )
  })

  test.each([
    ['exponent 1', { e: 'AQ' }],
    ['exponent 3', { e: 'Aw' }],
    ['an even exponent', { e: 'AQAC' }],
    ['an exponent of 72 bits', { e: Buffer.alloc(9, 255).toString('base64url') }],
    ['an exponent of 33 bits', { e: Buffer.from([1, 0, 0, 0, 1]).toString('base64url') }],
    ['a modulus of 4104 bits', { n: Buffer.alloc(513, 255).toString('base64url') }],
    ['a modulus of 2047 bits', { n: shiftedModulus(1n, 0n) }],
    ['an even modulus', { n: shiftedModulus(0n, 1n) }],
    ['a modulus of 8200 bits', { n: Buffer.alloc(1025, 255).toString('base64url') }],
  ])('an RSA key with %s', (_name, change) => {
    expect(codeOf({ ...rs256.publicJwk, ...change })).toBe('weak_key')
  })

  test('an RSA number with a zero octet in front', () => {
    expect(codeOf({ ...rs256.publicJwk, e: 'AAEAAQ' })).toBe('invalid_member')
  })

  test('"alg" beside the key and in it must agree', () => {
    expect(codeOf(rs256.publicJwk, { alg: 'PS256' })).toBe('algorithm_mismatch')
    expect(codeOf(rs256.publicJwk, { alg: 'RS256' })).toBeUndefined()
    expect(codeOf(rs256.publicJwk, { alg: 'none' as 'RS256' })).toBe('algorithm_mismatch')
  })

  test('no message repeats what was in the key', () => {
    for (const jwk of [es256.privateJwk, { ...rs256.privateJwk, kid: 5 }, { ...secret, alg: 'A256KW' }]) {
      try {
        importVerificationKey(jwk, { purpose })
      } catch (error) {
        const message = String(error)
        for (const value of Object.values(jwk)) if (String(value).length > 8) expect(message).not.toContain(value)
      }
    }
    expect.hasAssertions()
  })
})

describe('a signing key', () => {
  const codeOfSigning = (jwk: unknown) => {
    try {
      return isSigningKey(importSigningKey(jwk))
    } catch (error) {
      return error instanceof JwkError ? error.code : error
    }
  }

  test('needs its private half and a kid, and is never a secret', () => {
    expect(codeOfSigning({ ...es256.privateJwk, kid: 'k' })).toBe(true)
    expect(codeOfSigning(es256.privateJwk)).toBe('kid_missing')
    expect(codeOfSigning({ ...es256.publicJwk, kid: 'k' })).toBe('private_member_missing')
    expect(codeOfSigning({ ...secret, alg: 'HS256', kid: 'k' })).toBe('symmetric_not_allowed')
    expect(codeOfSigning({ ...es256.privateJwk, kid: 'k', key_ops: ['verify'] })).toBe('wrong_use')
    const { p: _, ...withoutPrime } = rs256.privateJwk
    expect(codeOfSigning({ ...withoutPrime, kid: 'k' })).toBe('invalid_member')
  })

  test('issues with four algorithms, ES256 first', () => {
    expect(issuingAlgorithms).toEqual(['ES256', 'EdDSA', 'RS256', 'PS256'])
  })
})

describe('thumbprint and public half', () => {
  test('RFC 7638 §3.1: the thumbprint of its example', async () => {
    const n =
      '0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknj' +
      'hMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQ' +
      'vRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzK' +
      'nqDKgw'
    const jwk = { kty: 'RSA', n, e: 'AQAB', alg: 'RS256', kid: '2011-04-29' }
    expect(await jwkThumbprint(jwk)).toBe('NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs')
  })

  test('RFC 8037 appendix A.3: the thumbprint of an Ed25519 key', async () => {
    const jwk = { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' }
    expect(await jwkThumbprint(jwk)).toBe('kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k')
  })

  test.each([es256, es384, eddsa, rs256])('both halves of a pair have one thumbprint', async (pair) => {
    expect(await jwkThumbprint(pair.privateJwk)).toBe(await jwkThumbprint(pair.publicJwk))
    expect(await jwkThumbprint(pair.privateJwk)).toHaveLength(43)
  })

  test('the public half has public members only, also of what is not known today', () => {
    const jwk = { ...rs256.privateJwk, kid: 'k', key_ops: ['sign'], secret: 'x', priv: 'y' }
    expect(publicJwk(jwk)).toEqual({ ...rs256.publicJwk, kid: 'k' })
    expect(() => publicJwk(secret)).toThrow(JwkError)
  })

  test('the thumbprint of a key without its numbers is an error', () => {
    expect(() => jwkThumbprint({ kty: 'EC', crv: 'P-256' })).toThrow(JwkError)
    expect(() => jwkThumbprint({ kty: 'constructor' })).toThrow(JwkError)
  })
})

test('generated keys of every curve are points by our arithmetic too', () => {
  for (const namedCurve of ['P-256', 'P-384', 'P-521']) {
    for (let round = 0; round < 20; round++) {
      expect(codeOf(generateKeyPairSync('ec', { namedCurve }).publicKey.export({ format: 'jwk' }))).toBeUndefined()
    }
  }
  for (let round = 0; round < 20; round++) {
    expect(codeOf(generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' }))).toBeUndefined()
  }
})

/** The modulus of a good key, moved right by some bits, less something. */
function shiftedModulus(bits: bigint, less: bigint): string {
  const n = BigInt(`0x${Buffer.from(rs256.publicJwk.n ?? '', 'base64url').toString('hex')}`)
  const hex = ((n >> bits) - less).toString(16)
  return Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex').toString('base64url')
}

import { createHash, createPublicKey, verify } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { PrivateJwk } from '../jwk/jwk.ts'
import { type AsymmetricAlgorithm, algorithms, isAsymmetric, type JwsAlgorithm } from '../jws/algorithm.ts'
import * as node from './node.ts'
import type { CryptoPort } from './port.ts'
import * as web from './web.ts'

const ports: readonly (readonly [string, CryptoPort])[] = [
  ['node', node],
  ['web', web],
]
const asymmetric = (Object.keys(algorithms) as JwsAlgorithm[]).filter(isAsymmetric)
const message = new TextEncoder().encode('message')

describe.each(ports)('%s', (_name, crypto) => {
  test('digests are SHA-256 of the UTF-8 text', async () => {
    const expected = createHash('sha256').update('schlüssel').digest()
    expect(await crypto.digest('schlüssel')).toBe(expected.toString('base64url'))
    expect(Buffer.from(await crypto.digestBytes('schlüssel'))).toEqual(expected)
    expect(Buffer.from(await crypto.digestBytes(Buffer.from('schlüssel')))).toEqual(expected)
  })

  test.each(['', 'a', 'ab', 'abc', '{"iss":"schlüssel"}', '\u{1f511}', '\ud800'])(
    'base64url of the UTF-8 of %j',
    (text) => {
      expect(crypto.textToBase64url(text)).toBe(Buffer.from(text).toString('base64url'))
    },
  )

  test('only UTF-8 becomes text, with its byte order mark', () => {
    expect(crypto.utf8ToText(new Uint8Array())).toBe('')
    expect(crypto.utf8ToText(Buffer.from('xschlüssel\u{1f511}').subarray(1))).toBe('schlüssel\u{1f511}')
    expect(crypto.utf8ToText(new Uint8Array([0xef, 0xbb, 0xbf, 0x41]))).toBe('\ufeffA')
    for (const bytes of [[0xff], [0xc3], [0xed, 0xa0, 0x80], [0xc0, 0xaf], [0xf4, 0x90, 0x80, 0x80]]) {
      expect(crypto.utf8ToText(new Uint8Array(bytes))).toBeUndefined()
    }
  })

  test.each(asymmetric)('%s: what one half signs, the other verifies, in either runtime', async (alg) => {
    const { publicJwk, privateJwk } = await crypto.generateKeyPair(alg)
    expect(publicJwk).toMatchObject({ alg, use: 'sig' })
    expect(Object.keys(publicJwk)).not.toContain('d')
    const signature = await crypto.signBytes(await crypto.importPrivate(privateJwk, alg), message)
    for (const [, other] of ports) {
      const key = await other.importPublic(publicJwk, alg)
      expect(await other.verifyBytes(key, message, signature)).toBe(true)
      expect(await other.verifyBytes(key, 'message', signature)).toBe(true)
      expect(await other.verifyBytes(key, 'messagf', signature)).toBe(false)
      expect(await other.verifyBytes(key, message, signature.subarray(1))).toBe(false)
      expect(await other.verifyBytes(key, message, new Uint8Array())).toBe(false)
      expect(await other.verifyBytes(key, message, new Uint8Array(signature.length))).toBe(false)
    }
  })

  test.each(['RS256', 'PS256'] as const)('%s: a signature whose leading zero was cut off is refused', async (alg) => {
    const { publicJwk, privateJwk } = await crypto.generateKeyPair(alg)
    const [publicKey, privateKey] = [
      await crypto.importPublic(publicJwk, alg),
      await crypto.importPrivate(privateJwk, alg),
    ]
    // One in 256 begins with a zero.
    for (let count = 0; count < 10_000; count++) {
      const text = String(count)
      const signature = await crypto.signBytes(privateKey, text)
      if (signature[0] !== 0) continue
      expect(await crypto.verifyBytes(publicKey, text, signature)).toBe(true)
      expect(await crypto.verifyBytes(publicKey, text, signature.subarray(1))).toBe(false)
      return
    }
    throw new Error('no signature begins with a zero')
  })

  test.each(['HS256', 'HS384', 'HS512'] as const)('%s: a secret verifies what it signed', async (alg) => {
    const jwk: PrivateJwk = { kty: 'oct', k: Buffer.alloc(64, 7).toString('base64url') }
    const key = await crypto.importPublic(jwk, alg)
    const signature = await crypto.signBytes(key, message)
    expect(await crypto.verifyBytes(key, message, signature)).toBe(true)
    expect(await crypto.verifyBytes(key, 'other', signature)).toBe(false)
    expect(await crypto.verifyBytes(key, message, signature.subarray(0, 31))).toBe(false)
  })

  test('what was signed is the UTF-8 of a text, of whatever length', async () => {
    const { publicJwk, privateJwk } = await crypto.generateKeyPair('ES256')
    const [privateKey, publicKey] = [
      await crypto.importPrivate(privateJwk, 'ES256'),
      await crypto.importPublic(publicJwk, 'ES256'),
    ]
    for (const text of ['', 'a', 'schlüssel', 'a'.repeat(16_384), '€'.repeat(16_384), '€'.repeat(16_385)]) {
      const signature = await crypto.signBytes(privateKey, new TextEncoder().encode(text))
      expect(await crypto.verifyBytes(publicKey, text, signature)).toBe(true)
      expect(await crypto.verifyBytes(publicKey, `${text}a`, signature)).toBe(false)
    }
  })

  test.each(['ES256', 'ES384', 'ES512'] as const)(
    '%s: r and s count as numbers, whatever they begin with',
    async (alg) => {
      const { publicJwk, privateJwk } = await crypto.generateKeyPair(alg)
      const privateKey = await crypto.importPrivate(privateJwk, alg)
      const publicKey = await crypto.importPublic(publicJwk, alg)
      const native = createPublicKey({ key: publicJwk as JsonWebKey, format: 'jwk' })
      const { hash } = algorithms[alg]
      // One in 256 begins with a zero, but for ES512: at least one of those, and enough of the others.
      let zeros = 0
      for (let round = 0; (round < 200 || zeros === 0) && round < 5_000; round++) {
        const signature = Buffer.from(await crypto.signBytes(privateKey, message))
        const half = signature.length / 2
        if (signature[0] === 0 || signature[half] === 0) zeros++
        expect(await crypto.verifyBytes(publicKey, message, signature)).toBe(true)
        const changed = Buffer.from(signature)
        changed.fill(round % 3 === 0 ? 0xff : 0, (round % 2) * half, (round % 2) * half + 1 + (round % half))
        const isValid = verify(hash, message, { key: native, dsaEncoding: 'ieee-p1363' }, changed)
        expect(await crypto.verifyBytes(publicKey, message, changed)).toBe(isValid)
      }
      expect(zeros).toBeGreaterThan(0)
    },
  )

  test('a key that was sent to another thread signs what its other half verifies', async () => {
    const { publicJwk, privateJwk } = await crypto.generateKeyPair('ES256')
    const sent = structuredClone(crypto.toCloneable(await crypto.importPrivate(privateJwk, 'ES256')))
    const signature = await crypto.signBytes(crypto.fromCloned(sent, 'ES256'), message)
    expect(await crypto.verifyBytes(await crypto.importPublic(publicJwk, 'ES256'), message, signature)).toBe(true)
    const publicKey = crypto.toCloneable(await crypto.importPublic(publicJwk, 'ES256'))
    for (const other of [{}, privateJwk, Buffer.from('key'), publicKey]) {
      expect(() => crypto.fromCloned(other, 'ES256')).toThrow(TypeError)
    }
  })

  test('a piece of ASCII becomes text, from bytes of any kind', () => {
    for (const bytes of [Buffer.from('xabcx'), new TextEncoder().encode('xabcx')]) {
      expect(crypto.asciiToText(bytes, 1, 4)).toBe('abc')
      expect(crypto.asciiToText(bytes.subarray(1), 0, 2)).toBe('ab')
      expect(crypto.asciiToText(bytes, 2, 2)).toBe('')
    }
  })

  test('a signature of RSASSA-PSS has a salt as long as the hash', async () => {
    const { publicJwk, privateJwk } = await crypto.generateKeyPair('PS256')
    const other = await crypto.signBytes(
      await crypto.importPrivate(privateJwk, 'PS384' as AsymmetricAlgorithm),
      message,
    )
    expect(await crypto.verifyBytes(await crypto.importPublic(publicJwk, 'PS256'), message, other)).toBe(false)
  })

  test('texts are equal only when every character is, lone surrogates too', () => {
    expect(crypto.timingSafeEqual('', '')).toBe(true)
    expect(crypto.timingSafeEqual('secret', 'secret')).toBe(true)
    expect(crypto.timingSafeEqual('secret', 'secres')).toBe(false)
    expect(crypto.timingSafeEqual('secret', 'secret ')).toBe(false)
    expect(crypto.timingSafeEqual('\ud800', '\ufffd')).toBe(false)
    expect(crypto.timingSafeEqual('\ud800', '\ud801')).toBe(false)
  })

  test('random bytes are as many as asked for, and others each time', () => {
    expect(crypto.randomBytes(70_000)).toHaveLength(70_000)
    expect(crypto.randomBytes(32)).not.toEqual(crypto.randomBytes(32))
  })

  test('nothing but an imported key signs or verifies', () => {
    for (const native of [{}, Buffer.from('secret'), { toString: () => 'secret' }, 'secret' as unknown as object]) {
      expect(() => crypto.verifyBytes({ alg: 'HS256', native }, message, new Uint8Array(32))).toThrow(TypeError)
      expect(() => crypto.signBytes({ alg: 'HS256', native }, message)).toThrow(TypeError)
    }
  })
})

import { createHash } from 'node:crypto'
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

  test.each(['HS256', 'HS384', 'HS512'] as const)('%s: a secret verifies what it signed', async (alg) => {
    const jwk: PrivateJwk = { kty: 'oct', k: Buffer.alloc(64, 7).toString('base64url') }
    const key = await crypto.importPublic(jwk, alg)
    const signature = await crypto.signBytes(key, message)
    expect(await crypto.verifyBytes(key, message, signature)).toBe(true)
    expect(await crypto.verifyBytes(key, 'other', signature)).toBe(false)
    expect(await crypto.verifyBytes(key, message, signature.subarray(0, 31))).toBe(false)
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

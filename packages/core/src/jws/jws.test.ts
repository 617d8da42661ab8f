import { expect, test } from 'vitest'
import { generateKeyPair, importPrivate, signBytes } from '#crypto'
import { encodeBase64url } from '../encoding/base64url.ts'
import { importVerificationKey, type VerificationKey } from '../jwk/verification_key.ts'
import { parseJws, type UnverifiedJws } from './parse.ts'
import { verifyJws } from './verify.ts'

const { publicJwk, privateJwk } = await generateKeyPair('EdDSA')
const key = importVerificationKey(publicJwk, { purpose: 'access_token' })
const encode = (text: string) => encodeBase64url(new TextEncoder().encode(text))
const input = `${encode('{"alg":"EdDSA"}')}.${encode('any payload')}`
const signature = encodeBase64url(await signBytes(await importPrivate(privateJwk, 'EdDSA'), input))
const jws = parseJws(`${input}.${signature}`, copyOf) as UnverifiedJws<Uint8Array>

test('the payload of a JWS may be anything, and holds when its signature does', async () => {
  expect(new TextDecoder().decode(jws.payload)).toBe('any payload')
  expect(await verifyJws(jws, key)).toMatchObject({ header: { alg: 'EdDSA' }, signingInput: input })
  expect(await verifyJws({ ...jws, signingInput: `${input}A` }, key)).toMatchObject({ fault: 'bad_signature' })
})

test('nothing but an imported key verifies', () => {
  for (const other of [undefined, null, 'secret', Buffer.from('secret'), publicJwk, { ...key }]) {
    expect(() => verifyJws(jws, other as VerificationKey)).toThrow(TypeError)
  }
})

test.each([
  ['', 'three parts'],
  ['..', 'a signature'],
  ['.AAAA.AAAA', 'one JSON object'],
  ['A.B', 'three parts'],
  ['A.B.C.D', 'three parts'],
  [`${input}.`, 'a signature'],
  [`${input}.A`, 'canonical base64url'],
  [`${encode('{"alg":"none"}')}.AAAA.AAAA`, '"alg"'],
  [`${encode('{}')}.AAAA.AAAA`, '"alg"'],
])('%j is not a JWS, and the fault says why', (text, rule) => {
  expect(parseJws(text, copyOf)).toEqual({ fault: 'malformed', detail: expect.stringContaining(rule) })
})

test('a payload that its reader refuses is malformed, with the rule that the reader names', () => {
  expect(parseJws(`${input}.${signature}`, () => 'claims must be wise')).toEqual({
    fault: 'malformed',
    detail: 'claims must be wise',
  })
})

/** The bytes are only lent. */
function copyOf(bytes: Uint8Array): Uint8Array {
  return Uint8Array.from(bytes)
}

import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { jwtVerify } from 'jose'
import { describe, expect, expectTypeOf, test, vi } from 'vitest'
import type { SigningKey } from '../jwk/signing_key.ts'
import type { VerificationKey } from '../jwk/verification_key.ts'
import { issuingAlgorithms } from '../jws/algorithm.ts'
import type { UnverifiedJws, VerifiedJws } from '../jws/parse.ts'
import { jwtIdentity } from './identity.ts'
import { joseHeaderBytesMax, jwtBytesMax, kidLengthMax } from './limits.ts'
import {
  isJwtFault,
  parseJwt,
  type UnverifiedClaims,
  type UnverifiedJwt,
  type VerifiedClaims,
  type VerifiedJwt,
} from './parse.ts'
import { signJwt } from './sign.ts'
import { claims, createIssuer, encodeText, expected, issuer, judge, sign, signTexts } from './token.fixture.ts'
import { foldTyp } from './typ.ts'
import { type JwtExpectation, verifyJwt } from './verify.ts'

const ours = await createIssuer('ES256')
const header = { alg: 'ES256', typ: 'at+jwt', kid: 'k1' }
const signed = (changedHeader: object, payload: string = JSON.stringify(claims)) =>
  signTexts(ours, JSON.stringify({ ...header, ...changedHeader }), payload)

function parsed(text: string): UnverifiedJwt {
  const jwt = parseJwt(text)
  if (isJwtFault(jwt)) throw new Error(jwt.detail)
  return jwt
}

describe('a token that holds', () => {
  test.each(issuingAlgorithms)('%s: what we sign we verify, and so does jose', async (alg) => {
    const other = await createIssuer(alg)
    const token = await sign(other)
    const verified = await verifyJwt(parsed(token), other.key, expected)
    expect(verified).toMatchObject({ header: { alg, typ: 'at+jwt', kid: 'k1' }, claims })
    const { publicJwk } = other.pair
    const currentDate = new Date(claims.iat * 1000)
    await expect(jwtVerify(token, publicJwk as never, { issuer, typ: 'at+jwt', currentDate })).resolves.toBeDefined()
  })

  test('is answered at once where the runtime has synchronous primitives', async () => {
    expect(verifyJwt(parsed(await sign(ours)), ours.key, expected)).not.toBeInstanceOf(Promise)
  })

  test('is verified whatever its time and audience: those are judged with the grant', async () => {
    expect(await judge(await sign(ours, { exp: 0, nbf: 253_402_300_799, aud: [] }), ours.key)).toBe('verified')
  })

  test('may be as long as the limit, header and kid too', async () => {
    const kid = 'k'.repeat(kidLengthMax)
    const other = await createIssuer('ES256', kid)
    expect(await judge(await sign(other), other.key)).toBe('verified')
    const fill = (count: number) => signed({}, JSON.stringify({ ...claims, fill: 'a'.repeat(count) }))
    const empty = (await fill(0)).length
    const most = Math.floor(((jwtBytesMax - empty) * 3) / 4)
    expect(await judge(await fill(most - 3), ours.key)).toBe('verified')
    expect(await judge(await fill(most + 3), ours.key)).toBe('malformed')
    const headed = (count: number) => signed({ fill: 'a'.repeat(count) })
    const headerRoom = Math.floor((joseHeaderBytesMax * 3) / 4) - JSON.stringify({ ...header, fill: '' }).length
    expect(await judge(await headed(headerRoom), ours.key)).toBe('verified')
    expect(await judge(await headed(headerRoom + 1), ours.key)).toBe('malformed')
  })

  test('its typ may be spelled with application/ and in any case', async () => {
    for (const typ of ['at+jwt', 'AT+JWT', 'application/at+jwt', 'Application/AT+jwt']) {
      expect(await judge(await sign(ours, {}, typ), ours.key)).toBe('verified')
      expect(await judge(await sign(ours), ours.key, { ...expected, typ: [typ] })).toBe('verified')
    }
    const withoutTyp = await signTexts(ours, '{"alg":"ES256","kid":"k1"}', JSON.stringify(claims))
    expect(await judge(withoutTyp, ours.key)).toBe('malformed')
    expect(await judge(withoutTyp, ours.key, { ...expected, typ: [undefined, 'JWT'] })).toBe('verified')
  })
})

describe('a token that does not', () => {
  test.each([
    'JWT',
    '',
    'at',
    'at+jwt ',
    'application/',
    'application/application/at+jwt',
    'text/at+jwt',
    'at+jwt\u0000',
  ])('is of another typ: %j', async (typ) => {
    expect(await judge(await sign(ours, {}, typ), ours.key)).toBe('malformed')
  })

  test('letters that only look alike after lower-casing stay what they are', () => {
    expect(foldTyp('\u212ait+jwt')).toBe('\u212ait+jwt')
    expect(foldTyp('APPLICATION/DPoP+JWT')).toBe('dpop+jwt')
    // RFC 7515 §4.1.9: the prefix is left out only where no other slash follows.
    expect(foldTyp('application/a/b')).toBe('application/a/b')
  })

  test('was signed with a key for another purpose', async () => {
    const gateway = await createIssuer('ES256', 'k1', 'gateway_assertion')
    expect(await judge(await sign(gateway), gateway.key)).toBe('bad_signature')
    expect(await judge(await sign(gateway), gateway.key, { ...expected, purpose: 'gateway_assertion' })).toBe(
      'verified',
    )
  })

  test('names another key than the one it is verified with', async () => {
    expect(await judge(await signed({ kid: 'k2' }), ours.key)).toBe('bad_signature')
  })

  test('comes from another issuer, or from none', async () => {
    expect(await judge(await sign(ours, { iss: `${issuer}/` }), ours.key)).toBe('wrong_issuer')
    expect(await judge(await sign(ours, { iss: undefined }), ours.key)).toBe('wrong_issuer')
  })

  test('says a rule in its fault, and nothing of the token', async () => {
    const secretive = { jti: 'jti-that-must-not-leak', iss: 'iss-that-must-not-leak' }
    const headed = { kid: 'kid-that-must-not-leak', typ: 'typ-that-must-not-leak', fault: 'fault-that-must-not-leak' }
    const texts = [
      await sign(ours, secretive),
      await signed(headed, JSON.stringify({ ...claims, ...secretive })),
      await signed({ ...headed, detail: 'detail-that-must-not-leak', alg: 'must-not-leak' }),
      await signed({}, '{"must-not-leak":1,"must-not-leak":2}'),
      `${await sign(ours)}must-not-leak`,
    ]
    for (const text of texts) {
      const jwt = parseJwt(text)
      const fault = isJwtFault(jwt) ? jwt : await verifyJwt(jwt, ours.key, expected)
      expect(isJwtFault(fault)).toBe(true)
      expect(JSON.stringify(fault)).not.toContain('must-not-leak')
    }
  })
})

describe('verifying without saying what is expected', () => {
  test.each([
    ['no issuer', { typ: ['at+jwt'], purpose: 'access_token' }],
    ['an empty issuer', { ...expected, issuer: '' }],
    ['no typ', { issuer, purpose: 'access_token' }],
    ['an empty list of typ', { ...expected, typ: [] }],
    ['typ as text', { ...expected, typ: 'at+jwt' }],
    ['no purpose', { typ: ['at+jwt'], issuer }],
  ])('%s is our mistake and throws', async (_name, incomplete) => {
    const withoutIssuer = parsed(await sign(ours, { iss: undefined }))
    expect(() => verifyJwt(withoutIssuer, ours.key, incomplete as unknown as JwtExpectation)).toThrow(TypeError)
  })

  test('a key that was not imported throws', async () => {
    const jwt = parsed(await sign(ours))
    for (const key of [undefined, null, 'secret', {}, ours.pair.publicJwk, { ...ours.key }, ours.signingKey]) {
      expect(() => verifyJwt(jwt, key as VerificationKey, expected)).toThrow(TypeError)
    }
  })

  test('what was read cannot be used where what was verified is asked', () => {
    expectTypeOf<UnverifiedJwt>().not.toExtend<VerifiedJwt>()
    expectTypeOf<VerifiedJwt>().not.toExtend<UnverifiedJwt>()
    expectTypeOf<UnverifiedClaims>().not.toExtend<VerifiedClaims>()
    expectTypeOf<UnverifiedJws>().not.toExtend<VerifiedJws>()
    expectTypeOf<ReturnType<typeof parseJwt>>().not.toExtend<VerifiedJwt>()
  })
})

describe('signing', () => {
  test.each([
    ['a number as jti', { jti: 1 }],
    ['half a character', { sub: '\ud800' }],
    ['an array as issuer', { iss: [issuer] }],
    ['more than a token may hold', { fill: 'a'.repeat(jwtBytesMax) }],
    ['nothing as scope', { scope: null }],
    ['more members than are read', Object.fromEntries(Array.from({ length: 257 }, (_, at) => [`m${at}`, 1]))],
    ['more members than are read, inside one another', { a: Array.from({ length: 257 }, () => ({ b: 1 })) }],
  ])('%s is refused where the token is made', (_name, changes) => {
    expect(() => signJwt({ typ: 'at+jwt', claims: { ...claims, ...changes }, key: ours.signingKey })).toThrow(TypeError)
  })

  test('whatever is signed can be read, and says what was asked', () =>
    fc.assert(
      fc.asyncProperty(fc.dictionary(fc.string(), fc.jsonValue()), async (more) => {
        const asked = { ...more, ...claims }
        const jwt = parseJwt(await signJwt({ typ: 'at+jwt', claims: asked, key: ours.signingKey }))
        expect('claims' in jwt && JSON.stringify(jwt.claims)).toBe(JSON.stringify(asked))
      }),
      { numRuns: 300 },
    ))

  test('names the type and key it was signed with, whatever the one before had', async () => {
    const other = await createIssuer('ES256')
    for (const [typ, key] of [
      ['at+jwt', ours],
      ['JWT', ours],
      ['at+jwt', other],
      ['at+jwt', ours],
    ] as const) {
      const { header } = parsed(await signJwt({ typ, claims, key: key.signingKey }))
      expect(header).toEqual({ alg: 'ES256', typ, kid: key.signingKey.kid })
    }
  })

  test('only a signing key signs', () => {
    for (const key of [ours.key, ours.pair.privateJwk, 'secret', undefined]) {
      expect(() => signJwt({ typ: 'at+jwt', claims, key: key as unknown as SigningKey })).toThrow(TypeError)
    }
  })

  test('claims that are undefined are left out', async () => {
    expect(Object.keys(parsed(await sign(ours, { scope: undefined })).claims)).not.toContain('scope')
  })
})

test('the identity of a token is the digest of its first two parts, whatever its signature', async () => {
  const token = await sign(ours)
  const input = token.slice(0, token.lastIndexOf('.'))
  const digest = createHash('sha256').update(input).digest('base64url')
  expect(await jwtIdentity(token)).toBe(digest)
  expect(await jwtIdentity(await sign(ours))).toBe(digest)
  expect(await jwtIdentity(await sign(ours, { jti: 'tok_2' }))).not.toBe(digest)
})

test('a header that is read again is the same, and cannot be changed for the next token', async () => {
  const [first, second] = [parsed(await sign(ours)), parsed(await sign(ours, { jti: 'tok_2' }))]
  expect(second.header).toEqual(first.header)
  expect(() => Object.assign(first.header, { kid: 'k2' })).toThrow(TypeError)
  for (let kid = 0; kid < 200; kid++) expect(parsed(await signed({ kid: `k${kid}` })).header.kid).toBe(`k${kid}`)
})

test('with promises instead of values everything comes out the same', async () => {
  vi.resetModules()
  vi.doMock('#crypto', () => import('../crypto/web.ts'))
  const web = await import('./token.fixture.ts')
  const { verifyJwt: verifyOnTheWeb } = await import('./verify.ts')
  for (const alg of issuingAlgorithms) {
    const other = await web.createIssuer(alg)
    const token = await web.sign(other)
    expect(verifyOnTheWeb(parsed(token), other.key, expected)).toBeInstanceOf(Promise)
    expect(await web.judge(token, other.key)).toBe('verified')
    expect(await web.judge(await web.sign(other, { iss: 'x' }), other.key)).toBe('wrong_issuer')
    expect(await web.judge(`${token.slice(0, -10)}AAAAAAAAAA`, other.key)).toBe('bad_signature')
  }
  vi.doUnmock('#crypto')
  vi.resetModules()
})

test('a payload that is not claims is a JWS and not a JWT', async () => {
  for (const payload of ['', 'text', '[]', 'null', '"{}"', '{"a":1,"a":2}', encodeText('{}')]) {
    expect(await judge(await signed({}, payload), ours.key)).toBe('malformed')
  }
})

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { cpuMs } from '../../../../scripts/cpu_ms.ts'
import { JwkError } from '../jwk/jwk_error.ts'
import { parseJwks } from '../jwk/jwks.ts'
import { publicJwk } from '../jwk/public_jwk.ts'
import { importSigningKey } from '../jwk/signing_key.ts'
import { jwkThumbprint } from '../jwk/thumbprint.ts'
import { importVerificationKey } from '../jwk/verification_key.ts'
import { parseJws } from '../jws/parse.ts'
import { isJwtFault, parseJwt } from './parse.ts'
import { createIssuer, encodeText, expected, sign } from './token.fixture.ts'
import { foldTyp } from './typ.ts'
import { verifyJwt } from './verify.ts'

const ours = await createIssuer('ES256')
const token = await sign(ours)
const algs = fc.constantFrom('ES256', 'EdDSA', 'RS256', 'HS256', 'none', 'ES521')
const anyText = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }), fc.base64String())
const header = fc.record(
  { alg: algs, typ: fc.jsonValue(), kid: fc.jsonValue(), crit: fc.jsonValue() },
  { requiredKeys: [] },
)
const claimsOf = fc.dictionary(
  fc.constantFrom('iss', 'sub', 'aud', 'jti', 'exp', 'scope', '__proto__', 'x'),
  fc.jsonValue(),
)
const part = fc.oneof(
  anyText,
  header.map((value) => encodeText(JSON.stringify(value))),
  claimsOf.map((value) => encodeText(JSON.stringify(value))),
)
const jwk = fc.record(
  {
    kty: fc.oneof(fc.constantFrom('EC', 'RSA', 'OKP', 'oct'), fc.anything()),
    alg: fc.oneof(algs, fc.anything()),
    crv: fc.oneof(fc.constantFrom('P-256', 'P-384', 'P-521', 'Ed25519'), fc.anything()),
    x: fc.oneof(
      fc.uint8Array({ maxLength: 70 }).map((bytes) => Buffer.from(bytes).toString('base64url')),
      fc.anything(),
    ),
    y: fc.oneof(
      fc.uint8Array({ maxLength: 70 }).map((bytes) => Buffer.from(bytes).toString('base64url')),
      fc.anything(),
    ),
    n: fc.oneof(
      fc.uint8Array({ minLength: 250, maxLength: 1_100 }).map((bytes) => Buffer.from(bytes).toString('base64url')),
      fc.anything(),
    ),
    e: fc.oneof(fc.constantFrom('AQAB', 'AQ', ''), fc.anything()),
    k: fc.oneof(fc.base64String({ maxLength: 100 }), fc.anything()),
    d: fc.oneof(fc.base64String({ maxLength: 100 }), fc.anything()),
    kid: fc.anything(),
    use: fc.oneof(fc.constantFrom('sig', 'enc'), fc.anything()),
    key_ops: fc.oneof(fc.array(fc.constantFrom('sign', 'verify', 'encrypt')), fc.anything()),
  },
  { requiredKeys: [] },
)

test('no text makes reading or verifying a JWT throw, and none that nobody signed is verified', () => {
  const texts = fc.oneof(
    anyText,
    fc.tuple(part, part, part).map((parts) => parts.join('.')),
    fc.array(part).map((parts) => parts.join('.')),
  )
  fc.assert(
    fc.property(texts, (text) => {
      parseJws(text, () => ({}))
      const jwt = parseJwt(text)
      if (isJwtFault(jwt)) return
      const outcome = verifyJwt(jwt, ours.key, { ...expected, issuer: jwt.claims.iss || 'x', typ: [jwt.header.typ] })
      expect(outcome).toHaveProperty('fault')
    }),
    { numRuns: 5_000 },
  )
})

test('what is not text is malformed', () => {
  fc.assert(
    fc.property(fc.anything(), (value) => {
      if (typeof value !== 'string') expect(parseJwt(value as string)).toMatchObject({ fault: 'malformed' })
    }),
  )
})

test('one character changed anywhere in a token is refused', () => {
  for (let at = 0; at < token.length; at++) {
    for (const character of ['A', 'B', 'g', '-', '.', '=', ' ', '\0', '\u0141']) {
      if (token[at] === character) continue
      const jwt = parseJwt(token.slice(0, at) + character + token.slice(at + 1))
      if (!isJwtFault(jwt)) expect(verifyJwt(jwt, ours.key, expected)).toHaveProperty('fault')
    }
  }
})

test('no value makes importing a key throw anything but JwkError', () => {
  const attempts: readonly ((value: unknown) => unknown)[] = [
    (value) => importVerificationKey(value, { purpose: 'access_token', allowSymmetric: true }),
    (value) => importVerificationKey(value, { purpose: 'access_token', alg: 'ES256' }),
    (value) => importSigningKey(value),
    (value) => parseJwks(value, { purpose: 'trusted_issuer' }),
    (value) => parseJwks({ keys: [value, value] }, { purpose: 'trusted_issuer' }),
    (value) => jwkThumbprint(value),
    (value) => publicJwk(value),
  ]
  fc.assert(
    fc.property(fc.oneof(fc.anything(), jwk, fc.record({ keys: fc.array(jwk) })), (value) => {
      for (const attempt of attempts) {
        try {
          attempt(value)
        } catch (error) {
          if (!(error instanceof JwkError)) throw error
        }
      }
    }),
    { numRuns: 3_000 },
  )
})

test('folding a typ takes time in proportion to its length', () => {
  for (const text of ['A'.repeat(1_000_000), 'application/'.repeat(100_000), '/'.repeat(1_000_000)]) {
    const started = cpuMs()
    foldTyp(text)
    expect(cpuMs() - started).toBeLessThan(1_000)
  }
})

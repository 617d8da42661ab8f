import { createHmac } from 'node:crypto'
import { generateKeyPair, importPrivate, signBytes } from '#crypto'
import type { KeyPair } from '../crypto/port.ts'
import { encodeBase64url } from '../encoding/base64url.ts'
import { importSigningKey, type SigningKey } from '../jwk/signing_key.ts'
import { importVerificationKey, type KeyPurpose, type VerificationKey } from '../jwk/verification_key.ts'
import type { AsymmetricAlgorithm } from '../jws/algorithm.ts'
import { isJwtFault, parseJwt } from './parse.ts'
import { signJwt } from './sign.ts'
import { type JwtExpectation, verifyJwt } from './verify.ts'

/** Keys and tokens for the tests of this folder. */
export const issuer = 'https://auth.example.com'

export const claims = {
  iss: issuer,
  sub: 'client_1',
  aud: 'https://api.example.com',
  client_id: 'client_1',
  jti: 'tok_1',
  iat: 1_790_000_000,
  exp: 1_790_003_600,
  scope: 'orders:read orders:write',
}

export const expected = { typ: ['at+jwt'], issuer, purpose: 'access_token' } as const

export interface Issuer {
  readonly pair: KeyPair
  readonly signingKey: SigningKey
  readonly key: VerificationKey
}

export async function createIssuer(
  alg: AsymmetricAlgorithm,
  kid = 'k1',
  purpose: KeyPurpose = 'access_token',
): Promise<Issuer> {
  const pair = await generateKeyPair(alg)
  return {
    pair,
    signingKey: importSigningKey({ ...pair.privateJwk, kid }),
    key: importVerificationKey({ ...pair.publicJwk, kid }, { purpose }),
  }
}

export async function sign(from: Issuer, changes: object = {}, typ = 'at+jwt'): Promise<string> {
  return await signJwt({ typ, claims: { ...claims, ...changes }, key: from.signingKey })
}

/** A token of exactly these texts, validly signed: what our own signer would refuse to make. */
export async function signTexts(from: Issuer, header: string, payload: string): Promise<string> {
  const input = `${encodeText(header)}.${encodeText(payload)}`
  const alg = from.signingKey.alg
  return `${input}.${encodeBase64url(await signBytes(await importPrivate(from.pair.privateJwk, alg), input))}`
}

/** The same with a secret, which is what forgers have. */
export function signWithSecret(secret: string | Uint8Array, header: string, payload: string): string {
  const input = `${encodeText(header)}.${encodeText(payload)}`
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`
}

export function encodeText(text: string): string {
  return Buffer.from(text).toString('base64url')
}

/** The answer of a verifier: `verified`, or the fault. */
export async function judge(
  text: string,
  key: VerificationKey,
  expectation: JwtExpectation = expected,
): Promise<string> {
  const jwt = parseJwt(text)
  if (isJwtFault(jwt)) return jwt.fault
  const outcome = await verifyJwt(jwt, key, expectation)
  return isJwtFault(outcome) ? outcome.fault : 'verified'
}

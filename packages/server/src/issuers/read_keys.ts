/** The keys of a trusted issuer, from a JWK Set that it publishes or that an operator gave. */
import { type IssuerKey, JwkError, jwkThumbprint, parseJwks, publicJwk } from '@countersign/core'
import { serverLimits } from '../limits.ts'

/** A set from which no key can be taken. `index`: the key that is at fault, where it is one. */
export class IssuerKeysError extends Error {
  override readonly name = 'IssuerKeysError'
  readonly fault: 'no_usable_key' | 'not_a_jwk_set' | 'too_many_keys'
  readonly index: number | undefined

  constructor(fault: IssuerKeysError['fault'], message: string, index?: number) {
    super(message)
    this.fault = fault
    this.index = index
  }
}

/**
 * The keys that verify signatures. Published sets have others beside them, for encryption or of kinds that we do not verify:
 * these are left out, unless `isEveryOneNeeded`. An RSA key that does not name its algorithm is for RS256, as OpenID Connect has
 * it. A secret is never a key.
 */
export async function readIssuerKeys(value: unknown, isEveryOneNeeded = false): Promise<readonly IssuerKey[]> {
  const { keys, refused } = parse(withAlgorithms(value))
  const [broken] = refused
  if (broken !== undefined && isEveryOneNeeded)
    throw new IssuerKeysError('no_usable_key', broken.error.message, broken.index)
  if (keys.length > serverLimits.issuerKeysMax) {
    throw new IssuerKeysError('too_many_keys', `an issuer may have at most ${serverLimits.issuerKeysMax} keys`)
  }
  if (keys.length === 0) throw new IssuerKeysError('no_usable_key', 'the set has no key that verifies signatures')
  const read = await Promise.all(keys)
  // In one order, so that the same keys in another one are no change.
  return read.sort((a, b) => (a.thumbprint < b.thumbprint ? -1 : 1))
}

function parse(value: unknown) {
  try {
    const { keys, refused } = parseJwks(value, { purpose: 'trusted_issuer' })
    const unusable = new Set(refused.map(({ index }) => index))
    const jwks = (value as { readonly keys: readonly object[] }).keys.filter((_, index) => !unusable.has(index))
    return { keys: keys.map(({ alg }, index) => keyOf(jwks[index] as object, alg)), refused }
  } catch (error) {
    if (error instanceof JwkError) throw new IssuerKeysError('not_a_jwk_set', error.message)
    throw error
  }
}

/** Takes the key and its name from a published key. Certificates and notes beside them stay where they are. */
async function keyOf(jwk: object, alg: string): Promise<IssuerKey> {
  const shown = publicJwk(jwk)
  const thumbprint = await jwkThumbprint(shown)
  return { ...(shown.kid === undefined ? {} : { kid: shown.kid }), thumbprint, alg, publicJwk: { ...shown } }
}

function withAlgorithms(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('keys' in value) || !Array.isArray(value.keys)) return value
  return { keys: value.keys.map(withAlgorithm) }
}

function withAlgorithm(jwk: unknown): unknown {
  if (typeof jwk !== 'object' || jwk === null || Array.isArray(jwk)) return jwk
  const isUnnamedRsa = (jwk as { kty?: unknown }).kty === 'RSA' && !('alg' in jwk)
  return isUnnamedRsa ? { ...jwk, alg: 'RS256' } : jwk
}

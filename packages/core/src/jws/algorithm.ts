/**
 * The signature algorithms of RFC 7518 §3.1 and RFC 8037 that we verify, each with the one kind of key that it goes
 * with. `none` is not among them, nor anything that a token could bring along.
 */
export const algorithms = {
  ES256: { kty: 'EC', crv: 'P-256', hash: 'sha256', padding: undefined, signatureBytes: 64 },
  ES384: { kty: 'EC', crv: 'P-384', hash: 'sha384', padding: undefined, signatureBytes: 96 },
  ES512: { kty: 'EC', crv: 'P-521', hash: 'sha512', padding: undefined, signatureBytes: 132 },
  EdDSA: { kty: 'OKP', crv: 'Ed25519', hash: undefined, padding: undefined, signatureBytes: 64 },
  RS256: { kty: 'RSA', crv: undefined, hash: 'sha256', padding: 'pkcs1', signatureBytes: undefined },
  RS384: { kty: 'RSA', crv: undefined, hash: 'sha384', padding: 'pkcs1', signatureBytes: undefined },
  RS512: { kty: 'RSA', crv: undefined, hash: 'sha512', padding: 'pkcs1', signatureBytes: undefined },
  PS256: { kty: 'RSA', crv: undefined, hash: 'sha256', padding: 'pss', signatureBytes: undefined },
  PS384: { kty: 'RSA', crv: undefined, hash: 'sha384', padding: 'pss', signatureBytes: undefined },
  PS512: { kty: 'RSA', crv: undefined, hash: 'sha512', padding: 'pss', signatureBytes: undefined },
  HS256: { kty: 'oct', crv: undefined, hash: 'sha256', padding: undefined, signatureBytes: 32 },
  HS384: { kty: 'oct', crv: undefined, hash: 'sha384', padding: undefined, signatureBytes: 48 },
  HS512: { kty: 'oct', crv: undefined, hash: 'sha512', padding: undefined, signatureBytes: 64 },
} as const

/** One of `algorithms`, by its name in RFC 7518 §3.1 or RFC 8037 §3.1. */
export type JwsAlgorithm = keyof typeof algorithms

/** The rule of one algorithm, for verifier and signer. */
export type AlgorithmRule = (typeof algorithms)[JwsAlgorithm]

/** The algorithms whose keys have a public half. */
export type AsymmetricAlgorithm = Exclude<JwsAlgorithm, `HS${string}`>

/** The algorithms that an API may choose for its access tokens; the first is the default. */
export const issuingAlgorithms = ['ES256', 'EdDSA', 'RS256', 'PS256'] as const satisfies readonly JwsAlgorithm[]

/** One of `issuingAlgorithms`. */
export type IssuingAlgorithm = (typeof issuingAlgorithms)[number]

/** Whether a value is an algorithm we verify. Compared byte for byte: `alg` is case-sensitive (RFC 7515 §4.1.1). */
export function isJwsAlgorithm(value: unknown): value is JwsAlgorithm {
  return typeof value === 'string' && Object.hasOwn(algorithms, value)
}

/** `Ed25519` (RFC 9864 §2.2) is the newer name of what `EdDSA` means here; every other name means itself. */
export function algorithmNamed(name: unknown): unknown {
  return name === 'Ed25519' ? 'EdDSA' : name
}

/** Whether keys of this algorithm have a public half. */
export function isAsymmetric(alg: JwsAlgorithm): alg is AsymmetricAlgorithm {
  return algorithms[alg].kty !== 'oct'
}

import { type PrivateJwk, readBytes, toInteger } from './jwk.ts'
import { JwkError } from './jwk_error.ts'

/** A short Weierstrass curve y² = x³ − 3x + b over the integers modulo p (FIPS 186-5, SP 800-186 §3.2.1). */
interface Curve {
  readonly p: bigint
  readonly b: bigint
  readonly coordinateBytes: number
}

const curves: { readonly [crv: string]: Curve } = {
  'P-256': {
    p: 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n,
    b: 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn,
    coordinateBytes: 32,
  },
  'P-384': {
    p: 2n ** 384n - 2n ** 128n - 2n ** 96n + 2n ** 32n - 1n,
    b: 0xb3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aefn,
    coordinateBytes: 48,
  },
  'P-521': {
    p: 2n ** 521n - 1n,
    b: 0x51953eb9618e1c9a1f929a21a0b68540eea2da725b99b315f3b8b489918ef109e156193951ec7e937b1652c0bd3bb1bf073573df883d2c34f1ef451fd46b503f00n,
    coordinateBytes: 66,
  },
}

/**
 * An EC public key must be a point of its curve, each coordinate of the curve's full length (RFC 7518 §6.2.1.2).
 * Checked here and not left to the runtime, so that every runtime refuses the same keys with the same words.
 * These are public numbers read once at import: plain arithmetic, nothing here signs or verifies.
 */
export function validateEcPoint(jwk: PrivateJwk): void {
  const curve = jwk.crv === undefined ? undefined : curves[jwk.crv]
  if (curve === undefined)
    throw new JwkError('unsupported_key_type', 'the curve of an EC key must be P-256, P-384 or P-521')
  const x = readCoordinate(jwk, 'x', curve)
  const y = readCoordinate(jwk, 'y', curve)
  const { p, b } = curve
  if (x >= p || y >= p || (y * y - (x * x * x - 3n * x + b)) % p !== 0n) {
    throw new JwkError('invalid_point', 'x and y of an EC key must be a point of its curve')
  }
}

function readCoordinate(jwk: PrivateJwk, name: 'x' | 'y', curve: Curve): bigint {
  const bytes = readBytes(jwk, name)
  if (bytes.length !== curve.coordinateBytes) {
    throw new JwkError('invalid_member', `"${name}" of this EC key must have ${curve.coordinateBytes} octets`)
  }
  return toInteger(bytes)
}

const edwardsP = 2n ** 255n - 19n
const edwardsD = modulo(-121_665n * power(121_666n, edwardsP - 2n))

/**
 * An Ed25519 public key must be a point in its one encoding (RFC 8032 §5.1.3) and not of small order: under such a key
 * one signature can hold for every message, so its owner could deny what was signed.
 */
export function validateEdwardsPoint(jwk: PrivateJwk): void {
  const bytes = readBytes(jwk, 'x')
  if (bytes.length !== 32) throw new JwkError('invalid_member', '"x" of an Ed25519 key must have 32 octets')
  const y = toInteger(bytes.toReversed()) & (2n ** 255n - 1n)
  const yy = modulo(y * y)
  // x² = (y² − 1) / (d·y² + 1) must be a square: u·v is one exactly when u/v is.
  const isOnCurve = power(modulo((yy - 1n) * (edwardsD * yy + 1n)), (edwardsP - 1n) / 2n) === 1n
  // Order 1 and 2 have x = 0 and so fail above; order 4 has y = 0; order 8 doubles to that: d·y⁴ + 2y² = 1.
  const isSmall = y === 0n || modulo(edwardsD * yy * yy + 2n * yy - 1n) === 0n
  if (y >= edwardsP || !isOnCurve || isSmall) {
    throw new JwkError('invalid_point', 'x of an Ed25519 key must be a point of full order in its canonical encoding')
  }
}

function modulo(value: bigint): bigint {
  const rest = value % edwardsP
  return rest < 0n ? rest + edwardsP : rest
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n
  let square = modulo(base)
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = modulo(result * square)
    square = modulo(square * square)
  }
  return result
}

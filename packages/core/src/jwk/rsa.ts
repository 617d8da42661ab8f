import { rsaExponentBitsMax, rsaExponentMin, rsaModulusBitsMax, rsaModulusBitsMin } from '../jwt/limits.ts'
import { type PrivateJwk, readInteger } from './jwk.ts'
import { JwkError } from './jwk_error.ts'

/** Checks size and exponent, and for the two kinds of broken modulus that show from outside. Throws `JwkError`. */
export function validateRsaKey(jwk: PrivateJwk): void {
  const n = readInteger(jwk, 'n')
  const bits = n.toString(2).length
  if (bits < rsaModulusBitsMin || bits > rsaModulusBitsMax) {
    throw new JwkError('weak_key', `an RSA modulus must have ${rsaModulusBitsMin} to ${rsaModulusBitsMax} bits`)
  }
  const e = readInteger(jwk, 'e')
  if (e < rsaExponentMin || e % 2n === 0n || e.toString(2).length > rsaExponentBitsMax) {
    throw new JwkError('weak_key', `an RSA exponent must be odd, from ${rsaExponentMin} to ${rsaExponentBitsMax} bits`)
  }
  const residues = [2, ...smallPrimes].map((prime) => ({ prime, residue: Number(n % BigInt(prime)) }))
  if (residues.some(({ residue }) => residue === 0)) {
    throw new JwkError('weak_key', 'an RSA modulus must not have a small factor')
  }
  if (residues.every(({ prime, residue }) => powersOf65537(prime).has(residue))) {
    throw new JwkError('weak_key', 'this RSA key was made by a generator with the ROCA flaw (CVE-2017-15361)')
  }
}

/** The odd primes whose product ROCA's generator used for the shortest keys, and the first ones of longer keys. */
const smallPrimes = [
  3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107, 109, 113,
  127, 131, 137, 139, 149, 151, 157, 163, 167,
]

/**
 * The flawed generator made each prime as k·M + (65537^a mod M), M a product of small primes. So modulo each of these
 * the modulus is a power of 65537, which a sound one is for all of them together once in 2²⁷.
 * (Nemec and others, "The Return of Coppersmith's Attack", 2017, section 2.3.)
 */
function powersOf65537(prime: number): ReadonlySet<number> {
  const powers = new Set<number>()
  for (let power = 1; !powers.has(power); power = (power * 65_537) % prime) powers.add(power)
  return powers
}

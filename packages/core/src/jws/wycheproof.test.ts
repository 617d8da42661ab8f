import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { JwkError } from '../jwk/jwk_error.ts'
import { parseJwks } from '../jwk/jwks.ts'
import { importVerificationKey, type VerificationKey } from '../jwk/verification_key.ts'
import { parseJws } from './parse.ts'
import { verifyJws } from './verify.ts'

interface VectorFile {
  readonly numberOfTests: number
  readonly testGroups: readonly {
    readonly public?: unknown
    readonly private?: unknown
    readonly tests: readonly {
      readonly tcId: number
      readonly comment: string
      readonly jws: string
      readonly result: string
    }[]
  }[]
}

/** Vectors we answer otherwise than they are marked, each for the reason in the README beside them. */
const exceptions: { readonly [tcId: number]: string } = {
  367: 'byte-identical to 357, which is valid',
  370: 'byte-identical to 357, which is valid',
  372: 'marked valid with a "?" inserted into the header',
  373: 'marked valid with a "?" inserted into the payload',
  346: 'the key says PS256, the token PS384',
  350: 'the key says PS256, the token PS384',
  347: 'the key says ES521, which does not exist',
  351: 'the key says ES521, which does not exist',
}

describe('Wycheproof JWS', () => {
  const file = read('json_web_signature_test.json')
  const outcomes = file.testGroups.flatMap((group) => {
    const key = attempt(() => [importKey(group.public ?? group.private)])
    return group.tests.map((vector) => ({ ...vector, isAccepted: isAccepted(vector.jws, key) }))
  })

  test('all 401 are there', () => {
    expect(outcomes).toHaveLength(401)
    expect(file.numberOfTests).toBe(401)
  })

  test.each(outcomes)('$tcId $comment: $result', ({ tcId, result, isAccepted }) => {
    expect(isAccepted).toBe((result === 'valid') !== tcId in exceptions)
  })
})

describe('Wycheproof JWK', () => {
  const file = read('json_web_key_test.json')
  const outcomes = file.testGroups.flatMap((group) => {
    const options = { purpose: 'access_token', allowSymmetric: true } as const
    const keys = attempt(() => parseJwks(group.public ?? group.private, options).keys)
    return group.tests.map((vector) => ({ ...vector, isAccepted: isAccepted(vector.jws, keys) }))
  })

  test('all 26 are there', () => {
    expect(outcomes).toHaveLength(26)
  })

  test.each(outcomes)('$tcId $comment: $result', ({ result, isAccepted }) => {
    expect(isAccepted).toBe(result === 'valid')
  })
})

function read(name: string): VectorFile {
  const url = new URL(`../../../../conformance/fixtures/vectors/wycheproof/${name}`, import.meta.url)
  return JSON.parse(readFileSync(url, 'utf8'))
}

function importKey(jwk: unknown): VerificationKey {
  return importVerificationKey(jwk, { purpose: 'access_token', allowSymmetric: true })
}

/** A key or a set that is refused verifies nothing. */
function attempt(make: () => readonly VerificationKey[]): readonly VerificationKey[] {
  try {
    return make()
  } catch (error) {
    if (error instanceof JwkError) return []
    throw error
  }
}

/** The key is chosen by `kid` where a set has several, and must be the only one of that name. */
function isAccepted(text: string, keys: readonly VerificationKey[]): boolean {
  const jws = parseJws(text, () => ({}))
  if ('fault' in jws) return false
  const named = keys.length === 1 ? keys : keys.filter(({ kid }) => kid === jws.header.kid)
  const [key] = named
  return named.length === 1 && key !== undefined && !('fault' in (verifyJws(jws, key) as object))
}

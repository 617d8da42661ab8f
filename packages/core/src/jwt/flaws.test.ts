import { createPublicKey, verify } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, test } from 'vitest'
import { cpuMs } from '../../../../scripts/cpu_ms.ts'
import { decodeBase64url, encodeBase64url } from '../encoding/base64url.ts'
import type { PublicJwk } from '../jwk/jwk.ts'
import { JwkError } from '../jwk/jwk_error.ts'
import { importVerificationKey, keyPurposes, type VerificationKey } from '../jwk/verification_key.ts'
import { parseJws } from '../jws/parse.ts'
import { verifyJws } from '../jws/verify.ts'
import { jwtIdentity } from './identity.ts'
import { isJwtFault, parseJwt, type UnverifiedJwt } from './parse.ts'
import {
  claims,
  createIssuer,
  encodeText,
  expected,
  issuer,
  judge,
  sign,
  signTexts,
  signWithSecret,
} from './token.fixture.ts'
import { verifyJwt } from './verify.ts'

// Flaws that were published about others, each as a test that would fail if we had it (conformance/flaws.json).

const es256 = await createIssuer('ES256')
const rs256 = await createIssuer('RS256')
const issuers = [es256, rs256, await createIssuer('EdDSA'), await createIssuer('PS256')]
const payload = JSON.stringify(claims)
const header = { alg: 'ES256', typ: 'at+jwt', kid: 'k1' }
const purpose = 'access_token'
const jsonTypes = [null, true, false, 0, 1.5, [], ['a'], {}, { a: 1 }, [issuer]]

const importCode = (jwk: unknown, options: object = {}): string | undefined => {
  try {
    importVerificationKey(jwk, { purpose, ...options })
    return undefined
  } catch (error) {
    return error instanceof JwkError ? error.code : String(error)
  }
}

/** Every text and every sequence of bytes in which a public key is commonly published. */
function publishedForms(jwk: PublicJwk): (string | Buffer)[] {
  const key = createPublicKey({ key: jwk as JsonWebKey, format: 'jwk' })
  const types = key.asymmetricKeyType === 'rsa' ? (['spki', 'pkcs1'] as const) : (['spki'] as const)
  const texts = types.map((type) => key.export({ format: 'pem', type }).toString())
  const forms = [...texts, JSON.stringify(jwk), JSON.stringify(key.export({ format: 'jwk' })), opensshText(jwk)]
  const spellings = forms.flatMap((text) => [text, text.trimEnd(), `${text}\n`, text.replaceAll('\n', '\r\n')])
  return [...spellings, ...types.map((type) => key.export({ format: 'der', type }))]
}

test('CVE-2015-9235, CVE-2015-2951, CVE-2016-10555: a public key is never the secret of an HMAC', async () => {
  for (const { pair, key } of issuers) {
    for (const secret of publishedForms(pair.publicJwk)) {
      for (const alg of ['HS256', pair.publicJwk.alg]) {
        const forged = signWithSecret(secret, JSON.stringify({ ...header, alg }), payload)
        expect(await judge(forged, key)).toBe('bad_signature')
      }
    }
  }
})

test('CVE-2015-9235, CVE-2015-2951, CVE-2016-10555: no spelling of "none" is an algorithm', async () => {
  for (const alg of [
    'none',
    'None',
    'NONE',
    'nOnE',
    '',
    ' none',
    'none\0',
    null,
    undefined,
    ['none'],
    ['ES256'],
    0,
    {},
  ]) {
    const unsigned = `${encodeText(JSON.stringify({ ...header, alg }))}.${encodeText(payload)}.`
    const signature = (await sign(es256)).split('.')[2]
    for (const token of [unsigned, `${unsigned}AA`, unsigned + signature, unsigned.slice(0, -1)]) {
      expect(await judge(token, es256.key)).toBe('malformed')
    }
  }
})

test('CVE-2022-23539, CVE-2022-23540, CVE-2022-23541: an algorithm with the wrong type of key is refused before any crypto', () => {
  const legacy = { ...rs256.pair.publicJwk, alg: undefined }
  const pairs = [
    [rs256.pair.publicJwk, 'ES256'],
    [rs256.pair.publicJwk, 'HS256'],
    [es256.pair.publicJwk, 'RS256'],
    [es256.pair.publicJwk, 'ES384'],
    [es256.pair.publicJwk, 'EdDSA'],
    [legacy, 'HS256'],
    [legacy, 'ES256'],
  ] as const
  for (const [jwk, alg] of pairs) {
    expect(importCode({ ...jwk, alg }, { allowSymmetric: true })).toBe('algorithm_mismatch')
    expect(importCode(jwk, { alg, allowSymmetric: true })).toBe('algorithm_mismatch')
  }
  expect(importCode(legacy)).toBe('algorithm_missing')
  expect(importCode({ kty: 'DSA', p: 'AA', alg: 'RS256' })).toBe('unsupported_key_type')
})

test('CVE-2022-23529: an object with a toString is not a key', async () => {
  const jwt = parseJwt(await sign(es256)) as UnverifiedJwt
  for (const text of ['secret', payload]) {
    const textual = { toString: () => text }
    expect(importCode(textual)).toBe('not_a_jwk')
    expect(importCode({ ...es256.pair.publicJwk, ...textual })).toBe('not_a_jwk')
    expect(() => verifyJwt(jwt, textual as unknown as VerificationKey, expected)).toThrow(TypeError)
  }
  expect(importCode({ kty: { toString: () => 'EC' }, crv: 'P-256' })).toBe('invalid_member')
})

test('CVE-2023-48223, CVE-2026-34950, GHSA-ww5h-9m49-7xx4: PEM text is no key whatever stands before it', () => {
  const pem = createPublicKey({ key: rs256.pair.publicJwk as JsonWebKey, format: 'jwk' })
    .export({ format: 'pem', type: 'spki' })
    .toString()
  const bytes = Array.from({ length: 256 }, (_, byte) => String.fromCharCode(byte))
  for (const before of ['', ...bytes, '\ufeff', '\r\n', '  ', 'Proc-Type: 4,ENCRYPTED\n', '-----', '{']) {
    for (const value of [before + pem, Buffer.from(before + pem, 'latin1'), (before + pem).replaceAll('\n', '\r\n')]) {
      expect(importCode(value, { alg: 'HS256', allowSymmetric: true })).toBe('not_a_jwk')
    }
  }
})

describe('CVE-2025-30144: only a string names somebody', () => {
  test.each(['iss', 'sub', 'jti', 'client_id'])('%s of another type is refused', async (name) => {
    for (const value of jsonTypes) {
      const token = await signTexts(es256, JSON.stringify(header), JSON.stringify({ ...claims, [name]: value }))
      expect(await judge(token, es256.key)).toBe('malformed')
    }
  })

  test.each(['kid', 'typ', 'alg'])('%s of another type is refused', async (name) => {
    for (const value of jsonTypes) {
      const token = await signTexts(es256, JSON.stringify({ ...header, [name]: value }), payload)
      expect(await judge(token, es256.key)).toBe('malformed')
    }
  })

  test('aud is a string or strings, scope a string', async () => {
    for (const changes of [
      { aud: null },
      { aud: 1 },
      { aud: {} },
      { aud: [1] },
      { aud: [['a']] },
      { scope: ['a'] },
      { scope: null },
    ]) {
      const token = await signTexts(es256, JSON.stringify(header), JSON.stringify({ ...claims, ...changes }))
      expect(await judge(token, es256.key)).toBe('malformed')
    }
    expect(await judge(await sign(es256, { aud: ['a', 'b'] }), es256.key)).toBe('verified')
  })
})

test('CVE-2026-35039: the identity of a JWT is of every byte that was signed', async () => {
  const seen = new Set<string>()
  const input = `${encodeText(JSON.stringify(header))}.${encodeText(payload)}`
  for (let at = 0; at < input.length; at++) {
    const changed = `${input.slice(0, at)}${input[at] === 'A' ? 'B' : 'A'}${input.slice(at + 1)}`
    if (input[at] !== '.') seen.add(await jwtIdentity(`${changed}.AAAA`))
  }
  seen.add(await jwtIdentity(`${input}.AAAA`))
  expect(seen.size).toBe(input.length)
  expect(await jwtIdentity(`${input}.AAAA`)).toBe(await jwtIdentity(`${input}.BBBB`))
})

test('CVE-2026-35042, CVE-2026-32597, CVE-2025-59420: "crit" is refused, whatever it names', async () => {
  const values = [['x'], [], ['exp'], ['alg'], ['b64'], ['x', 'x'], ['absent'], 'x', null, {}, 0, false, [1], ['']]
  for (const crit of values) {
    const token = await signTexts(es256, JSON.stringify({ ...header, crit, x: 1, b64: undefined }), payload)
    expect(await judge(token, es256.key)).toBe('malformed')
  }
  for (const b64 of [true, false, null]) {
    const token = await signTexts(es256, JSON.stringify({ ...header, b64 }), payload)
    expect(await judge(token, es256.key)).toBe('malformed')
  }
})

test('CVE-2026-44351: an empty or short secret is refused at import, and at use there is nothing to use', async () => {
  const options = { alg: 'HS256', allowSymmetric: true }
  for (let count = 1; count < 32; count++) {
    expect(importCode({ kty: 'oct', k: encodeBase64url(new Uint8Array(count)) }, options)).toBe('weak_key')
  }
  for (const k of ['', undefined, null, 0]) expect(importCode({ kty: 'oct', k }, options)).toBe('invalid_member')
  const forged = parseJwt(signWithSecret('', JSON.stringify({ ...header, alg: 'HS256' }), payload)) as UnverifiedJwt
  for (const key of [undefined, '', null, new Uint8Array()]) {
    expect(() => verifyJwt(forged, key as unknown as VerificationKey, expected)).toThrow(TypeError)
  }
})

test("CVE-2026-22817, CVE-2026-22818, CVE-2020-15084: the algorithm is the key's, and a key without one is no key", async () => {
  expect(importCode({ ...rs256.pair.publicJwk, alg: undefined })).toBe('algorithm_missing')
  for (const { pair } of issuers) {
    for (const other of issuers) {
      const token = await signTexts(other, JSON.stringify({ ...header, alg: pair.publicJwk.alg }), payload)
      const isSame = other.pair === pair
      expect(await judge(token, other.key)).toBe(isSame ? 'verified' : 'bad_signature')
    }
  }
})

test('CVE-2026-23993: an unknown algorithm refuses, never skips', async () => {
  const [, body, signature] = (await sign(es256)).split('.')
  const random = randomNumbers(23993)
  for (let round = 0; round < 10_000; round++) {
    const alg = Array.from({ length: 1 + random(64) }, () => String.fromCharCode(32 + random(95))).join('')
    const jwt = parseJwt(`${encodeText(JSON.stringify({ ...header, alg }))}.${body}.${signature}`)
    expect(isJwtFault(jwt)).toBe(true)
  }
})

test('CVE-2026-29000: five parts are no JWS, and a token inside a token is not looked at', async () => {
  const token = await sign(es256)
  const jweHeader = encodeText(JSON.stringify({ alg: 'RSA-OAEP-256', enc: 'A256GCM', cty: 'JWT' }))
  const none = `${encodeText('{"alg":"none"}')}.${encodeText(payload)}.`
  expect(await judge(`${jweHeader}.AAAA.AAAA.${encodeText(none)}.AAAA`, es256.key)).toBe('malformed')
  expect(await judge(`${token}.AAAA.AAAA`, es256.key)).toBe('malformed')
  for (const inner of [none, token, JSON.stringify(token)]) {
    const nested = await signTexts(es256, JSON.stringify({ ...header, cty: 'JWT' }), inner)
    expect(await judge(nested, es256.key)).toBe('malformed')
  }
})

test('CVE-2026-48526: the text of a public JWK is not a secret', async () => {
  const text = JSON.stringify(es256.pair.publicJwk)
  expect(importCode(text, { alg: 'HS256', allowSymmetric: true })).toBe('not_a_jwk')
  const forged = signWithSecret(text, JSON.stringify({ ...header, alg: 'HS256' }), payload)
  expect(await judge(forged, es256.key)).toBe('bad_signature')
})

test('CVE-2026-48524, CVE-2026-48525: 10 MB of token are refused in less than a millisecond', () => {
  const huge = 'A'.repeat(10_000_000)
  for (const text of [huge, `${huge}.A.A`, `A.${huge}.A`, `A.A.${huge}`]) {
    expect(fastest(() => expect(isJwtFault(parseJwt(text))).toBe(true))).toBeLessThan(1)
  }
})

test('CVE-2022-29217, CVE-2017-11424, CVE-2024-33663: no format of a public key is taken as a secret', () => {
  for (const { pair } of issuers) {
    for (const form of publishedForms(pair.publicJwk)) {
      expect(importCode(form, { alg: 'HS256', allowSymmetric: true })).toBe('not_a_jwk')
    }
    const asSecret = { ...pair.publicJwk, alg: 'HS256' }
    expect(importCode(asSecret, { allowSymmetric: true })).toBe('algorithm_mismatch')
  }
})

test('CVE-2024-53861: the issuer is compared byte for byte', async () => {
  const near = [
    ...Array.from({ length: issuer.length }, (_, at) => issuer.slice(0, at)),
    ...Array.from({ length: issuer.length - 1 }, (_, at) => issuer.slice(at + 1)),
    ...[
      `${issuer}/`,
      `${issuer} `,
      ` ${issuer}`,
      issuer.toUpperCase(),
      `${issuer}\u0301`,
      `${issuer}#`,
      `${issuer}:443`,
    ],
    ...[...issuer].map((_, at) => `${issuer.slice(0, at)}_${issuer.slice(at + 1)}`),
  ]
  for (const iss of near) expect(await judge(await sign(es256, { iss }), es256.key)).toBe('wrong_issuer')
  for (const iss of [`${issuer}\0`, `${issuer}\ud800`]) {
    const token = await signTexts(es256, JSON.stringify(header), JSON.stringify({ ...claims, iss }))
    expect(await judge(token, es256.key)).toBe('malformed')
  }
})

test.each(['exp', 'nbf', 'iat'])(
  'CVE-2026-25537: %s of another type is refused and never read as absent',
  async (name) => {
    const values = [
      '"1790003600"',
      '""',
      '-0.5',
      '-1',
      '1e308',
      '1e999',
      'null',
      '[]',
      '[1790003600]',
      '{}',
      'true',
      '9007199254740994',
      '9007199254740992',
      // One second after the year 9999: no date of it can be written, and what compares texts takes it for the past.
      '253402300800',
      '253402300799.5',
    ]
    for (const value of values) {
      const text = payload.replace(/\}$/, `,"${name}":${value}}`).replace(new RegExp(`"${name}":\\d+,`), '')
      expect(text).toContain(`"${name}":${value}`)
      expect(await judge(await signTexts(es256, JSON.stringify(header), text), es256.key)).toBe('malformed')
    }
    for (const value of [0, 253_402_300_799])
      expect(await judge(await sign(es256, { [name]: value }), es256.key)).toBe('verified')
  },
)

test('CVE-2025-65945: a key is found by a "kid" that was checked, and only by a key of that name', async () => {
  for (const kid of ['', 'k2', '../k1', 'k1\u0301', 'K1']) {
    expect(await judge(await signTexts(es256, JSON.stringify({ ...header, kid }), payload), es256.key)).toBe(
      'bad_signature',
    )
  }
  for (const kid of ['k1\0', 'k1\ud800', 'k'.repeat(257), 1, ['k1'], { k1: 1 }, null]) {
    expect(await judge(await signTexts(es256, JSON.stringify({ ...header, kid }), payload), es256.key)).toBe(
      'malformed',
    )
  }
})

test('CVE-2018-0114: keys that a token brings along are never used', async () => {
  const attacker = await createIssuer('ES256')
  const { publicJwk } = attacker.pair
  const url = 'https://attacker.example/keys'
  const x5c = [encodeText('certificate')]
  for (const brought of [
    { jwk: { ...publicJwk, kid: 'k1' } },
    { jku: url },
    { x5u: url },
    { x5c },
    { jwk: publicJwk, jku: url, x5u: url, x5c },
  ]) {
    const forged = await signTexts(attacker, JSON.stringify({ ...header, ...brought }), payload)
    expect(await judge(forged, es256.key)).toBe('bad_signature')
  }
  expect(sourcesThatMention(/\bjku\b|\bx5u\b|\bx5c\b|\.jwk\b|fetch\(/)).toEqual([])
})

test('CVE-2020-28042, CVE-2019-20933, CVE-2020-28637: an empty signature and a blank secret are refused', async () => {
  for (const from of issuers) {
    const input = (await sign(from)).split('.').slice(0, 2).join('.')
    for (const ending of ['', '.', '..']) expect(await judge(input + ending, from.key)).toBe('malformed')
    for (const signature of [
      'AA',
      'AAAA',
      encodeBase64url(new Uint8Array(32)),
      encodeBase64url(new Uint8Array(64)),
      encodeBase64url(new Uint8Array(256)),
    ]) {
      expect(await judge(`${input}.${signature}`, from.key)).toBe('bad_signature')
    }
  }
  expect(importCode({ kty: 'oct', k: '' }, { alg: 'HS256', allowSymmetric: true })).toBe('invalid_member')
})

test('CVE-2022-21449: r and s of zero, of the order and beyond are refused', async () => {
  const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n
  const input = (await sign(es256)).split('.').slice(0, 2).join('.')
  const numbers = [0n, 1n, order - 1n, order, order + 1n, 2n ** 256n - 1n]
  for (const r of numbers) {
    for (const s of numbers) {
      const signature = Buffer.from(r.toString(16).padStart(64, '0') + s.toString(16).padStart(64, '0'), 'hex')
      expect(await judge(`${input}.${encodeBase64url(signature)}`, es256.key)).toBe('bad_signature')
    }
  }
})

test("CVE-2024-48949: the curve arithmetic is the runtime's, and the ECDSA twin has the identity of its original", async () => {
  const token = await sign(es256)
  const [head, body, signature] = token.split('.') as [string, string, string]
  const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n
  const bytes = Buffer.from(decodeBase64url(signature) ?? [])
  const s = order - BigInt(`0x${bytes.subarray(32).toString('hex')}`)
  const twin = encodeBase64url(
    Buffer.concat([bytes.subarray(0, 32), Buffer.from(s.toString(16).padStart(64, '0'), 'hex')]),
  )
  const twinToken = `${head}.${body}.${twin}`
  expect(twinToken).not.toBe(token)
  expect(await judge(twinToken, es256.key)).toBe('verified')
  expect(await jwtIdentity(twinToken)).toBe(await jwtIdentity(token))
  // Every other change to the text without a change of its meaning is refused.
  const last = signature.at(-1) as string
  const spare = 'AQgw'.includes(last) ? String.fromCharCode(last.charCodeAt(0) + 1) : 'B'
  const texts = [
    `${token}==`,
    `${token}=`,
    `${token}\n`,
    ` ${token}`,
    `${head}.${body}. ${signature}`,
    token.slice(0, -1) + spare,
  ]
  for (const text of texts) expect(await judge(text, es256.key)).toBe('malformed')
  expect(sourcesThatMention(/from '(elliptic|@noble|secp256k1|bn\.js)/)).toEqual([])
})

test('CVE-2022-36083, CVE-2023-52428, CVE-2023-51775: algorithms that count iterations do not exist here', async () => {
  for (const alg of ['PBES2-HS256+A128KW', 'PBES2-HS512+A256KW', 'dir', 'A256KW', 'RSA-OAEP']) {
    const token = await signTexts(es256, JSON.stringify({ ...header, alg, p2c: 2_147_483_647, p2s: 'AAAA' }), payload)
    expect(await judge(token, es256.key)).toBe('malformed')
    expect(importCode({ ...es256.pair.publicJwk, alg })).toBe('unsupported_algorithm')
  }
})

test('CVE-2024-28176, CVE-2024-28180, CVE-2024-33664, CVE-2025-62706: nothing is ever inflated', async () => {
  const zipped = encodeText(JSON.stringify({ alg: 'dir', enc: 'A256GCM', zip: 'DEF' }))
  expect(await judge(`${zipped}..AAAA.AAAA.AAAA`, es256.key)).toBe('malformed')
  expect(await judge(await signTexts(es256, JSON.stringify({ ...header, zip: 'DEF' }), payload), es256.key)).toBe(
    'verified',
  )
  expect(sourcesThatMention(/zlib|inflate|DecompressionStream/)).toEqual([])
})

test('CVE-2025-27144, CVE-2025-30204, CVE-2025-61920: dots and headers by the megabyte cost nothing', () => {
  const texts = ['.'.repeat(1_000_000), `${'A'.repeat(1_000_000)}.A.A`, '.'.repeat(16_000), `${'A'.repeat(16_000)}.A.A`]
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
  const before = process.memoryUsage()
  for (let round = 0; round < 10_000; round++) {
    for (const text of texts) if (!isJwtFault(parseJwt(text))) throw new Error('accepted')
  }
  collect()
  const after = process.memoryUsage()
  expect(after.heapUsed - before.heapUsed).toBeLessThan(1_000_000)
  expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(1_000_000)
  for (const text of texts) expect(fastest(() => parseJwt(text))).toBeLessThan(1)
})

test('CVE-2022-39227: no other serialisation, and no two in one text', async () => {
  const token = await sign(es256)
  const [head, body, signature] = token.split('.')
  const flattened = JSON.stringify({ protected: head, payload: body, signature })
  const general = JSON.stringify({ payload: body, signatures: [{ protected: head, signature }] })
  const mixed = `{"  ${head}.":"","protected":"${head}","payload":"${body}","signature":"${signature}"}`
  const spaced = [
    ` ${token}`,
    `${token} `,
    `${head} .${body}.${signature}`,
    `${head}.${body}\n.${signature}`,
    `${token}\0`,
  ]
  for (const text of [
    flattened,
    general,
    mixed,
    `{${token}}`,
    `${token}${flattened}`,
    `${token},${token}`,
    `${token} ${token}`,
    ...spaced,
  ]) {
    expect(await judge(text, es256.key)).toBe('malformed')
  }
})

test('CVE-2021-41106, CVE-2021-46743: a path is no key, and "kid" never leads to another algorithm', async () => {
  for (const path of ['/etc/passwd', 'file:///etc/passwd', './key.pem', new URL('file:///etc/passwd')]) {
    expect(importCode(path, { alg: 'HS256', allowSymmetric: true })).toBe('not_a_jwk')
  }
  const sameName = await createIssuer('RS256', 'k1')
  expect(await judge(await sign(es256), sameName.key)).toBe('bad_signature')
  expect(await judge(await sign(sameName), es256.key)).toBe('bad_signature')
})

test('CVE-2026-27804, CVE-2026-11800, CVE-2026-1529: there is one way to check a signature', () => {
  expect(sourcesThatMention(/\bverifyBytes\(/)).toEqual([
    'crypto/node.ts',
    'crypto/port.ts',
    'crypto/web.ts',
    'jws/verify.ts',
  ])
  expect(sourcesThatMention(/\bverifyJws[<(]/)).toEqual(['jws/verify.ts', 'jwt/verify.ts'])
  expect(sourcesThatMention(/as unknown as VerifiedJw[st]/)).toEqual(['jws/verify.ts', 'jwt/verify.ts'])
})

test('CVE-2026-23552: a token counts only for its own issuer, key and purpose', async () => {
  const names = ['https://auth.example.com', 'https://auth.example.com/t/acme', 'https://auth.example.com/t/acme2']
  const kinds = keyPurposes.slice(0, 3)
  const cells = await Promise.all(
    names.flatMap((iss) => kinds.map(async (kind) => ({ iss, kind, ...(await createIssuer('EdDSA', 'k1', kind)) }))),
  )
  for (const from of cells) {
    const token = await sign(from, { iss: from.iss })
    for (const at of cells) {
      const outcome = await judge(token, at.key, { typ: ['at+jwt'], issuer: at.iss, purpose: at.kind })
      expect(outcome === 'verified').toBe(from === at)
      const foreignKey = await judge(token, from.key, { typ: ['at+jwt'], issuer: at.iss, purpose: at.kind })
      expect(foreignKey === 'verified').toBe(from === at)
    }
  }
})

test('CVE-2025-27370, CVE-2025-27371: a client assertion cannot be had from an access token, nor the reverse', async () => {
  const client = await createIssuer('ES256', 'k1', 'client_assertion')
  const assertion = {
    typ: [undefined, 'JWT', 'client-authentication+jwt'],
    issuer,
    purpose: 'client_assertion',
  } as const
  expect(await judge(await sign(client, {}, 'JWT'), client.key, assertion)).toBe('verified')
  expect(await judge(await sign(client, {}, 'at+jwt'), client.key, assertion)).toBe('malformed')
  expect(await judge(await sign(client, {}, 'at+jwt'), client.key)).toBe('bad_signature')
  expect(await judge(await sign(es256, {}, 'JWT'), es256.key, assertion)).toBe('bad_signature')
})

test('CVE-2026-21717, CVE-2026-21710: 100,000 integer-like names are refused quickly, and __proto__ is a name', async () => {
  const names = Array.from({ length: 100_000 }, (_, at) => `"${at * 16_777_216}":0`).join(',')
  const texts = [
    `${encodeText(`{${names}}`)}.AAAA.AAAA`,
    `${encodeText(JSON.stringify(header))}.${encodeText(`{${names}}`)}.AAAA`,
  ]
  for (const text of texts) expect(fastest(() => expect(isJwtFault(parseJwt(text))).toBe(true))).toBeLessThan(50)
  for (const name of ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty']) {
    const member = `"${name}":{"alg":"ES256","iss":"${issuer}","admin":true}`
    const polluted = await signTexts(es256, `{${member},"alg":"ES256","typ":"at+jwt"}`, `{${member},"iss":"${issuer}"}`)
    expect(await judge(polluted, es256.key)).toBe('verified')
    expect(await judge(await signTexts(es256, `{${member}}`, payload), es256.key)).toBe('malformed')
    expect(await judge(await signTexts(es256, JSON.stringify(header), `{${member}}`), es256.key)).toBe('wrong_issuer')
    expect(({} as { admin?: boolean }).admin).toBeUndefined()
    const jwt = parseJwt(polluted) as UnverifiedJwt
    expect(jwt.claims.admin).toBeUndefined()
    expect(importCode(JSON.parse(`{"__proto__":${JSON.stringify(es256.pair.publicJwk)}}`))).toBe('invalid_member')
  }
})

test('a JWS that holds for us holds for the bare primitive, and the reverse', async () => {
  const native = createPublicKey({ key: es256.pair.publicJwk as JsonWebKey, format: 'jwk' })
  for (const text of [await sign(es256), await sign(await createIssuer('ES256'))]) {
    const jws = parseJws(text, () => ({}))
    if ('fault' in jws) throw new Error(jws.detail)
    const options = { key: native, dsaEncoding: 'ieee-p1363' } as const
    const isValid = verify('sha256', Buffer.from(jws.signingInput), options, jws.signature)
    expect(!('fault' in (await verifyJws(jws, es256.key)))).toBe(isValid)
  }
})

/** Sources of this part that say something, apart from tests, without their comments. */
function sourcesThatMention(pattern: RegExp): string[] {
  const root = new URL('../', import.meta.url)
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((name) => /^(jws|jwt|jwk|crypto|base64url|json)\b.*\.ts$/.test(name) && !/\.(test|fixture)\.ts$/.test(name))
    .filter((name) => {
      const text = readFileSync(new URL(name, root), 'utf8')
      return pattern.test(text.replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, ''))
    })
    .sort()
}

/** The best of five, since other work on the machine only ever adds. */
function fastest(work: () => void): number {
  return Math.min(
    ...Array.from({ length: 5 }, () => {
      const started = cpuMs()
      work()
      return cpuMs() - started
    }),
  )
}

function randomNumbers(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

/** `ssh-rsa AAAA…` and its like: each field with its length before it (RFC 4253 §6.6, RFC 5656 §3.1, RFC 8709 §4). */
function opensshText(jwk: PublicJwk): string {
  const bytes = (name: 'x' | 'y' | 'n' | 'e') => Buffer.from(jwk[name] ?? '', 'base64url')
  const positive = (number: Buffer) => ((number[0] ?? 0) < 128 ? number : Buffer.concat([Buffer.alloc(1), number]))
  const point = Buffer.concat([Buffer.from([4]), bytes('x'), bytes('y')])
  const fieldsOf: { readonly [kty: string]: readonly (string | Buffer)[] } = {
    RSA: ['ssh-rsa', positive(bytes('e')), positive(bytes('n'))],
    OKP: ['ssh-ed25519', bytes('x')],
    EC: ['ecdsa-sha2-nistp256', 'nistp256', point],
  }
  const fields = (fieldsOf[jwk.kty] ?? []).map((field) => Buffer.from(field as string))
  const framed = fields.flatMap((field) => [Buffer.from(new Uint32Array([field.length]).buffer).swap32(), field])
  return `${fields[0]} ${Buffer.concat(framed).toString('base64')} user@host`
}

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { accessTokenClaims } from '../access_token.ts'
import { parseJsonObjectBytes } from '../json.ts'
import { claimsProblem } from './claims.ts'
import { readPlainClaims } from './plain_claims.ts'

const textNames = ['iss', 'sub', 'aud', 'client_id', 'jti', 'scope']
const countNames = ['iat', 'exp', 'nbf', 'cs_pos']
const printable = fc.stringMatching(/^[ !#-[\]-~]{0,40}$/)
const plainMember = fc.oneof(
  fc.tuple(fc.constantFrom(...textNames), printable),
  fc.tuple(fc.constantFrom('iat', 'exp', 'nbf'), fc.integer({ min: 1, max: 253_402_300_799 })),
  fc.tuple(fc.constant('cs_pos'), fc.integer({ min: 1, max: 999_999_999_999_999 })),
)
const plainMembers = fc.uniqueArray(plainMember, { minLength: 1, selector: ([name]) => name })

test('what we write ourselves is read', () => {
  const claims = accessTokenClaims({
    issuer: 'https://auth.example.com',
    subject: 'client_1',
    audience: 'https://api.example.com',
    clientId: 'client_1',
    jti: 'tok_1',
    issuedAt: 1_700_000_000,
    expiresAt: 1_700_000_600,
    scope: ['orders:read', 'orders:write'],
    position: 17,
  })
  expect({ ...readPlainClaims(encode(JSON.stringify(claims))) }).toEqual(claims)
})

test('every object of plain members is read, in whatever order, as the rules of JSON read it', () => {
  fc.assert(
    fc.property(plainMembers, (members) => {
      const text = write(members)
      expect(JSON.stringify(readPlainClaims(encode(text)))).toBe(text)
      const parsed = parseJsonObjectBytes(encode(text))
      expect(JSON.stringify(parsed)).toBe(text)
      // Which is why nobody asks again when they were read here.
      expect(claimsProblem(parsed ?? {})).toBeUndefined()
    }),
    { numRuns: 2_000 },
  )
})

test('what is read of any bytes is what the rules of JSON read', () => {
  const odd = fc.oneof(
    fc.tuple(fc.constantFrom(...textNames, ...countNames, '__proto__', 'constructor', 'cnf', 'x', ''), fc.jsonValue()),
    plainMember,
  )
  const wild = fc.array(odd, { maxLength: 6 }).map(write)
  const damaged = fc
    .tuple(plainMembers.map(write), fc.nat(), fc.nat(255), fc.constantFrom('set', 'insert', 'remove', 'cut'))
    .map(([text, place, byte, how]) => damage(encode(text), place, byte, how))
  fc.assert(
    fc.property(fc.oneof(wild.map(encode), damaged), (bytes) => {
      const read = readPlainClaims(bytes)
      if (read === undefined) return
      expect(JSON.stringify(read)).toBe(JSON.stringify(parseJsonObjectBytes(bytes)))
      expect(claimsProblem(read)).toBeUndefined()
    }),
    { numRuns: 30_000 },
  )
})

test.each([...textNames, ...countNames])('a second %s is not read, of whichever type', (name) => {
  for (const [first, second] of [
    ['"a"', '"a"'],
    ['"a"', '"b"'],
    ['1', '1'],
    ['1', '"a"'],
    ['"a"', '2'],
  ]) {
    const bytes = encode(`{"${name}":${first},"${name}":${second}}`)
    expect(readPlainClaims(bytes)).toBeUndefined()
    expect(parseJsonObjectBytes(bytes)).toBeUndefined()
  }
})

test.each([
  ['nothing', ''],
  ['no member', '{}'],
  ['a comma too many', '{"iss":"a",}'],
  ['a comma before', '{,"iss":"a"}'],
  ['no end', '{"iss":"a"'],
  ['more after the end', '{"iss":"a"}x'],
  ['two objects', '{"iss":"a"}{"iss":"a"}'],
  ['whitespace', '{"iss": "a"}'],
  ['an escape in a value', '{"iss":"\\u0061"}'],
  ['an escape in a name', '{"\\u0069ss":"a"}'],
  ['a control character', '{"iss":"a\tb"}'],
  ['DEL', '{"iss":"\x7f"}'],
  ['what is not ASCII', '{"iss":"ä"}'],
  ['a text for a number', '{"exp":"1"}'],
  ['a number for a text', '{"iss":1}'],
  ['zero', '{"exp":0}'],
  ['a zero before', '{"exp":01}'],
  ['a sign', '{"exp":-1}'],
  ['a fraction', '{"exp":1.5}'],
  ['an exponent', '{"exp":1e3}'],
  ['sixteen digits', '{"exp":1234567890123456}'],
  ['a list', '{"aud":["a"]}'],
  ['another name', '{"cnf":"a"}'],
  ['a name that begins with a known one', '{"issu":"a"}'],
  ['the beginning of one', '{"is":"a"}'],
  ['a name of ten characters', '{"client_idd":"a"}'],
  ['__proto__', '{"__proto__":"a"}'],
])('%s is left to the rules of JSON', (_name, text) => {
  expect(readPlainClaims(encode(text))).toBeUndefined()
})

test('a text that begins or ends like the one before it is read whole', () => {
  for (const iss of [
    'https://a.example',
    'https://a.example.com',
    'https://a',
    'https://a.exampla',
    '',
    'https://a.example',
  ]) {
    expect(readPlainClaims(encode(`{"iss":"${iss}","sub":"${iss}"}`))).toMatchObject({ iss, sub: iss })
  }
})

test('nothing is inherited, whatever was put into the prototype of all objects', () => {
  const prototype = Object.prototype as { scope?: string }
  prototype.scope = 'admin'
  try {
    const claims = readPlainClaims(encode('{"iss":"a"}'))
    expect([claims?.scope, 'constructor' in (claims ?? {}), 'toString' in (claims ?? {})]).toEqual([
      undefined,
      false,
      false,
    ])
  } finally {
    delete prototype.scope
  }
})

function write(members: readonly (readonly [string, unknown])[]): string {
  return `{${members.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(',')}}`
}

function damage(bytes: Uint8Array, place: number, byte: number, how: string): Uint8Array {
  const at = place % bytes.length
  const rest = bytes.subarray(how === 'insert' ? at : at + 1)
  if (how === 'cut') return bytes.subarray(0, at)
  return Uint8Array.from([...bytes.subarray(0, at), ...(how === 'remove' ? [] : [byte]), ...rest])
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

import { expect, it } from 'vitest'
import { readCredential, timeOf, warningsOf } from './read_credential.ts'

const now = 1_800_000_000
const segment = (members: object): string => Buffer.from(JSON.stringify(members)).toString('base64url')
const jwt = (header: object, claims: object, signature = 'c2ln') => `${segment(header)}.${segment(claims)}.${signature}`
const good = { iss: 'i', aud: 'https://orders.example', iat: now - 60, exp: now + 600 }
const warned = (header: object, claims: object, signature?: string) =>
  warningsOf(readCredential(jwt({ alg: 'ES256', typ: 'at+jwt', ...header }, { ...good, ...claims }, signature)), now)

it('a JWT is read whatever letters its claims have, and nothing else is taken for one', () => {
  expect(readCredential(jwt({ alg: 'ES256' }, { sub: 'Zoë ☂' }))).toEqual({
    kind: 'jwt',
    header: { alg: 'ES256' },
    claims: { sub: 'Zoë ☂' },
    signatureBytes: 3,
  })
  expect(readCredential(`${segment({ alg: 'dir' })}.a.b.c.d`)).toEqual({ kind: 'encrypted' })
  for (const text of ['', 'a.b.c', 'hello', `${segment({})}.${segment([1])}.x`, `${segment({})}.${segment({})}`])
    expect(readCredential(text), text).toEqual({ kind: 'nothing' })
})

it('what is unwise in a token is warned of, and a plain one has no warning', () => {
  expect(warned({}, {})).toEqual([])
  expect(warned({ alg: 'none' }, {}, '')).toEqual(['unsigned'])
  expect(warned({ alg: 'HS256' }, {})).toEqual(['symmetric'])
  expect(warned({}, { exp: undefined })).toEqual(['noEnd'])
  expect(warned({}, { exp: now })).toEqual(['ended'])
  expect(warned({}, { nbf: now + 1 })).toEqual(['notYet'])
  expect(warned({}, { iat: now, exp: now + 86_401 })).toEqual(['longLife'])
  expect(warned({}, { aud: undefined })).toEqual(['noAudience'])
  for (const aud of [['a', 'b'], '*']) expect(warned({}, { aud })).toEqual(['wideAudience'])
  expect(warned({ typ: 'JWT' }, {})).toEqual(['noAccessToken'])
  expect(warningsOf(readCredential('cs_test_0123456789AB_0123456789ABCDEFGHIJKLMNOPQRSTUV0hvK6M'), now)).toEqual([
    'checksum',
  ])
})

it('a claim of time is one only as a number that a calendar has', () => {
  expect(timeOf('exp', 0)).toBe('1970-01-01T00:00:00.000Z')
  for (const [name, value] of [
    ['exp', '0'],
    ['exp', 1e20],
    ['sub', 0],
  ] as const)
    expect(timeOf(name, value)).toBeUndefined()
})

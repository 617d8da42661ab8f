import { expect, it } from 'vitest'
import { readIdToken } from './id_token.ts'
import { idToken } from './issuer.fixture.ts'

const now = 1_000_000
const expected = { issuer: 'https://auth.example', clientId: 'client_1', now, nonce: 'n1' }
const sound = { iss: expected.issuer, sub: 'acct_1', aud: 'client_1', exp: now + 60, iat: now, nonce: 'n1' }

it('the claims of an ID token of this issuer, client and sign-in are read', () => {
  expect(readIdToken(idToken({ ...sound, acr: 'a' }), expected)).toMatchObject({ sub: 'acct_1', acr: 'a' })
  expect(readIdToken(idToken({ ...sound, exp: now - 29, iat: now + 29 }), expected).sub).toBe('acct_1')
})

it.each<[string, object]>([
  ['another issuer', { iss: 'https://evil.example' }],
  ['the issuer in a list', { iss: [expected.issuer] }],
  ['another client', { aud: 'client_2' }],
  ['two clients', { aud: ['client_1', 'client_2'] }],
  ['no client', { aud: undefined }],
  ['another nonce', { nonce: 'n2' }],
  ['no nonce', { nonce: undefined }],
  ['no subject', { sub: undefined }],
  ['an empty subject', { sub: '' }],
  ['an end that has passed', { exp: now - 30 }],
  ['no end', { exp: undefined }],
  ['a time that is to come', { iat: now + 31 }],
  ['no time', { iat: undefined }],
])('an ID token with %s is refused', (_, change) => {
  const refused = expect.objectContaining({ code: 'unexpected_answer' })
  expect(() => readIdToken(idToken({ ...sound, ...change }), expected)).toThrow(refused)
})

it.each(['', 'x', 'a.b.c', `${idToken(sound)}.more`, 'e30.e30.'])('%j is no ID token', (text) => {
  expect(() => readIdToken(text, expected)).toThrow(expect.objectContaining({ code: 'unexpected_answer' }))
})

it('after a refresh it is about the same account, and needs no nonce', () => {
  const { nonce: _, ...renewed } = sound
  const after = { ...expected, nonce: undefined }
  expect(readIdToken(idToken(renewed), { ...after, subject: 'acct_1' }).sub).toBe('acct_1')
  expect(() => readIdToken(idToken(renewed), { ...after, subject: 'acct_2' })).toThrow(/another account/)
})

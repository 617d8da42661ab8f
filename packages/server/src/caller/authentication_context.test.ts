import { expect, it } from 'vitest'
import { acrOf, amrWith } from './authentication_context.ts'

it.each([
  ['a password', ['pwd'], 'urn:countersign:acr:1'],
  ['a link', ['otp'], 'urn:countersign:acr:1'],
  ['nothing that is known', [], 'urn:countersign:acr:1'],
  ['a password and a code', ['pwd', 'otp', 'mfa'], 'urn:countersign:acr:2'],
  ['a passkey', ['swk', 'mfa'], 'urn:countersign:acr:2'],
])('the class of a sign-in by %s tells one factor from two', (_, amr, acr) => {
  expect(acrOf({ amr })).toBe(acr)
})

it('a second proof adds to the methods, each named once', () => {
  expect(amrWith(['pwd'], ['otp', 'mfa'])).toEqual(['pwd', 'otp', 'mfa'])
  expect(amrWith(['otp'], ['otp', 'mfa'])).toEqual(['otp', 'mfa'])
})

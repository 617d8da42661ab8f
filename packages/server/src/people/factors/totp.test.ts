import { describe, expect, it } from 'vitest'
import { findStep, formatBase32, stepAt, totpCode, totpUri } from './totp.ts'

const secret = new TextEncoder().encode('12345678901234567890')

it.each([
  [59, '287082'],
  [1_111_111_109, '081804'],
  [1_111_111_111, '050471'],
  [1_234_567_890, '005924'],
  [2_000_000_000, '279037'],
  [20_000_000_000, '353130'],
])('the code at %i is that of RFC 6238, appendix B', (now, code) => {
  expect(totpCode(secret, stepAt(now))).toBe(code)
})

describe('a code', () => {
  const now = 1_800_000_015
  const step = stepAt(now)

  it('is good one step before and after, and no further', () => {
    const good = [-2, -1, 0, 1, 2].map((each) => findStep(secret, totpCode(secret, step + each), now, -1))
    expect(good).toEqual([undefined, step - 1, step, step + 1, undefined])
  })

  it('is good no more once its step, or a later one, was used', () => {
    expect(findStep(secret, totpCode(secret, step), now, step)).toBeUndefined()
    expect(findStep(secret, totpCode(secret, step - 1), now, step)).toBeUndefined()
    expect(findStep(secret, totpCode(secret, step + 1), now, step)).toBe(step + 1)
  })

  it('may have spaces, and is refused when it is anything else', () => {
    const code = totpCode(secret, step)
    expect(findStep(secret, `${code.slice(0, 3)} ${code.slice(3)}`, now, -1)).toBe(step)
    for (const wrong of [
      '',
      ' ',
      '0',
      `${code}0`,
      code.slice(1),
      `0${code}`,
      'abcdef',
      '１２３４５６',
      '\0'.repeat(6),
      '0'.repeat(10_000),
    ])
      expect(findStep(secret, wrong, now, -1), wrong.slice(0, 10)).toBeUndefined()
  })
})

it.each([
  ['', ''],
  ['f', 'MY'],
  ['fo', 'MZXQ'],
  ['foo', 'MZXW6'],
  ['foob', 'MZXW6YQ'],
  ['fooba', 'MZXW6YTB'],
  ['foobar', 'MZXW6YTBOI'],
])('the base 32 of "%s" is that of RFC 4648, §10', (text, base32) => {
  expect(formatBase32(new TextEncoder().encode(text))).toBe(base32)
})

it('the text for an app names server and account, whatever characters they have', () => {
  const uri = new URL(totpUri(secret, { issuer: 'A & B: "x"', name: 'ann+1@example.com' }))
  expect([uri.protocol, uri.host]).toEqual(['otpauth:', 'totp'])
  expect(decodeURIComponent(uri.pathname)).toBe('/A & B: "x":ann+1@example.com')
  expect(Object.fromEntries(uri.searchParams)).toEqual({
    secret: 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ',
    issuer: 'A & B: "x"',
  })
})

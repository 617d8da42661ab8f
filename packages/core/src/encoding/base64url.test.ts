import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { lendBase64urlBytes } from '../crypto/node.ts'
import { encodeBase64url, decodeBase64url as written } from './base64url.ts'

describe.each([
  ['written out', written],
  ['lent', lendBase64urlBytes],
])('%s', (_decoder, decode) => {
  test('every sequence of bytes comes back from its one spelling', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const text = encodeBase64url(bytes)
        expect(text).toBe(Buffer.from(bytes).toString('base64url'))
        expect(new Uint8Array(decode(text) ?? [1])).toEqual(new Uint8Array(bytes))
      }),
    )
  })

  test.each([
    ['padding', 'QQ=='],
    ['spare bits in the last of two characters', 'QR'],
    ['spare bits in the last of three characters', 'QUJ'.replace('J', 'F')],
    ['one character left over', 'QUJDR'],
    ['+ and /', '-_+/'],
    ['a space', 'QU D'],
    ['a newline at the end', 'QUJD\n'],
    ['a NUL', 'QUJ\0'],
    ['a letter whose low byte is in the alphabet', 'QUJ\u0141'],
    ['the same among the last characters', 'QUJDQ\u0141'],
    ['a junk character', 'QU?D'],
  ])('%s is not base64url', (_name, text) => {
    expect(decode(text)).toBeUndefined()
  })

  test('no two texts decode to the same bytes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 12 }), (text) => {
        const bytes = decode(text)
        if (bytes !== undefined) expect(encodeBase64url(bytes)).toBe(text)
      }),
      { numRuns: 5_000 },
    )
    const pairs = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/= ']
    for (const a of pairs) {
      for (const b of pairs) {
        for (const text of [a + b, `A${a}${b}`]) {
          const isCanonical = Buffer.from(text, 'base64url').toString('base64url') === text
          expect(decode(text) !== undefined).toBe(isCanonical)
        }
      }
    }
  })
})

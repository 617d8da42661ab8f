import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeBase64url, encodeBase64url } from './base64url.ts'

test('every sequence of bytes comes back from its one spelling', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      const text = encodeBase64url(bytes)
      expect(text).toBe(Buffer.from(bytes).toString('base64url'))
      expect(decodeBase64url(text)).toEqual(new Uint8Array(bytes))
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
  expect(decodeBase64url(text)).toBeUndefined()
})

test('no two texts decode to the same bytes', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 12 }), (text) => {
      const bytes = decodeBase64url(text)
      if (bytes !== undefined) expect(encodeBase64url(bytes)).toBe(text)
    }),
    { numRuns: 5_000 },
  )
  const pairs = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/= ']
  for (const a of pairs) {
    for (const b of pairs) {
      for (const text of [a + b, `A${a}${b}`]) {
        const isCanonical = Buffer.from(text, 'base64url').toString('base64url') === text
        expect(decodeBase64url(text) !== undefined).toBe(isCanonical)
      }
    }
  }
})

test('a part of a text is decoded without cutting it out', () => {
  expect(decodeBase64url('xx.QUI.xx', 3, 6)).toEqual(new Uint8Array([65, 66]))
  expect(decodeBase64url('QQQQQQ', 0, 5)).toBeUndefined()
  expect(decodeBase64url('', 0, 0)).toEqual(new Uint8Array())
})

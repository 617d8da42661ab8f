import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { identityHeader, readIdentityHeader, scopeHeader } from './identity_header.ts'

/** Any text at all: lone surrogates, controls, what looks encoded already. */
const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'grapheme' }),
  fc.array(fc.integer({ min: 0, max: 0xffff })).map((codes) => String.fromCharCode(...codes)),
  fc.constantFrom('', '-', '%2D', '--', ' ', ' bob', 'bob', 'é', '%C3%A9', '%', '\r\nX: y', '\ud800', '%ED%A0%80'),
)

describe('an identity in a header', () => {
  it.each([
    ['client_1', 'client_1'],
    ['', '-'],
    ['-', '%2D'],
    ['--', '--'],
    ['é', '%C3%A9'],
    ['%C3%A9', '%25C3%25A9'],
    [' bob', '%20bob'],
    ['bob ', 'bob%20'],
    ['a b', 'a%20b'],
    ['\r\nX-Admin: 1', '%0D%0AX-Admin:%201'],
    ["!$'()*~", "!$'()*~"],
    ['𐍈', '%F0%90%8D%88'],
    ['\u007f\u0000', '%7F%00'],
  ])('%j is %j', (text, value) => {
    expect(identityHeader(text)).toBe(value)
    expect(readIdentityHeader(value)).toBe(text)
  })

  it('read again it is the text that was written, always, and no two texts are one value', () => {
    fc.assert(
      fc.property(anyText, anyText, (text, other) => {
        const value = identityHeader(text)
        expect(value).toMatch(/^[\x21-\x7e]+$/)
        expect(readIdentityHeader(value)).toBe(text)
        expect(identityHeader(other) === value).toBe(other === text)
      }),
      { numRuns: 2_000 },
    )
  })

  it('well-formed text is read with decodeURIComponent too, a bare dash apart', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (text) => {
        expect(decodeURIComponent(identityHeader(text))).toBe(text)
      }),
    )
  })

  it('a scope keeps its spaces', () => {
    expect(scopeHeader('orders:read orders:write')).toBe('orders:read orders:write')
    expect(scopeHeader('')).toBe('-')
    expect(scopeHeader('-')).toBe('%2D')
    expect(scopeHeader('- é')).toBe('%2D %C3%A9')
  })
})

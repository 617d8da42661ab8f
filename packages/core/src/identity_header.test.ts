import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Metadata } from './feed/state.ts'
import type { Grant } from './grant.ts'
import { fitsClaims, identityHeader, readIdentityHeader, scopeHeader, upstreamMetadata } from './identity_header.ts'

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

describe('the metadata of a grant for an upstream', () => {
  const told = (metadata: Metadata, clientMetadata?: Metadata) =>
    upstreamMetadata({ metadata, ...(clientMetadata === undefined ? {} : { clientMetadata }) } as Grant)

  it('header and claims say the same', () => {
    expect(told({ a: 1 }, { plan: 'pro' })).toEqual({
      header: '{"metadata":{"a":1},"clientMetadata":{"plan":"pro"}}',
      claims: { cs_metadata: { a: 1 }, cs_client_metadata: { plan: 'pro' } },
    })
    expect(told({})).toEqual({ header: '{"metadata":{}}', claims: { cs_metadata: {} } })
  })

  // `{"metadata":{"a":""},"clientMetadata":{"b":""}}` has 47 bytes.
  it.each([
    ['together 1 KiB', 'x'.repeat(488), 'y'.repeat(489), true],
    ['one byte more', 'x'.repeat(488), 'y'.repeat(490), false],
    ['1 KiB before it is encoded', '"'.repeat(488), '', true],
    ['one byte more by a letter of two bytes', `${'x'.repeat(975)}é`, 'y', false],
  ])('%s of metadata: both are there, or both are left out', (_, a, b, fits) => {
    const { header, claims } = told({ a }, { b })
    expect(header !== undefined).toBe(fits)
    expect(claims).toEqual(fits ? { cs_metadata: { a }, cs_client_metadata: { b } } : { cs_metadata_omitted: true })
  })

  it('no verifier of JWTs takes claims of more than 16 levels: deeper metadata is left out', () => {
    const nested = (levels: number): Metadata => (levels === 1 ? {} : { a: nested(levels - 1) })
    expect(fitsClaims(JSON.stringify(nested(15)), 1_024)).toBe(true)
    expect(fitsClaims(JSON.stringify(nested(16)), 1_024)).toBe(false)
    expect(told(nested(14)).header).toBeDefined()
    expect(told(nested(15)).claims).toEqual({ cs_metadata_omitted: true })
  })
})

import { type Grant, readIdentityHeader } from '@countersign/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { identityHeaders, metadataHeaders } from './identity.ts'

const grant = { kind: 'api_key', clientId: 'client_1', credentialId: 'key_1', scope: 'a b', metadata: {} } as Grant

it.each(['é', '%C3%A9', ' bob', 'bob', '-', '', '100%', '\r\nX-Admin: 1', '\ud800'])(
  'the subject %j comes back as it is',
  (subject) => {
    const fields = identityHeaders({ ...grant, subject }, { assertion: 'signed', metadata: ['X-More', '1'] })
    const value = fields[fields.indexOf('X-Countersign-Subject') + 1] as string
    expect(value).toMatch(/^[\x21-\x7e]+$/)
    expect(readIdentityHeader(value)).toBe(subject)
    expect(fields[fields.indexOf('X-Countersign-Scope') + 1]).toBe('a b')
    expect(fields.slice(-2)).toEqual(['X-More', '1'])
  },
)

it.each([
  ['customer 1', 'customer%201'],
  ['-', '%2D'],
  [undefined, '-'],
])('the owner’s id %j of a person is %s', (externalSubject, value) => {
  const of = { ...grant, subject: 'acct_1', ...(externalSubject === undefined ? {} : { externalSubject }) }
  const fields = identityHeaders(of, { assertion: 'signed', metadata: [] })
  expect(fields[fields.indexOf('X-Countersign-External-Subject') + 1]).toBe(value)
})

describe('metadata in a header', () => {
  it.each([
    [{ metadata: {} }, '{"metadata":{}}'],
    [{ metadata: {}, clientMetadata: {} }, '{"metadata":{},"clientMetadata":{}}'],
    [
      { metadata: { a: 'b c' }, clientMetadata: { plan: 'é' } },
      '{"metadata":{"a":"b%20c"},"clientMetadata":{"plan":"%C3%A9"}}',
    ],
  ])('%j is %s', (more, value) => {
    expect(metadataHeaders({ ...grant, ...more })).toEqual(['X-Countersign-Metadata', value])
  })

  it('comes back as it was: other scripts, quotes, percent signs and line ends', () => {
    const object = fc.dictionary(fc.string({ unit: 'binary', maxLength: 8 }), fc.json({ maxDepth: 3 }), { maxKeys: 4 })
    const odd = fc.constantFrom(
      { a: '\r\nX-Admin: 1' },
      { '%': '%0D%0A' },
      { '"': '\\"\'' },
      { a: '\ud800' },
      { 字: '𐍈' },
    )
    fc.assert(
      fc.property(fc.oneof(object, odd), fc.oneof(object, odd), (metadata, clientMetadata) => {
        const [name, value = ''] = metadataHeaders({ ...grant, metadata, clientMetadata })
        if (name === 'X-Countersign-Metadata-Omitted') return
        expect(value).toMatch(/^[\x21-\x7e]+$/)
        expect(JSON.parse(readIdentityHeader(value))).toEqual({ metadata, clientMetadata })
      }),
    )
  })
})

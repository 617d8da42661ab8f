import { describe, expect, it, test } from 'vitest'
import { requireIssuer, requireOptions } from './options.ts'

test.each(['maxStalness', 'a', 'toString', 'constructor'])(
  'the option %s that nobody knows is refused by name',
  (name) => {
    expect(() => requireOptions('make', { [name]: undefined }, { maxStaleness: true })).toThrow(
      new TypeError(`make has no option "${name}"`),
    )
  },
)

test('every known option is taken, whatever its value', () => {
  expect(() => requireOptions('make', { a: undefined, b: 1 }, { a: true, b: true, c: true })).not.toThrow()
})

describe('an issuer', () => {
  it.each(['https://auth.example.com', 'https://auth.example.com/t/acme', 'http://localhost:4800', 'http://[::1]:1'])(
    '%s is taken as it is',
    (issuer) => {
      expect(requireIssuer(issuer, undefined)).toBe(issuer)
    },
  )

  it.each([
    ...['', 'auth.example.com', 'https://auth.example.com/', 'https://a.example?x', 'https://a.example#x'],
    ...['https://user@a.example', 'https://user:secret@a.example', 'https://:secret@a.example', 'ftp://a.example'],
    ...['http://auth.example.com', 'http://127.0.0.1.example.com', 'http://localhost.example.com'],
  ])('%j throws, and is not in the message', (issuer) => {
    expect(() => requireIssuer(issuer, false)).toThrow(/^issuer must be (?:the URL of the authorization server|https)/)
    expect(() => requireIssuer(issuer, undefined)).not.toThrow(/secret/)
  })

  it('beyond this machine may be plain http only where that is asked for', () => {
    expect(requireIssuer('http://auth.example.com', true)).toBe('http://auth.example.com')
    expect(() => requireIssuer('ftp://auth.example.com', true)).toThrow(TypeError)
  })
})

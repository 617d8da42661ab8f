import { expect, test } from 'vitest'
import { callersLocation } from './location.ts'

const at = (base: string, value: string) => callersLocation(value, new URL(`http://127.0.0.1:8080${base}`))

test.each([
  ['', 'http://127.0.0.1:8080/t/next', '/t/next'],
  ['', 'http://127.0.0.1:8080', '/'],
  ['', 'HTTP://127.0.0.1:8080/a?b=c#d', '/a?b=c#d'],
  ['', '//127.0.0.1:8080/a', '/a'],
  ['/base', 'http://127.0.0.1:8080/base/t/5', '/t/5'],
  ['/base/', 'http://127.0.0.1:8080/base', '/'],
  ['/base', '/base/t/5', '/t/5'],
])('behind %j, %s is relative: %s', (base, value, expected) => {
  expect(at(base, value)).toBe(expected)
})

test.each([
  ['', 'https://127.0.0.1:8080/t'],
  ['', 'http://127.0.0.1:8081/t'],
  ['', 'http://127.0.0.1/t'],
  ['', 'https://login.test/x'],
  ['', '//login.test/x'],
  ['', '/t/5'],
  ['', 'next?x=1'],
  ['', '?page=2'],
  ['', ''],
  ['', 'http://u:p@127.0.0.1:8080/t'],
  ['', 'http://['],
  ['/base', '../up'],
  ['/base', 'http://127.0.0.1:8080/other'],
  ['/base', '/other'],
  ['/base', '/baseless'],
])('behind %j, %s passes unchanged', (base, value) => {
  expect(at(base, value)).toBe(value)
})

test('a path that begins with two slashes does not become another host', () => {
  const value = at('', 'http://127.0.0.1:8080//other.test/x')
  expect(new URL(value, 'https://gateway.test').href).toBe('https://gateway.test//other.test/x')
  expect(new URL(at('/base', '/base//other.test'), 'https://gateway.test').host).toBe('gateway.test')
})

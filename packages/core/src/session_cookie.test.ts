import { expect, test } from 'vitest'
import { isSessionCookieName, withoutSessionCookies } from './session_cookie.ts'

test('a field of cookies keeps all but sessions and marks of a server of ours, in their order', () => {
  for (const [field, left] of [
    ['a=1; __Host-cs-0123abcd=cs_sess_x; b=2', 'a=1; b=2'],
    ['cs-0123abcd=x; csb-0123abcd=y', undefined],
    ['__Host-csb-0123abcd=y;a=1', 'a=1'],
    ['cs-0123abcd', undefined],
    ['a=1; b="cs-0123abcd=x"', 'a=1; b="cs-0123abcd=x"'],
    ['', ''],
  ] as const)
    expect(withoutSessionCookies(field), field).toBe(left)
  expect(['cs-0123abc', 'cs-0123ABCD', 'xcs-0123abcd', '__Secure-cs-0123abcd'].some(isSessionCookieName)).toBe(false)
})

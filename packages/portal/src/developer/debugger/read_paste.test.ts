import { expect, it } from 'vitest'
import { readPaste } from './read_paste.ts'

it('a credential is found by itself, in quotes, broken by a terminal, in a header', () => {
  for (const text of ['abc', ' abc\n', '"abc"', "'abc'", 'ab\nc'])
    expect(readPaste(text)).toEqual({ credential: 'abc', from: 'text' })
  for (const text of [
    'Authorization: Bearer abc',
    'authorization: bearer abc',
    'Bearer abc',
    'X-API-Key: abc',
    `Authorization: Basic ${btoa('abc:')}`,
  ])
    expect(readPaste(text)).toEqual({ credential: 'abc', from: 'header' })
  expect(readPaste('  ')).toBeUndefined()
})

it('a curl command gives its credential, method and path, and neither its query nor its body', () => {
  const call = { method: 'POST', path: '/orders/7' }
  for (const text of [
    `curl -X POST -H 'Authorization: Bearer abc' 'https://api.example/orders/7?token=secret'`,
    `curl https://api.example/orders/7 \\\n  -H "Accept: application/json" \\\n  -H "X-API-Key: abc" -d '{"a": 1}'`,
    `$ curl --request=POST -sS -u abc: api.example/orders/7`,
    `curl --oauth2-bearer abc --json {} https://api.example/orders/7`,
  ])
    expect(readPaste(text), text).toEqual({ credential: 'abc', from: 'curl', call })
  expect(readPaste('curl https://api.example/orders')).toBeUndefined()
  expect(readPaste(`curl -H 'Accept: text/plain' https://api.example/`)).toBeUndefined()
})

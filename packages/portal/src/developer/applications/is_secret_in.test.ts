import { expect, it } from 'vitest'
import { isSecretIn } from './is_secret_in.ts'

const secret = `cs_secret_a9SVWSBD6wEv_${'x'.repeat(38)}`

it('a secret, a key and a token are known wherever they stand in the text; names and ids are none', () => {
  expect(isSecretIn(secret)).toBe(true)
  expect(isSecretIn(`Bearer ${secret.replace('secret', 'live')}`)).toBe(true)
  expect(isSecretIn('eyJhbGciOiJFUzI1NiJ9.e30.x')).toBe(true)
  for (const plain of ['client_mzKsr9sjRwxw8Ag2psrG', 'a9SVWSBD6wEv', 'Shop of Ana', ''])
    expect(isSecretIn(plain), plain).toBe(false)
})

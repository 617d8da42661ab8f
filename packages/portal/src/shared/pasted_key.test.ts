import { expect, it } from 'vitest'
import { mayHoldSecret, readKeyParts, readPasted } from './pasted_key.ts'

const key = 'cs_test_0123456789AB_0123456789ABCDEFGHIJKLMNOPQRSTUV0hvK6L'

it('a pasted key gives its id, and so does an id alone', () => {
  expect(readPasted(key)).toEqual({ id: '0123456789AB' })
  expect(readPasted('0123456789AB')).toEqual({ id: '0123456789AB' })
})

it('a key with a letter that differs is found out, and any other text is nothing', () => {
  expect(readPasted(key.replace('CDEF', 'CDEG'))).toEqual({ wrong: 'checksum' })
  for (const text of ['', 'Billing worker', key.slice(3), `${key}x`, 'cs_secret_0123456789AB_x'])
    expect(readPasted(text)).toBeUndefined()
})

it('the id of a request is known by its form, and a key that was cut is none', () => {
  for (const requestId of [
    'req_OdV9q0wxdsaJ_1kN',
    'req_8a4b0f6e-2f5e-4a57-9d0c-0b1f6f5d2c11',
    '8a4b0f6e-2f5e-4a57-9d0c-0b1f6f5d2c11',
  ])
    expect(readPasted(requestId)).toEqual({ requestId })
  for (const text of [key.slice(0, -1), key.slice(8), `req_${'x'.repeat(200)}`, 'req_live_0123456789AB_cut'])
    expect(readPasted(text)).toBeUndefined()
})

it('the parts of a key are told, with whether its checksum fits', () => {
  expect(readKeyParts(key)).toEqual({
    prefix: 'cs',
    marker: 'test',
    id: '0123456789AB',
    secret: '0123456789ABCDEFGHIJKLMNOPQRSTUV',
    checksum: '0hvK6L',
    isIntact: true,
  })
  expect(readKeyParts(`${key.slice(0, -1)}M`)?.isIntact).toBe(false)
})

it('a secret is known as such from its first letter on, in any text around it; ids and names are none', () => {
  const secret = key.slice(21)
  for (const text of [key, `Bearer ${key}`, key.slice(0, 22), key.slice(4), `x${secret}`, 'eyJhbGciOiJFUzI1NiJ9.'])
    expect(mayHoldSecret(text), text).toBe(true)
  for (const text of [
    '',
    key.slice(0, 21),
    'test_0123456789AB_…',
    '0123456789AB',
    'Billing worker',
    'client_abcdefghijkl',
  ])
    expect(mayHoldSecret(text), text).toBe(false)
})

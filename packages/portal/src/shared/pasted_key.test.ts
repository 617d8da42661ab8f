import { expect, it } from 'vitest'
import { readPasted } from './pasted_key.ts'

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

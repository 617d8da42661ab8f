import { expect, it } from 'vitest'
import { foundPlace } from './found_place.ts'

it.each([
  ['Usage', { screen: '/usage' }],
  ['  api keys ', { screen: '/keys' }],
  ['reference', { screen: '/reference' }],
  ['HOME', { screen: '/' }],
  ['/orders/{id}', { operations: '/orders/{id}' }],
  ['post orders', { operations: 'post orders' }],
  ['DELETE /orders', { operations: 'DELETE /orders' }],
  ['Billing worker', { keys: 'Billing worker' }],
  ['Post office', { operations: 'Post office' }],
  ['team key', { keys: 'team key' }],
])('%s leads to its place', (written, place) => {
  expect(foundPlace(written)).toEqual(place)
})

it.each([
  ['nothing', ' '],
  ['a part of a key', 'x cs_live_0123456789AB_0123'],
  ['a token', 'eyJhbGciOiJFUzI1NiJ9.e30.x'],
  ['a secret of 32 letters and digits', '0123456789ABCDEFGHIJKLMNOPQRSTUV'],
  ['a text that no name has', 'x '.repeat(101)],
])('%s leads nowhere: it goes into no address', (_, written) => {
  expect(foundPlace(written)).toBeUndefined()
})

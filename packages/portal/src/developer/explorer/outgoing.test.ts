import { expect, it } from 'vitest'
import type { Written } from '../reference/written.ts'
import { outgoingOf, parametersOf } from './outgoing.ts'

const operation = { method: 'GET', route: '/v1/orders/{id}/lines/{line}' }
const parameter = (place: 'path' | 'query' | 'header' | 'cookie', name: string) =>
  ({ in: place, name, isRequired: false }) as Written['parameters'][number]
const written = {
  parameters: [
    parameter('path', 'id'),
    parameter('query', 'page[size]'),
    parameter('query', 'sort'),
    parameter('header', 'X-Trace'),
    parameter('cookie', 'session'),
  ],
} as unknown as Written

it('values go where the document has them, each encoded as one; what is empty is not sent, cookies never', () => {
  const parameters = parametersOf(operation, written)
  expect(parameters.map(({ name }) => name)).toEqual(['line', 'id', 'page[size]', 'sort', 'X-Trace'])
  const values = new Map([
    ['path id', '../a/b?c#d'],
    ['path line', '7'],
    ['query page[size]', '5 & 6'],
    ['query sort', ''],
    ['header X-Trace', 'abc'],
    ['cookie session', 'no'],
  ])
  expect(outgoingOf(operation, parameters, values, 'the-token', undefined)).toEqual({
    method: 'GET',
    path: '/v1/orders/..%2Fa%2Fb%3Fc%23d/lines/7',
    query: 'page%5Bsize%5D=5%20%26%206',
    headers: { 'X-Trace': 'abc', Authorization: 'Bearer the-token' },
  })
})

it('without a credential none is sent; a body has its type', () => {
  const sent = outgoingOf({ method: 'POST', route: '/v1/orders' }, [], new Map(), '', {
    type: 'application/json',
    text: '{"a":1}',
  })
  expect(sent).toEqual({
    method: 'POST',
    path: '/v1/orders',
    headers: { 'Content-Type': 'application/json' },
    body: '{"a":1}',
  })
})

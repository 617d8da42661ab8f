import { expect, it } from 'vitest'
import { ApiProblem } from '../../../shared/api/problem.ts'
import { errorOfItem, errorOfList } from './field_errors.ts'

const refused = (pointer: string) => new ApiProblem(400, { errors: [{ pointer, detail: 'is wrong' }] })

it('the words about an item stand at that item, also once the list was changed, and not at another', () => {
  const error = refused('/redirectUris/1')
  const sent = ['https://a.example', 'https://b.example']
  expect(errorOfItem(error, 'redirectUris', sent, 'https://b.example')).toBe('is wrong')
  expect(errorOfItem(error, 'redirectUris', sent, 'https://a.example')).toBeUndefined()
  expect(errorOfItem(error, 'redirectUris', sent, 'https://mended.example')).toBeUndefined()
  expect(errorOfItem(error, 'postLogoutRedirectUris', sent, 'https://b.example')).toBeUndefined()
  expect(errorOfItem(refused('/access/0/scope'), 'access', ['urn:orders'], 'urn:orders')).toBe('is wrong')
  expect(errorOfItem(refused('/access/10'), 'access', ['urn:a', 'urn:b'], 'urn:b')).toBeUndefined()
})

it('the words about a list stand below it, and those about an item do not', () => {
  expect(errorOfList(refused('/redirectUris'), 'redirectUris')).toBe('is wrong')
  expect(errorOfList(refused('/redirectUris/0'), 'redirectUris')).toBeUndefined()
})

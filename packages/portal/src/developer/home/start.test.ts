import { expect, it } from 'vitest'
import type { Api, ListedKey } from '../../shared/api/queries.ts'
import { startOf, verifierSample } from './start.ts'

const api = (id: string) => ({ id, audience: `https://${id}.test`, scopes: [{ name: 'a' }, { name: 'b' }] }) as Api
const apis = [api('api_management'), api('asked'), api('one'), api('two')]
const key = (id: string) => ({ id, audience: `https://${id}.test` }) as ListedKey
const ceilings = ['one', 'two'].map((id) => ({ audience: `https://${id}.test`, scope: 'a' }))

it('a quick start is about the API of the key that was used last, else about one that the team has, and no other', () => {
  const of = (keys: readonly ListedKey[], own?: typeof ceilings) => {
    const start = startOf(apis, keys, own)
    return [start?.api.id, start?.scope, start?.key?.id]
  }
  expect(of([key('api_management'), key('two'), key('one')], ceilings)).toEqual(['two', 'a', 'two'])
  expect(of([], ceilings)).toEqual(['one', 'a', undefined])
  expect(of([key('asked')], ceilings)).toEqual(['one', 'a', undefined])
  expect(of([], [])).toEqual([undefined, undefined, undefined])
  expect(of([])).toEqual(['asked', 'a b', undefined])
})

it('the sample of a verifier has the values of this installation as text of its language', () => {
  const said = verifierSample('https://id.example/t/acme', 'https://a.test/"x')
  expect(said).toContain('issuer: "https://id.example/t/acme"')
  expect(said).toContain('audience: "https://a.test/\\"x"')
})

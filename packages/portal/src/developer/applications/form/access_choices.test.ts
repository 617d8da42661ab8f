import { expect, it } from 'vitest'
import type { Api } from '../../../shared/api/queries.ts'
import { accessChoices } from './access_choices.ts'

const api = (id: string, ...scopes: string[]) =>
  ({ id, name: id, audience: `urn:${id}`, scopes: scopes.map((name) => ({ name, description: `may ${name}` })) }) as Api
const apis = [api('api_b', 'read', 'write'), api('api_a', 'see'), api('api_management', 'keys:read')]
const given = (choices: ReturnType<typeof accessChoices>) =>
  choices.map(({ name, scopes }) => [name, ...scopes.filter((each) => each.isGivable).map((each) => each.name)])

it('within a team only the APIs of its ceiling are offered, and of their scopes only those that it names can be given', () => {
  const choices = accessChoices(apis, [{ audience: 'urn:api_b', scope: 'read' }])
  expect(given(choices)).toEqual([['api_b', 'read']])
  expect(choices[0]?.scopes.map(({ name }) => name)).toEqual(['read', 'write'])
})

it('one of the tenant’s own can be given every API but those of the server itself', () => {
  expect(given(accessChoices(apis, undefined))).toEqual([
    ['api_a', 'see'],
    ['api_b', 'read', 'write'],
  ])
})

it('access that it has can be kept, though the ceiling or the API has it no more', () => {
  const held = [
    { audience: 'urn:api_b', scope: 'write' },
    { audience: 'urn:gone', scope: 'old' },
  ]
  expect(given(accessChoices(apis, [{ audience: 'urn:api_b', scope: 'read' }], held))).toEqual([
    ['api_b', 'read', 'write'],
    ['urn:gone', 'old'],
  ])
})

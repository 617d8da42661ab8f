import { expect, it } from 'vitest'
import { missingOf } from './missing.ts'

it('a team is offered what an API has on request and the team has not there, and nothing else', () => {
  const scopes = ['a', 'b', 'c', 'd'].map((name) => ({ name, description: '' }))
  const api = { audience: 'https://a.test', scopes, onRequestScope: 'd b gone' }
  const team = {
    access: [
      { audience: 'https://a.test', scope: 'a b' },
      { audience: 'https://b.test', scope: 'd' },
    ],
  }
  expect(missingOf(api, team).map(({ name }) => name)).toEqual(['d'])
  expect(missingOf(api, { access: [] }).map(({ name }) => name)).toEqual(['b', 'd'])
  expect(missingOf({ ...api, onRequestScope: '' }, team)).toEqual([])
})

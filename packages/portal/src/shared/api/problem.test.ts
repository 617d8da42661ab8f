import { expect, it } from 'vitest'
import { ApiProblem, errorOf } from './problem.ts'

it('the words of the server are found by the member that they are about, also where they name a part of it', () => {
  const errors = [
    { pointer: '/name', detail: 'is too long' },
    { pointer: '/ipAllow/1', detail: 'is no address' },
  ]
  const problem = new ApiProblem(400, { errors })
  expect(['name', 'ipAllow', 'ip', ''].map((name) => errorOf(problem, name))).toEqual([
    'is too long',
    'is no address',
    undefined,
    undefined,
  ])
  expect(errorOf(undefined, 'name')).toBeUndefined()
})

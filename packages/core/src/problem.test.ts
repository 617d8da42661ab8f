import { expect, test } from 'vitest'
import { problemAnswer, unavailableAnswer } from './problem.ts'

test('when nobody can tell the answer is 503 with a whole number of seconds, never less than one', () => {
  for (const [seconds, header] of [
    [0, '1'],
    [1.2, '2'],
    [30, '30'],
  ] as const) {
    expect(unavailableAnswer(seconds)).toMatchObject({ status: 503, headers: { 'Retry-After': header } })
  }
})

test('every status an answer can have has its title', () => {
  for (const status of [400, 401, 403, 404, 405, 408, 409, 413, 415, 417, 421, 422, 429, 500, 502, 503, 504, 507]) {
    expect(problemAnswer(status, 'c', 'd').body.title).not.toBe('Error')
  }
})

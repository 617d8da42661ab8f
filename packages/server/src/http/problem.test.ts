import { StoreUnavailableError } from '@countersign/store'
import { expect, it } from 'vitest'
import { answerError } from './problem.ts'
import type { HttpRequest } from './request.ts'

it.each([
  ['unreachable', 503, 'unavailable', '1', /cannot be reached/],
  ['busy', 503, 'unavailable', '1', /Nothing was changed. Try again/],
  ['timeout', 503, 'unavailable', '1', /may have been made.*Idempotency-Key/],
  ['full', 507, 'storage_full', '30', /disk of the database is full. Credentials can be revoked/],
] as const)('a database that is %s is %i, and says what became of the request', (...given) => {
  const [reason, status, code, retryAfter, detail] = given
  const logged: unknown[] = []
  const error = new StoreUnavailableError(reason, new Error('postgres://user:secret@host'))
  const answer = answerError({ requestId: 'req_1' } as HttpRequest, error, (cause) => logged.push(cause))
  expect(answer.status).toBe(status)
  expect(JSON.parse(answer.body as string)).toMatchObject({
    code,
    detail: expect.stringMatching(detail),
    requestId: 'req_1',
  })
  expect(answer.headers['Retry-After']).toBe(retryAfter)
  expect(answer.body).not.toContain('secret')
  expect(logged).toEqual([error])
})

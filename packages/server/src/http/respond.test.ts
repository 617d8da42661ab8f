import { StoreUnavailableError } from '@countersign/store'
import { expect, it } from 'vitest'
import type { Exchange } from './exchange.ts'
import { answerError } from './respond.ts'

it.each([
  ['unreachable', 503, 'unavailable', /cannot be reached/],
  ['busy', 503, 'unavailable', /nothing was changed, try again/],
  ['timeout', 503, 'unavailable', /may have been done.*Idempotency-Key/],
  ['full', 507, 'storage_full', /no space left/],
] as const)('a database that is %s is %i, and says what became of the request', (reason, status, code, detail) => {
  const logged: unknown[] = []
  const error = new StoreUnavailableError(reason, new Error('postgres://user:secret@host'))
  const answer = answerError({ requestId: 'req_1' } as Exchange, error, (cause) => logged.push(cause))
  expect(answer.status).toBe(status)
  expect(JSON.parse(answer.body as string)).toMatchObject({
    code,
    detail: expect.stringMatching(detail),
    requestId: 'req_1',
  })
  expect(answer.headers['Retry-After']).toBe(status === 503 ? '1' : undefined)
  expect(answer.body).not.toContain('secret')
  expect(logged).toEqual([error])
})

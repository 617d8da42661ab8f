import { expect, test } from 'vitest'
import { compileRoutes, readDocument, readOperations } from './index.ts'

const table = compileRoutes(
  readOperations(
    readDocument(
      JSON.stringify({
        openapi: '3.1.0',
        paths: {
          '/admin/audit': { get: { security: [{ s: ['admin'] }] } },
          '/{one}/{two}': { get: { security: [{ s: ['read'] }] } },
        },
      }),
    ),
  ),
)

test.each(['/admin/AUDIT', '/ADMIN/audit', '/Admin/Audit', '/admin/audit.', '/admin/audit%20'])(
  '%s is refused, since a lax server would serve /admin/audit for it and a template here asks for less',
  (target) => {
    expect(table.match('GET', target).kind).toBe('ambiguous')
  },
)

test('what is no other spelling of a literal path is judged by the template', () => {
  expect(table.match('GET', '/admin/log')).toMatchObject({ operation: { requires: [['read']] } })
  expect(table.match('GET', '/admin/audit')).toMatchObject({ operation: { requires: [['admin']] } })
})

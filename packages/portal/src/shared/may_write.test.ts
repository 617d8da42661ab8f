import { expect, it } from 'vitest'
import type { Me } from './api/queries.ts'
import { mayWrite } from './may_write.ts'

const team = (id: string, role: string) => ({ id, name: id, role })
const meWith = (more: object) => ({ scope: 'keys:read keys:write', teams: [], ...more }) as unknown as Me

it('keys are written with the scope alone, and of several teams only in those where the role gives it', () => {
  expect(mayWrite(undefined)).toBe(false)
  expect(mayWrite(meWith({ scope: 'keys:read', role: 'operator' }))).toBe(false)
  expect(mayWrite(meWith({ role: 'operator' }), 'team_a')).toBe(true)
  const both = meWith({ teams: [team('a', 'owner'), team('b', 'viewer')] })
  expect([mayWrite(both), mayWrite(both, 'a'), mayWrite(both, 'b'), mayWrite(both, 'c')]).toEqual([
    true,
    true,
    false,
    false,
  ])
})

it('a portal link’s scope counts where it is less than a role’s', () => {
  expect(mayWrite(meWith({ teams: [team('a', 'viewer')] }), 'a')).toBe(true)
})

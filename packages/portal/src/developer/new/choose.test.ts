import { expect, it } from 'vitest'
import type { Api, Me } from '../../shared/api/queries.ts'
import { choose, type Holder } from './choose.ts'

const me = { teams: [] } as unknown as Me
const api = (id: string) => ({ id, audience: `https://${id}.test` }) as Api
const apis = [api('api_management'), api('api_orders'), api('api_userinfo')]
const holder = (clientId: string, ...of: string[]): Holder => ({
  clientId,
  name: clientId,
  access: of.map((id) => ({ audience: `https://${id}.test`, scope: 'a b' })),
})
const administrator = holder('client_0', 'api_management')
const first = holder('client_1', 'api_management', 'api_orders')

it('a key is for an API of the owner, whichever client is listed first, unless the management API was chosen', () => {
  for (const holders of [
    [administrator, first],
    [first, administrator],
  ]) {
    const chosen = choose({}, me, holders, apis)
    expect([chosen.holder?.clientId, chosen.api?.id]).toEqual(['client_1', 'api_orders'])
  }
  const asked = choose({ audience: 'https://api_management.test' }, me, [administrator, first], apis)
  expect([asked.holder?.clientId, asked.api?.id]).toEqual(['client_0', 'api_management'])
  const only = choose({}, me, [administrator], apis)
  expect(only.api?.id).toBe('api_management')
})

import { expect, it } from 'vitest'
import { startDevOfFile } from './countersign.fixture.ts'

const { audience, cli, json } = await startDevOfFile()

it('teams are made, listed, shown, changed and deleted, with clients within their ceiling', async () => {
  const ceiling = ['--access', `${audience}=orders:read`] as const
  const made = await cli(['teams', 'create', '--name', 'Partner', ...ceiling, '--external-id', 'crm-1'])
  expect(made).toMatchObject({ code: 0, out: expect.stringMatching(/^team_\w+\n$/) })
  const id = made.out.trim()
  expect((await cli(['teams', 'list'])).out).toContain(`${audience} (orders:read)`)
  expect(await json('teams', 'show', id)).toMatchObject({ id, name: 'Partner', externalId: 'crm-1', status: 'active' })
  const flags = ['--name', 'app', '--audience', audience, '--team', id, '--scope'] as const
  const { clientId } = await json('clients', 'create', ...flags, 'orders:read')
  expect(await json('clients', 'show', clientId)).toMatchObject({ teamId: id })
  const beyond = await cli(['clients', 'create', ...flags, 'orders:write'])
  expect([beyond.code, beyond.err]).toEqual([2, expect.stringContaining('goes beyond the team’s ceiling')])
  expect(await json('teams', 'update', id, '--status', 'disabled')).toMatchObject({ status: 'disabled' })
  expect(await json('clients', 'show', clientId)).toMatchObject({ status: 'disabled' })
  expect(await json('clients', 'update', clientId, '--team', 'none')).toMatchObject({ teamId: null })
  expect((await cli(['teams', 'update', id])).code).toBe(2)
  expect((await cli(['teams', 'delete', id])).out).toContain(`${id}  deleted with 0 clients`)
  expect((await cli(['teams', 'show', id])).code).toBe(3)
})

it('members are added or invited, listed, given another role and taken out; the link alone goes to standard output', async () => {
  const { id } = await json('teams', 'create', '--name', 'Partner')
  for (const name of ['ann', 'bea'])
    await cli(['accounts', 'create', '--email', `${name}@example.com`, '--verified', '--name', name])
  const external = ['--external-subject', 'customer-1']
  const zoe = await json('accounts', 'create', '--email', 'zoe@example.com', ...external)
  expect((await json('accounts', 'list', ...external)).data).toMatchObject([{ externalSubject: 'customer-1' }])
  const none = await json('accounts', 'update', zoe.id as string, '--external-subject', 'none')
  expect(none.externalSubject).toBeNull()
  const add = (email: string, role: string) => cli(['teams', 'members', 'add', id, '--email', email, '--role', role])
  const added = await add('ann@example.com', 'owner')
  expect(added.out).toMatch(/^acct_\w+ {2}owner\n$/)
  const ann = added.out.split(' ')[0] as string
  const bea = (await add('bea@example.com', 'developer')).out.split(' ')[0] as string
  const invited = await add('bob@example.com', 'viewer')
  expect(invited).toMatchObject({ code: 0, out: expect.stringMatching(/^http\S+\/invite#\w{32}\n$/) })
  expect(invited.err).not.toContain('#')
  expect((await cli(['teams', 'members', 'list', id])).out).toMatch(/ann@example\.com +owner +active/)
  expect(await json('teams', 'members', 'update', id, bea, '--role', 'viewer')).toMatchObject({ role: 'viewer' })
  expect((await cli(['teams', 'members', 'remove', id, bea])).out).toBe(`${bea}  removed\n`)
  expect((await cli(['teams', 'members', 'remove', id, ann])).code).toBe(5)
  const { data } = await json('teams', 'invitations', 'list', id)
  expect((await cli(['teams', 'invitations', 'list', id])).out).toContain('bob@example.com')
  expect((await cli(['teams', 'invitations', 'delete', id, data[0].id])).out).toBe(`${data[0].id}  deleted\n`)
  expect((await add('carl@example.com', 'boss')).code).toBe(2)
})

it('access is asked for, listed, approved in part, refused and withdrawn', async () => {
  const { id: team } = await json('teams', 'create', '--name', 'Partner')
  const api = (await json('apis', 'list')).data.find((each: { audience: string }) => each.audience === audience)
  await json('apis', 'update', api.id, '--on-request-scope', 'orders:read orders:write')
  const flags = ['--team', team, '--audience', audience, '--reason', 'A shop', '--scope'] as const
  const ask = async (scope: string, ...more: string[]) =>
    (await cli(['access-requests', 'create', ...flags, scope, ...more])).out.trim()
  const [first, second, third] = [
    await ask('orders:read orders:write', '--until', '2099-01-01T00:00:00Z'),
    await ask('orders:write'),
    await ask('orders:write'),
  ]
  expect(first).toMatch(/^request_\w+$/)
  const listed = await cli(['access-requests', 'list', '--team', team, '--status', 'pending'])
  for (const id of [first, second, third]) expect(listed.out).toContain(id)
  expect((await cli(['access-requests', 'approve', first, '--scope', 'orders:read'])).out).toContain(
    'orders:read until 2099-01-01T00:00:00Z',
  )
  expect(await json('teams', 'show', team)).toMatchObject({ access: [{ audience, scope: 'orders:read' }] })
  const refused = await json('access-requests', 'refuse', second, '--reason', 'Not yet')
  expect(refused).toMatchObject({ status: 'refused', refusal: 'Not yet', given: null })
  expect(await json('access-requests', 'withdraw', third)).toMatchObject({ status: 'withdrawn' })
  expect((await cli(['access-requests', 'withdraw', third])).code).toBe(5)
})

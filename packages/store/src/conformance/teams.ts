import { expect, it } from 'vitest'
import type { Member } from '../records/teams/membership.ts'
import type { Store } from '../store.ts'
import {
  digestOf,
  exampleApi,
  exampleAudit,
  exampleClient,
  exampleCount,
  exampleKey,
  exampleToken,
  seed,
} from './examples.ts'
import {
  exampleAccessRequest,
  exampleAccount,
  exampleInvitation,
  exampleMembership,
  exampleTeam,
} from './people_examples.ts'
import type { CreateDatabase } from './test_database.ts'
import { startAt, withStore } from './test_database.ts'

const page = { limit: 10 }
const idsOf = (rows: readonly { readonly id: string }[]) => rows.map(({ id }) => id)

/** Two teams with a client, a key and a token each, beside `client_1`, which is of no team. */
async function seedTeams(store: Store): Promise<void> {
  await seed(store, 'acme')
  await store.write(async (it) => {
    for (const n of ['a', 'b']) {
      await it.teams.insert(exampleTeam('acme', `team_${n}`))
      await it.clients.insert(exampleClient('acme', `client_${n}`, { teamId: `team_${n}` }))
      await it.keys.insert(exampleKey('acme', `key_${n}`, { clientId: `client_${n}` }))
      await it.tokens.insert(exampleToken('acme', `jti_${n}`, { clientId: `client_${n}` }))
      it.append({ tenant: 'acme', audit: exampleAudit(`key_${n}`, { teamId: `team_${n}` }) })
    }
    it.append({ tenant: 'acme', audit: exampleAudit('key_1') })
  })
}

/** Teams, members and invitations, and what of a tenant is a team's. */
export function teamCases(create: CreateDatabase): void {
  it('a team is read back and updated, in lists until it is deleted, and its external id is one team’s', () =>
    withStore(create, async (store) => {
      await seed(store, 'acme')
      const { externalId: _, ...plain } = exampleTeam('acme', 'team_b')
      await store.write(async (it) => {
        await it.teams.insert(exampleTeam('acme', 'team_a'))
        await it.teams.insert(plain)
        await it.teams.insert({ ...plain, id: 'team_c' })
      })
      expect(await store.read.teams.find('acme', 'team_a')).toStrictEqual(exampleTeam('acme', 'team_a'))
      expect(await store.read.teams.find('acme', 'team_b')).toStrictEqual(plain)
      const named = (id: string) => store.read.teams.findByExternalId('acme', id)
      expect([await named('crm-team_a'), await named('crm-x')]).toEqual([exampleTeam('acme', 'team_a'), undefined])
      const twin = store.write((it) => it.teams.insert(exampleTeam('acme', 'team_d', { externalId: 'crm-team_a' })))
      await expect(twin).rejects.toMatchObject({ name: 'ConflictError', what: 'externalId' })
      const changed = { ...plain, isWithoutMember: true, access: {}, version: 2 }
      await store.write((it) => it.teams.update(changed))
      expect(await store.read.teams.find('acme', 'team_b')).toStrictEqual(changed)
      await expect(store.write((it) => it.teams.update(changed))).rejects.toThrow('0 rows')
      expect(idsOf(await store.read.teams.list('acme', {}, page))).toEqual(['team_a', 'team_b', 'team_c'])
      expect(idsOf(await store.read.teams.list('acme', { among: ['team_c', 'x'] }, page))).toEqual(['team_c'])
      expect(await store.read.teams.list('acme', { among: [] }, page)).toEqual([])
      await store.write((it) => it.teams.update({ ...changed, status: 'revoked', version: 3 }))
      expect(idsOf(await store.read.teams.list('acme', {}, page))).toEqual(['team_a', 'team_c'])
      expect(await store.read.teams.find('acme', 'team_b')).toMatchObject({ status: 'revoked' })
    }))

  it('a member is read with its account, counted by whether that is active, and once in each team', () =>
    withStore(create, async (store) => {
      await seedTeams(store)
      await store.write(async (it) => {
        for (const id of ['acct_1', 'acct_2', 'acct_3']) await it.accounts.insert(exampleAccount('acme', id))
        await it.memberships.insert(exampleMembership('acme', 'team_a', 'acct_2', { createdAt: startAt - 1 }))
        await it.memberships.insert(exampleMembership('acme', 'team_a', 'acct_1'))
        await it.memberships.insert(exampleMembership('acme', 'team_a', 'acct_3', { role: 'viewer' }))
        await it.memberships.insert(exampleMembership('acme', 'team_b', 'acct_1', { role: 'developer' }))
      })
      const { accountStatus, ...member } = (await store.read.memberships.find('acme', 'team_a', 'acct_1')) as Member
      const ann = { ...exampleMembership('acme', 'team_a', 'acct_1'), email: 'acct_1@example.com', name: 'Ann' }
      expect([member, accountStatus]).toEqual([ann, 'active'])
      const list = async (after?: string) =>
        (await store.read.memberships.list('acme', 'team_a', { limit: 2, ...(after && { after }) })).map(
          ({ accountId }) => accountId,
        )
      expect([await list(), await list('acct_1')]).toEqual([['acct_2', 'acct_1'], ['acct_3']])
      const teamsOf = async (id: string) =>
        (await store.read.memberships.ofAccount('acme', id)).map(({ team, role }) => `${team.id} ${role}`)
      expect(await teamsOf('acct_1')).toEqual(['team_a owner', 'team_b developer'])
      expect(await store.read.memberships.count('acme', 'team_a')).toEqual({ all: 3, active: 3, activeOwners: 2 })
      await store.write((it) =>
        it.accounts.update(exampleAccount('acme', 'acct_1', { status: 'disabled', version: 2 })),
      )
      expect(await store.read.memberships.count('acme', 'team_a')).toEqual({ all: 3, active: 2, activeOwners: 1 })

      const again = store.write((it) => it.memberships.insert(exampleMembership('acme', 'team_a', 'acct_1')))
      await expect(again).rejects.toMatchObject({ name: 'ConflictError', what: 'member' })
      const lowered = exampleMembership('acme', 'team_a', 'acct_1', { role: 'viewer', version: 2 })
      await store.write((it) => it.memberships.update(lowered))
      expect(await teamsOf('acct_1')).toEqual(['team_a viewer', 'team_b developer'])
      await store.write((it) => it.teams.update(exampleTeam('acme', 'team_b', { status: 'revoked', version: 2 })))
      expect(await teamsOf('acct_1')).toEqual(['team_a viewer'])
      await store.write((it) => it.memberships.delete('acme', 'team_a', 'acct_1'))
      await expect(store.write((it) => it.memberships.delete('acme', 'team_a', 'acct_1'))).rejects.toThrow('0 rows')
      await store.write((it) => it.memberships.deleteByTeam('acme', 'team_a'))
      expect(await store.read.memberships.list('acme', 'team_a', page)).toEqual([])
    }))

  it('an invitation is found by its digest until it is taken, which one of two does', () =>
    withStore(create, async (store) => {
      await seedTeams(store)
      const late = exampleInvitation('acme', 'team_a', 'invite_2', { email: 'c@example.com', invitedBy: 'acct_2' })
      await store.write(async (it) => {
        await it.invitations.insert(exampleInvitation('acme', 'team_a', 'invite_1'))
        await it.invitations.insert({ ...late, createdAt: startAt + 1, expiresAt: startAt + 9 })
        await it.invitations.insert(exampleInvitation('acme', 'team_b', 'invite_3'))
      })
      const list = async (now: number) => idsOf(await store.read.invitations.list('acme', 'team_a', now, page))
      expect([await list(startAt), await list(startAt + 9)]).toEqual([['invite_1', 'invite_2'], ['invite_1']])
      const found = await store.read.invitations.findByDigest('acme', digestOf('invite_1'))
      expect(found).toStrictEqual(exampleInvitation('acme', 'team_a', 'invite_1'))
      expect(await store.read.invitations.find('acme', 'invite_1')).toStrictEqual(found)
      const take = () => store.write((it) => it.invitations.delete('acme', 'invite_1'))
      const taken = await Promise.allSettled([take(), take()])
      expect(taken.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    }))

  it.each([
    ['have ended', { endedAt: startAt + 9 }, ['invite_1', 'invite_3']],
    ['are for an address, whatever its case', { email: 'BOB@example.com' }, ['invite_2', 'invite_3']],
    ['an account made', { invitedBy: 'acct_2' }, ['invite_1', 'invite_3']],
    ['there are', {}, ['invite_3']],
  ])('invitations of a team are ended that %s, and no others', (_, of, left) =>
    withStore(create, async (store) => {
      await seedTeams(store)
      const two = { email: 'c@example.com', invitedBy: 'acct_2', expiresAt: startAt + 9 }
      await store.write(async (it) => {
        await it.invitations.insert(exampleInvitation('acme', 'team_a', 'invite_1'))
        await it.invitations.insert(exampleInvitation('acme', 'team_a', 'invite_2', two))
        await it.invitations.insert(
          exampleInvitation('acme', 'team_b', 'invite_3', { ...two, email: 'bob@example.com' }),
        )
        await it.invitations.deleteOf('acme', 'team_a', of)
      })
      const kept = await Promise.all(
        ['invite_1', 'invite_2', 'invite_3'].map((id) => store.read.invitations.find('acme', id)),
      )
      expect(kept.flatMap((each) => (each === undefined ? [] : [each.id]))).toEqual(left)
    }),
  )

  it('a request for access is read back and changed, listed by team and status, and due once its approval has ended', () =>
    withStore(create, async (store) => {
      await seedTeams(store)
      const given = { status: 'approved', decidedAt: startAt, givenScope: 'orders:read', added: 'orders:read' } as const
      const requests = [
        exampleAccessRequest('acme', 'team_a', 'request_1', {
          ...given,
          wantedUntil: startAt + 9,
          endsAt: startAt + 9,
        }),
        exampleAccessRequest('acme', 'team_a', 'request_2'),
        exampleAccessRequest('acme', 'team_b', 'request_3', { ...given, endsAt: startAt + 5 }),
        exampleAccessRequest('acme', 'team_b', 'request_4', { status: 'refused', refusal: 'No', endsAt: startAt }),
        exampleAccessRequest('acme', 'team_b', 'request_5', { status: 'approved' }),
      ]
      await store.write(async (it) => {
        for (const request of requests) await it.accessRequests.insert(request)
      })
      const { accessRequests } = store.read
      for (const request of requests) expect(await accessRequests.find('acme', request.id)).toStrictEqual(request)
      const list = async (filter: Parameters<typeof accessRequests.list>[1]) =>
        idsOf(await accessRequests.list('acme', filter, page))
          .map((id) => id.slice(-1))
          .join('')
      expect([await list({}), await list({ teamId: 'team_b' }), await list({ status: 'approved' })]).toEqual([
        ...['12345', '345', '135'],
      ])
      expect([await list({ teamIds: ['team_a'], status: 'pending' }), await list({ teamIds: [] })]).toEqual(['2', ''])
      const due = async (now: number, limit = 10) => idsOf(await accessRequests.listDue(now, limit))
      expect([await due(startAt + 4.9), await due(startAt + 9), await due(startAt + 9, 1)]).toEqual([
        [],
        ['request_3', 'request_1'],
        ['request_3'],
      ])
      await store.write(async (it) => {
        await it.accessRequests.update({ ...requests[0]!, status: 'ended', version: 2 })
        await it.accessRequests.delete('acme', 'request_4')
        await it.accessRequests.deleteByTeam('acme', 'team_a')
      })
      expect([await list({}), await due(startAt + 9)]).toEqual(['35', ['request_3']])
      await expect(store.write((it) => it.accessRequests.delete('acme', 'request_4'))).rejects.toThrow('0 rows')
    }))

  it('a client keeps its team and what it has by itself, and a team’s clients are listed and counted', () =>
    withStore(create, async (store) => {
      await seedTeams(store)
      const own = { status: 'active', access: { api_1: 'orders:read orders:write', api_2: '' } } as const
      const client = exampleClient('acme', 'client_c', { teamId: 'team_a', own, status: 'disabled', access: {} })
      await store.write((it) => it.clients.insert(client))
      expect(await store.read.clients.find('acme', 'client_c')).toStrictEqual(client)
      expect(await store.lookup.client('acme', 'client_c')).toStrictEqual(client)
      const list = async (teamIds: readonly string[]) => idsOf(await store.read.clients.list('acme', page, { teamIds }))
      expect(await list(['team_a'])).toEqual(['client_a', 'client_c'])
      expect(await list(['team_b', 'team_a'])).toEqual(['client_a', 'client_b', 'client_c'])
      expect([await list([]), await list(['x'])]).toEqual([[], []])
      expect(await store.read.clients.countByTeam('acme', 'team_a')).toBe(2)
    }))

  it('keys, tokens, usage, audit events and APIs are listed for teams, and none of another', () =>
    withStore(create, async (store) => {
      await seedTeams(store)
      await store.write((it) => it.apis.insert(exampleApi('acme', 'api_2')))
      const counts = ['a', 'b', '1'].map((n) => ({ ...exampleCount('acme', `key_${n}`), clientId: `client_${n}` }))
      await store.countUsage({ id: 'batch_1', counts, now: startAt })
      const { read } = store
      const series = async (teamIds: readonly string[]) => {
        const span = { from: startAt - 60, to: startAt + 60, intervalSeconds: 60, limit: 10 } as const
        const sums = await read.usage.series('acme', { teamIds, groupBy: ['credentialId'], ...span })
        return sums.map(({ groups: [group] }) => group)
      }
      const audit = async (teamIds: readonly string[]) =>
        (await read.audit.list('acme', { teamIds }, page)).map((event) => event.objectId)
      const keys = async (teamIds: readonly string[]) =>
        idsOf(await read.keys.list('acme', { teamIds, now: startAt }, page))
      const tokens = async (teamIds: readonly string[]) =>
        (await read.tokens.list('acme', { teamIds }, page)).map(({ jti }) => jti)
      for (const list of [series, audit, keys, tokens])
        expect([await list([]), await list(['team_x'])]).toEqual([[], []])
      expect([await series(['team_a']), await audit(['team_a'])]).toEqual([['key_a'], ['key_a']])
      expect([await keys(['team_a']), await tokens(['team_a'])]).toEqual([['key_a'], ['jti_a']])
      expect(await keys(['team_a', 'team_b'])).toEqual(['key_a', 'key_b'])
      expect(await audit(['team_a', 'team_b'])).toEqual(['key_b', 'key_a'])
      expect(idsOf(await read.apis.list('acme', page, ['api_2', 'x']))).toEqual(['api_2'])
      expect(await read.apis.list('acme', page, [])).toEqual([])
      await store.write(async ({ apis }) => {
        await apis.insert(exampleApi('acme', 'api_given', { selfServiceScope: 'orders:read' }))
        await apis.insert(exampleApi('acme', 'api_asked', { onRequestScope: 'orders:read' }))
        await apis.insert(exampleApi('acme', 'api_closed', { accountScope: 'orders:read' }))
      })
      expect(idsOf(await read.apis.list('acme', page, [])).sort()).toEqual(['api_asked', 'api_given'])
      expect(idsOf(await read.apis.list('acme', page, ['api_2', 'x'])).sort()).toEqual([
        ...['api_2', 'api_asked', 'api_given'],
      ])
    }))

  it('whoever changes the team of an audit event breaks the chain', () =>
    withStore(create, async (store, database) => {
      await seedTeams(store)
      expect(await store.verifyAudit('acme')).not.toHaveProperty('brokenAt')
      await database.execute(`update audit set team_id = 'team_b' where object_id = 'key_a'`)
      expect(await store.verifyAudit('acme')).toMatchObject({ brokenAt: 1 })
    }))
}

/** The team that a person has for themselves: made when they first open the portal, where the tenant lets everybody have one. */
import { hash } from 'node:crypto'
import { type Account, newTeam, type Team, type WriteTransaction } from '@countersign/store'
import type { PageContext } from '../pages/endpoint.ts'
import { selfServiceAccess } from '../self_service.ts'
import { signInOf } from '../sign_in.ts'
import { addMember } from '../team_members.ts'

type At = Pick<PageContext, 'request' | 'services' | 'sessionText' | 'settings' | 'tenant'>

/** Nothing for operators, who see all of the tenant, for members of a team, and for whoever has had one before. */
export async function makeOwnTeam(at: At, account: Account): Promise<void> {
  const { services, settings, tenant } = at
  const { read } = services.store
  if (settings.portal !== 'open' || account.role !== undefined) return
  const isMember = async () => (await read.memberships.ofAccount(tenant.id, account.id)).length > 0
  const hasHad = async () => (await read.teams.find(tenant.id, ownTeamId(account))) !== undefined
  if ((await isMember()) || (await hasHad())) return
  try {
    const { entries } = await services.store.write((transaction) => insert(at, transaction, account), {
      tenant: tenant.id,
    })
    await services.books.settle(entries)
  } catch (error) {
    // Two windows that open at once: the second finds the team of the first.
    if (!(await hasHad())) throw error
  }
}

/** The same for an account each time: two requests at once make one team, and a deleted one does not come back. */
function ownTeamId({ id }: Account): string {
  return `team_${hash('sha256', `own team of ${id}`, 'hex').slice(0, 20)}`
}

async function insert(at: At, transaction: WriteTransaction, account: Account): Promise<void> {
  const { services, tenant } = at
  const now = services.now()
  const current = await transaction.accounts.find(tenant.id, account.id)
  if (current?.status !== 'active' || (await transaction.memberships.ofAccount(tenant.id, account.id)).length > 0)
    return
  const draft = {
    tenant: tenant.id,
    name: `Team of ${current.name}`.slice(0, 200),
    metadata: {},
    status: 'active',
    access: await selfServiceAccess(transaction, tenant.id),
  } as const
  const team: Team = { ...newTeam(draft, { now, randomBytes: services.randomBytes }), id: ownTeamId(account) }
  await transaction.teams.insert(team)
  await addMember({ now, transaction }, team, current, 'owner')
  const { actor, requestId } = signInOf(at, account.id)
  transaction.append({
    tenant: tenant.id,
    audit: {
      actor,
      action: 'team.create',
      objectType: 'team',
      objectId: team.id,
      teamId: team.id,
      after: { name: team.name, access: team.access, owner: account.id },
      requestId,
    },
  })
}

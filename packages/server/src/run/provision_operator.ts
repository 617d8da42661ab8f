/** The operator account of `dev`, and the link that signs it in. The system acts, since nobody calls. */
import { formatScope, type Seconds, type Secret } from '@countersign/core'
import { newAccount } from '@countersign/store'
import type { Services, TenantContext } from '../context.ts'
import { serverLimits } from '../limits.ts'
import { atOneMoment } from '../oauth/issuing_moment.ts'
import { signInLink } from '../people/links.ts'
import { managementScopesOf } from '../tenants/tenant_setup.ts'

const email = 'operator@localhost'

/** Makes the account at the first start, and a new link at each: good once, for ten minutes. */
export async function provisionOperator(
  services: Pick<Services, 'books' | 'now' | 'randomBytes' | 'store'>,
  tenant: TenantContext,
): Promise<{ readonly url: Secret; readonly expiresAt: Seconds }> {
  const { now, randomBytes } = services
  return atOneMoment(services, tenant, async (moment) => {
    const { value, entries } = await services.store.write(async (transaction) => {
      const known = await transaction.accounts.findByEmail(tenant.id, email)
      const scope = formatScope(managementScopesOf(tenant))
      const draft = { tenant: tenant.id, email, emailVerified: true, name: 'Operator', access: {}, scope }
      const account = known ?? newAccount({ ...draft, role: 'operator' }, { now: now(), randomBytes })
      if (known === undefined) {
        await transaction.accounts.insert(account)
        const audit = { actor: { kind: 'system' }, action: 'account.create', objectType: 'account' } as const
        const after = { email, role: 'operator' }
        transaction.append({ tenant: tenant.id, audit: { ...audit, objectId: account.id, after, requestId: 'dev' } })
      }
      return signInLink({ transaction, tenant, moment, randomBytes }, account, serverLimits.devLinkSeconds)
    })
    await services.books.settle(entries)
    return value
  })
}

import type { ReadRepositories, Team } from '@countersign/store'

const pageSize = 100

/**
 * The ceiling of a team for which nobody chose one: what each API gives by itself. An API that is disabled counts, since it may
 * come back and the team would lack it for good.
 */
export async function selfServiceAccess(
  { apis }: Pick<ReadRepositories, 'apis'>,
  tenant: string,
): Promise<Team['access']> {
  const access: Record<string, string> = {}
  let after: string | undefined
  for (;;) {
    const page = await apis.list(tenant, { limit: pageSize, ...(after === undefined ? {} : { after }) }, [])
    for (const { id, selfServiceScope } of page) if (selfServiceScope !== '') access[id] = selfServiceScope
    after = page.at(-1)?.id
    if (page.length < pageSize) return access
  }
}

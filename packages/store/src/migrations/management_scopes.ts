/** New scopes of the management API: whoever had all of them before has all of them after. */
import type { Kysely } from 'kysely'
import type { Schema } from '../schema.ts'

/** The id of every tenant's management API. */
const managementApiId = 'api_management'

/**
 * Registers the scopes at each tenant's management API, and gives them to every client and API key that holds all that the
 * API had before. What the feed has said of these is changed in place, since servers load their books anew after a migration
 * and nobody else judges credentials of this API.
 */
export async function giveManagementScopes(db: Kysely<Schema>, added: readonly string[]): Promise<void> {
  const apis = await db.selectFrom('apis').select(['tenant', 'scopes']).where('id', '=', managementApiId).execute()
  for (const { tenant, scopes } of apis) {
    const registered = JSON.parse(scopes) as { readonly name: string }[]
    const before = registered.map(({ name }) => name)
    const missing = added.filter((name) => !before.includes(name))
    const more = missing.map((name) => ({ name, description: '', source: 'declared' }))
    const changed = JSON.stringify([...registered, ...more])
    await db
      .updateTable('apis')
      .set({ scopes: changed })
      .where('tenant', '=', tenant)
      .where('id', '=', managementApiId)
      .execute()
    const widen = (scope: string): string => widened(scope, before, missing)
    await widenClients(db, tenant, widen)
    await widenKeys(db, tenant, widen)
  }
}

function widened(scope: string, before: readonly string[], missing: readonly string[]): string {
  const held = scope.split(' ')
  return before.every((name) => held.includes(name)) ? [...held, ...missing].join(' ') : scope
}

type Widen = (scope: string) => string

async function widenClients(db: Kysely<Schema>, tenant: string, widen: Widen): Promise<void> {
  const rows = await db
    .selectFrom('client_access')
    .select(['client_id', 'scope'])
    .where('tenant', '=', tenant)
    .where('api_id', '=', managementApiId)
    .execute()
  for (const { client_id: id, scope } of rows.filter((row) => widen(row.scope) !== row.scope)) {
    await db
      .updateTable('client_access')
      .set({ scope: widen(scope) })
      .where('tenant', '=', tenant)
      .where('client_id', '=', id)
      .where('api_id', '=', managementApiId)
      .execute()
    await widenAuthority(db, tenant, id, widen)
    await widenState(db, { tenant, type: 'client', id }, ({ access, ...rest }: ClientState) => {
      const said = access[managementApiId]
      return said === undefined
        ? { access, ...rest }
        : { ...rest, access: { ...access, [managementApiId]: widen(said) } }
    })
  }
}

interface ClientState {
  readonly access: Readonly<Record<string, string>>
}

async function widenAuthority(db: Kysely<Schema>, tenant: string, id: string, widen: Widen): Promise<void> {
  const ofClient = db.selectFrom('clients').select('authority').where('tenant', '=', tenant).where('id', '=', id)
  const { authority } = await ofClient.executeTakeFirstOrThrow()
  const { scope, guards } = JSON.parse(authority) as { readonly scope: string; readonly guards: readonly string[] }
  await db
    .updateTable('clients')
    .set({ authority: JSON.stringify({ scope: widen(scope), guards }) })
    .where('tenant', '=', tenant)
    .where('id', '=', id)
    .execute()
}

async function widenKeys(db: Kysely<Schema>, tenant: string, widen: Widen): Promise<void> {
  const rows = await db
    .selectFrom('keys')
    .select(['id', 'scope'])
    .where('tenant', '=', tenant)
    .where('api_id', '=', managementApiId)
    .execute()
  for (const { id, scope } of rows.filter((row) => widen(row.scope) !== row.scope)) {
    const changed = { scope: widen(scope) }
    await db.updateTable('keys').set(changed).where('tenant', '=', tenant).where('id', '=', id).execute()
    await widenState(db, { tenant, type: 'key', id }, (state: { readonly scope: string }) => ({
      ...state,
      scope: widen(state.scope),
    }))
  }
}

async function widenState<State>(
  db: Kysely<Schema>,
  { tenant, type, id }: { readonly tenant: string; readonly type: string; readonly id: string },
  change: (state: State) => State,
): Promise<void> {
  const entry = await db
    .selectFrom('status_entries')
    .select('state')
    .where('tenant', '=', tenant)
    .where('type', '=', type)
    .where('id', '=', id)
    .executeTakeFirst()
  if (entry === undefined) return
  await db
    .updateTable('status_entries')
    .set({ state: JSON.stringify(change(JSON.parse(entry.state) as State)) })
    .where('tenant', '=', tenant)
    .where('type', '=', type)
    .where('id', '=', id)
    .execute()
}

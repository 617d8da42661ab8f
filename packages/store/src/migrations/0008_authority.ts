/**
 * Facts that outlive a change: the most that a client ever had since its last revoke, proof of where each audit log
 * ends, and proof of the master key that the database belongs to.
 */
import { type Kysely, sql } from 'kysely'
import type { ColumnTypes } from '../database.ts'
import { sealAuditHeads } from '../feed/audit_link.ts'
import type { Schema } from '../schema.ts'

/** The id of every tenant's management API. Its scopes are authority over other credentials. */
const managementApiId = 'api_management'

export async function up(db: Kysely<Schema>, types: ColumnTypes, auditKey: Uint8Array): Promise<void> {
  await sql`alter table clients add column authority ${types.text} not null default '{"scope":"","guards":[]}'`.execute(
    db,
  )
  await db.schema
    .alterTable('counters')
    .addColumn('audit_mac', types.text as never)
    .execute()
  await db.schema
    .alterTable('installation')
    .addColumn('key_check', types.text as never)
    .execute()
  await sealAuditHeads(db, auditKey)
  await recordAuthority(db)
}

interface Found {
  readonly scopes: Set<string>
  guards: readonly string[]
}

/**
 * Records present access and guards, and the scopes of live keys and tokens: their clients may have had more when they
 * were made.
 */
async function recordAuthority(db: Kysely<Schema>): Promise<void> {
  const clients = new Map<string, Found>()
  const of = (tenant: string, id: string): Found => {
    const name = JSON.stringify([tenant, id])
    const found = clients.get(name) ?? { scopes: new Set<string>(), guards: [] }
    clients.set(name, found)
    return found
  }
  const add = (tenant: string, id: string, scope: string): void => {
    for (const token of scope.split(' ')) if (token !== '') of(tenant, id).scopes.add(token)
  }
  const access = await db.selectFrom('client_access').selectAll().where('api_id', '=', managementApiId).execute()
  for (const row of access) add(row.tenant, row.client_id, row.scope)
  const keys = await db
    .selectFrom('keys')
    .select(['tenant', 'client_id', 'scope'])
    .distinct()
    .where('api_id', '=', managementApiId)
    .where('status', '<>', 'revoked')
    .execute()
  for (const row of keys) add(row.tenant, row.client_id, row.scope)
  const tokens = await db
    .selectFrom('tokens')
    .select(['tenant', 'client_id', 'issued_scope', 'scope'])
    .distinct()
    .where('api_id', '=', managementApiId)
    .where('status', '<>', 'revoked')
    .execute()
  for (const row of tokens) {
    add(row.tenant, row.client_id, row.issued_scope)
    add(row.tenant, row.client_id, row.scope ?? '')
  }
  const guarding = await db
    .selectFrom('clients')
    .select(['tenant', 'id', 'guards'])
    .where('guards', '<>', '[]')
    .execute()
  for (const row of guarding) of(row.tenant, row.id).guards = JSON.parse(row.guards) as string[]
  await save(db, clients)
}

async function save(db: Kysely<Schema>, clients: ReadonlyMap<string, Found>): Promise<void> {
  for (const [name, { scopes, guards }] of clients) {
    const [tenant, id] = JSON.parse(name) as [string, string]
    const authority = JSON.stringify({ scope: [...scopes].join(' '), guards })
    await db.updateTable('clients').set({ authority }).where('tenant', '=', tenant).where('id', '=', id).execute()
  }
}

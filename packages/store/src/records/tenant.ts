import type { DropFloor, Seconds, Status } from '@countersign/core'
import type { Row } from '../columns.ts'
import { Columns, present } from '../columns.ts'
import { assertTouched } from '../errors.ts'
import { type Page, readPage } from '../page.ts'
import type { Schema } from '../schema.ts'
import type { Session } from '../session.ts'
import { isFloor, isStatus } from '../stored_json.ts'

/** The wall between customers of one installation. */
export interface Tenant {
  readonly id: string
  /** Empty for the default tenant. Never reused. */
  readonly slug: string
  readonly name: string
  readonly status: Status
  /** Written when the drop time was found ahead of all clocks. */
  readonly floor?: DropFloor
  readonly version: number
  readonly createdAt: Seconds
  readonly updatedAt: Seconds
}

export interface TenantReads {
  find(id: string): Promise<Tenant | undefined>
  findBySlug(slug: string): Promise<Tenant | undefined>
  list(page: Page): Promise<readonly Tenant[]>
}

export interface TenantWrites {
  insert(tenant: Tenant): Promise<void>
  update(tenant: Tenant): Promise<void>
  setFloor(id: string, floor: DropFloor): Promise<void>
  /** Removes every row of the tenant but its slug (never reused), its audit log, its feed and its status entries. */
  delete(id: string): Promise<void>
}

export function readTenants(session: Session): TenantReads {
  return {
    async find(id) {
      await session.enter(id)
      const row = await session.db.selectFrom('tenants').selectAll().where('id', '=', id).executeTakeFirst()
      return row && decodeTenant(row)
    },
    async findBySlug(slug) {
      const row = await session.db.selectFrom('tenants').selectAll().where('slug', '=', slug).executeTakeFirst()
      return row && decodeTenant(row)
    },
    list: (page) => listTenants(session, page),
  }
}

export function writeTenants(session: Session): TenantReads & TenantWrites {
  return {
    ...readTenants(session),
    async insert(tenant) {
      await session.enter(tenant.id)
      await session.db.insertInto('tenant_slugs').values({ slug: tenant.slug, tenant: tenant.id }).execute()
      await session.db.insertInto('tenants').values(encodeTenant(tenant)).execute()
    },
    async update(tenant) {
      await session.enter(tenant.id)
      const result = await session.db
        .updateTable('tenants')
        .set(encodeTenant(tenant))
        .where('id', '=', tenant.id)
        .where('slug', '=', tenant.slug)
        .where('version', '=', tenant.version - 1)
        .executeTakeFirst()
      assertTouched('the update of a tenant', 1, result.numUpdatedRows)
    },
    async setFloor(id, floor) {
      await session.enter(id)
      const text = JSON.stringify(floor)
      await session.db.updateTable('tenants').set({ floor: text }).where('id', '=', id).execute()
    },
    delete: (id) => deleteTenant(session, id),
  }
}

function listTenants(session: Session, page: Page) {
  return readPage(session, page, {
    table: 'tenants',
    of: {},
    query: session.db.selectFrom('tenants').selectAll(),
    decode: decodeTenant,
  })
}

type TenantTable = { [T in keyof Schema]: Schema[T] extends { readonly tenant: string } ? T : never }[keyof Schema]

/**
 * The tables with rows of a tenant, and what its deletion does to them, children before their parents. Followers must still
 * learn of the end, so the feed and its counters are kept.
 */
const tenantTables: { readonly [T in TenantTable]: 'removed' | 'kept' } = {
  verifier_positions: 'removed',
  usage_sums: 'removed',
  last_uses: 'removed',
  operation_uses: 'removed',
  usage_batches: 'removed',
  refusals: 'removed',
  single_use: 'removed',
  idempotency: 'removed',
  signing_keys: 'removed',
  issuers: 'removed',
  tokens: 'removed',
  sessions: 'removed',
  settings: 'removed',
  logos: 'removed',
  families: 'removed',
  consents: 'removed',
  identities: 'removed',
  passkeys: 'removed',
  access_requests: 'removed',
  invitations: 'removed',
  memberships: 'removed',
  teams: 'removed',
  accounts: 'removed',
  keys: 'removed',
  client_jwks: 'removed',
  client_secrets: 'removed',
  client_access: 'removed',
  client_origins: 'removed',
  clients: 'removed',
  api_documents: 'removed',
  api_resources: 'removed',
  apis: 'removed',
  tenant_slugs: 'kept',
  audit: 'kept',
  status_entries: 'kept',
  feed: 'kept',
  counters: 'kept',
}

async function deleteTenant(session: Session, id: string): Promise<void> {
  await session.enter(id)
  await session.flush()
  session.forget()
  for (const [table, fate] of Object.entries(tenantTables) as [TenantTable, 'removed' | 'kept'][]) {
    if (fate === 'removed') await session.db.deleteFrom(table).where('tenant', '=', id).execute()
  }
  const result = await session.db.deleteFrom('tenants').where('id', '=', id).executeTakeFirst()
  assertTouched('the deletion of a tenant', 1, result.numDeletedRows)
}

function encodeTenant(tenant: Tenant) {
  const { id, slug, name, status, floor, version, createdAt, updatedAt } = tenant
  const times = { created_at: createdAt, updated_at: updatedAt }
  return { id, slug, name, status, floor: floor === undefined ? null : JSON.stringify(floor), version, ...times }
}

function decodeTenant(row: Row): Tenant {
  const columns = new Columns('tenants', row.id, row)
  return present({
    id: columns.text('id'),
    slug: columns.text('slug'),
    name: columns.text('name'),
    status: columns.word('status', isStatus),
    floor: columns.optionalJson<DropFloor>('floor', isFloor),
    version: columns.version(),
    createdAt: columns.count('created_at'),
    updatedAt: columns.count('updated_at'),
  })
}

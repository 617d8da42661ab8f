import type { CreateTableBuilder, Kysely } from 'kysely'
import type { ColumnTypes } from '../database.ts'
import type { Schema } from '../schema.ts'

/** Column types: t text, i integer, b bytes. A column with `?` may be null. */
type Columns = { readonly [name: string]: 't' | 'i' | 'b' | 't?' | 'i?' | 'b?' }

interface Table {
  readonly columns: Columns
  readonly primaryKey: readonly [what: string, ...columns: string[]]
  /** Unique columns by the name of their conflict; see `ConflictError`. */
  readonly unique?: { readonly [what: string]: readonly string[] }
  readonly indexes?: readonly (readonly string[])[]
  readonly parent?: { readonly table: string; readonly column: string }
}

const record = { version: 'i', created_at: 'i', updated_at: 'i' } as const

type Later =
  | 'schema_migrations'
  | 'drop_time'
  | 'leases'
  | 'beats'
  | 'usage_sums'
  | 'last_uses'
  | 'accounts'
  | 'identities'
  | 'passkeys'
  | 'consents'
  | 'families'
  | 'sessions'
  | 'issuers'
  | 'teams'
  | 'memberships'
  | 'invitations'
  | 'access_requests'
  | 'client_origins'
  | 'api_resources'
  | 'settings'
  | 'logos'
  | 'refusals'
  | 'operation_uses'

const tables: { readonly [T in Exclude<keyof Schema, Later> | 'usage_counts']: Table } = {
  installation: { columns: { id: 'i', epoch: 't', position: 'i' }, primaryKey: ['id', 'id'] },
  counters: {
    columns: { tenant: 't', sequence: 'i', chain: 't', audit_sequence: 'i', audit_link: 't' },
    primaryKey: ['id', 'tenant'],
  },
  feed: {
    columns: {
      tenant: 't',
      sequence: 'i',
      position: 'i',
      type: 't',
      id: 't',
      version: 'i',
      state: 't',
      drop_at: 'i',
      at: 'i',
      audit: 't',
      chain: 't',
    },
    primaryKey: ['sequence', 'tenant', 'sequence'],
    unique: { position: ['position'] },
  },
  status_entries: {
    columns: {
      tenant: 't',
      type: 't',
      id: 't',
      version: 'i',
      is_revoked: 'i',
      state: 't',
      drop_at: 'i',
      sequence: 'i',
      client_id: 't?',
    },
    primaryKey: ['id', 'tenant', 'type', 'id'],
    indexes: [
      ['tenant', 'drop_at'],
      ['tenant', 'client_id', 'type', 'drop_at'],
    ],
  },
  audit: {
    columns: {
      tenant: 't',
      sequence: 'i',
      at: 'i',
      actor: 't',
      action: 't',
      object_type: 't',
      object_id: 't',
      before: 't?',
      after: 't?',
      request_id: 't',
      link: 't',
    },
    primaryKey: ['sequence', 'tenant', 'sequence'],
    indexes: [
      ['tenant', 'object_id', 'sequence'],
      ['tenant', 'action', 'sequence'],
    ],
  },
  tenant_slugs: {
    columns: { slug: 't', tenant: 't' },
    primaryKey: ['slug', 'slug'],
    unique: { id: ['tenant'] },
  },
  tenants: {
    columns: { id: 't', slug: 't', name: 't', status: 't', ...record },
    primaryKey: ['id', 'id'],
    indexes: [['created_at', 'id']],
  },
  apis: {
    columns: {
      tenant: 't',
      id: 't',
      audience: 't',
      name: 't',
      status: 't',
      token_ttl_seconds: 'i',
      token_ttl_seconds_max: 'i',
      token_format: 't',
      signing_alg: 't',
      max_staleness_seconds: 'i',
      is_built_in: 'i',
      created_sequence: 'i',
      scopes: 't',
      ...record,
    },
    primaryKey: ['id', 'tenant', 'id'],
    unique: { audience: ['tenant', 'audience'] },
    indexes: [['tenant', 'created_at', 'id']],
  },
  api_documents: {
    columns: { tenant: 't', api_id: 't', text: 't', description: 't', imported_at: 'i' },
    primaryKey: ['id', 'tenant', 'api_id'],
    parent: { table: 'apis', column: 'api_id' },
  },
  clients: {
    columns: {
      tenant: 't',
      id: 't',
      name: 't',
      type: 't',
      status: 't',
      guards: 't',
      metadata: 't',
      self_issued_life_seconds_max: 'i',
      cut_off: 'i',
      ...record,
    },
    primaryKey: ['id', 'tenant', 'id'],
    indexes: [['tenant', 'created_at', 'id']],
  },
  client_access: {
    columns: { tenant: 't', client_id: 't', api_id: 't', scope: 't' },
    primaryKey: ['id', 'tenant', 'client_id', 'api_id'],
    indexes: [['tenant', 'api_id', 'client_id']],
    parent: { table: 'clients', column: 'client_id' },
  },
  client_secrets: {
    columns: { tenant: 't', id: 't', client_id: 't', digest: 't', created_at: 'i', expires_at: 'i?' },
    primaryKey: ['id', 'tenant', 'id'],
    unique: { digest: ['tenant', 'digest'] },
    indexes: [
      ['tenant', 'client_id', 'created_at', 'id'],
      ['tenant', 'expires_at'],
    ],
    parent: { table: 'clients', column: 'client_id' },
  },
  client_jwks: {
    columns: {
      tenant: 't',
      client_id: 't',
      kid: 't',
      thumbprint: 't',
      alg: 't',
      public_jwk: 't',
      created_at: 'i',
    },
    primaryKey: ['kid', 'tenant', 'client_id', 'kid'],
    parent: { table: 'clients', column: 'client_id' },
  },
  keys: {
    columns: {
      tenant: 't',
      id: 't',
      digest: 't',
      prefix: 't',
      environment: 't',
      client_id: 't',
      api_id: 't',
      scope: 't',
      name: 't',
      status: 't',
      expires_at: 'i?',
      life_seconds: 'i?',
      metadata: 't',
      ip_allow: 't?',
      origin_allow: 't?',
      rate_limit: 't?',
      rolled_from: 't?',
      ...record,
    },
    primaryKey: ['id', 'tenant', 'id'],
    unique: { digest: ['tenant', 'digest'] },
    indexes: [
      ['tenant', 'created_at', 'id'],
      ['tenant', 'client_id', 'created_at', 'id'],
      ['tenant', 'api_id'],
    ],
  },
  tokens: {
    columns: {
      tenant: 't',
      jti: 't',
      format: 't',
      digest: 't?',
      prefix: 't?',
      client_id: 't',
      api_id: 't',
      subject: 't',
      name: 't',
      metadata: 't',
      issued_scope: 't',
      issued_expires_at: 'i',
      scope: 't?',
      expires_at: 'i?',
      status: 't',
      environment: 't?',
      lineage: 't',
      inherited: 't',
      rate_limit: 't?',
      limit_id: 't',
      position: 'i',
      ...record,
    },
    primaryKey: ['id', 'tenant', 'jti'],
    unique: { digest: ['tenant', 'digest'] },
    indexes: [
      ['tenant', 'created_at', 'jti'],
      ['tenant', 'client_id', 'created_at', 'jti'],
      ['tenant', 'api_id'],
    ],
  },
  signing_keys: {
    columns: {
      tenant: 't',
      kid: 't',
      alg: 't',
      purpose: 't',
      public_jwk: 't',
      sealed_private_jwk: 'b?',
      published_at: 'i',
      signs_at: 'i',
      retired_at: 'i?',
      leaves_at: 'i?',
      status: 't',
      version: 'i',
    },
    primaryKey: ['kid', 'tenant', 'kid'],
  },
  idempotency: {
    columns: {
      tenant: 't',
      caller: 't',
      method: 't',
      path: 't',
      key_digest: 't',
      body_digest: 't',
      status: 'i?',
      sealed_answer: 'b?',
      created_at: 'i',
      expires_at: 'i',
    },
    primaryKey: ['key', 'tenant', 'caller', 'method', 'path', 'key_digest'],
    indexes: [['tenant', 'expires_at']],
  },
  single_use: {
    columns: { tenant: 't', namespace: 't', value_digest: 't', expires_at: 'i' },
    primaryKey: ['value', 'tenant', 'namespace', 'value_digest'],
    indexes: [['tenant', 'expires_at']],
  },
  usage_batches: {
    columns: { tenant: 't', batch_id: 't', at: 'i' },
    primaryKey: ['id', 'tenant', 'batch_id'],
    indexes: [['tenant', 'at']],
  },
  usage_counts: {
    columns: { tenant: 't', minute_at: 'i', credential_id: 't', client_id: 't', outcome: 't', count: 'i' },
    primaryKey: ['id', 'tenant', 'minute_at', 'credential_id', 'client_id', 'outcome'],
    indexes: [
      ['tenant', 'credential_id', 'minute_at'],
      ['tenant', 'client_id', 'minute_at'],
    ],
  },
  verifier_positions: {
    columns: {
      tenant: 't',
      verifier_id: 't',
      epoch: 't',
      sequence: 'i',
      max_staleness_seconds: 'i',
      asked_at: 'i',
      reached_at: 'i',
    },
    primaryKey: ['id', 'tenant', 'verifier_id'],
  },
}

export async function up(db: Kysely<Schema>, types: ColumnTypes): Promise<void> {
  for (const [name, table] of Object.entries(tables)) await createTable(db, types, name, table)
}

async function createTable(db: Kysely<Schema>, types: ColumnTypes, name: string, table: Table): Promise<void> {
  const [primary, ...primaryColumns] = table.primaryKey
  let builder: CreateTableBuilder<string, string> = db.schema.createTable(name)
  for (const [column, type] of Object.entries(table.columns)) {
    const columnType = type[0] === 't' ? types.text : type[0] === 'i' ? types.integer : types.bytes
    builder = builder.addColumn(column, columnType as never, (it) => (type.endsWith('?') ? it : it.notNull()))
  }
  builder = builder.addPrimaryKeyConstraint(`${name}_${primary}`, primaryColumns)
  if (table.parent !== undefined) {
    const { table: parent, column } = table.parent
    builder = builder.addForeignKeyConstraint(`${name}_parent`, ['tenant', column], parent, ['tenant', 'id'])
  }
  await builder.modifyEnd(types.tableEnd).execute()
  await createIndexes(db, name, table)
}

async function createIndexes(db: Kysely<Schema>, name: string, table: Table): Promise<void> {
  for (const [what, columns] of Object.entries(table.unique ?? {})) {
    await db.schema
      .createIndex(`${name}_${what}`)
      .unique()
      .on(name)
      .columns([...columns])
      .execute()
  }
  for (const columns of table.indexes ?? []) {
    await db.schema
      .createIndex(`${name}_by_${columns.join('_')}`)
      .on(name)
      .columns([...columns])
      .execute()
  }
}

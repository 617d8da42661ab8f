import type { Kysely } from 'kysely'
import type { ColumnTypes } from '../database.ts'
import type { Schema } from '../schema.ts'

/** Several named limits at once, for keys and their tokens, for clients and for APIs. */
const columns: Readonly<Record<string, readonly string[]>> = {
  keys: ['rate_limits'],
  tokens: ['rate_limits'],
  clients: ['rate_limit', 'rate_limits'],
  apis: ['rate_limit', 'rate_limits'],
}

export async function up(db: Kysely<Schema>, types: ColumnTypes): Promise<void> {
  for (const [table, names] of Object.entries(columns)) {
    // SQLite adds only one column a statement.
    for (const name of names)
      await db.schema
        .alterTable(table)
        .addColumn(name, types.text as never)
        .execute()
  }
}

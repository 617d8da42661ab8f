import type { SelectType } from 'kysely'
import { sql } from 'kysely'
import { assertTouched } from '../errors.ts'
import type { Schema } from '../schema.ts'
import type { Session } from '../session.ts'

type Versioned = {
  [T in keyof Schema]: Schema[T] extends { readonly tenant: unknown; readonly version: unknown } ? T : never
}[keyof Schema]

/** The row of a table as it is written. */
type Written<T extends keyof Schema> = { readonly [C in keyof Schema[T]]: SelectType<Schema[T][C]> }

/**
 * Replaces the version before by this row, which has the same tenant and `id`: the columns that name it in its tenant. Throws
 * `RowCountError` when that version is not there.
 */
export async function writeNextVersion<T extends Versioned>(
  session: Session,
  table: T,
  row: Written<T>,
  id: readonly (keyof Schema[T] & string)[] = ['id' as keyof Schema[T] & string],
): Promise<void> {
  const { tenant, version } = row as unknown as { readonly tenant: string; readonly version: number }
  await session.enter(tenant)
  // Kysely's types know one table at a time.
  let update = session.db
    .updateTable(table as 'teams')
    .set(row as object)
    .where('tenant', '=', tenant)
    .where('version', '=', version - 1)
  for (const column of id) update = update.where(sql.ref<string>(column), '=', row[column] as string)
  const { numUpdatedRows } = await update.executeTakeFirst()
  assertTouched(`the next version in ${table}`, 1, numUpdatedRows)
}

import { sql } from 'kysely'
import type { Database } from './database.ts'
import { SchemaTooNewError } from './errors.ts'
import { beginDropTime } from './feed/drop_time.ts'
import { migrations } from './migrations/index.ts'
import type { StoreOptions } from './store_options.ts'

/**
 * Brings the schema up to this program's, in one transaction under one lock. Of two processes that start at once, the
 * second finds it done. A killed process leaves the old schema. Throws `SchemaTooNewError`.
 */
export async function migrate(
  database: Database,
  options: Pick<StoreOptions, 'now' | 'randomBytes' | 'auditKey'>,
): Promise<void> {
  await database.transact(async (db) => {
    await database.lockSchema(db)
    const { integer, text, tableEnd } = database.columnTypes
    await sql`create table if not exists schema_migrations
      (number ${integer} not null primary key, name ${text} not null, applied_at ${integer} not null) ${tableEnd}`.execute(
      db,
    )
    const row = await db.selectFrom('schema_migrations').select('number').orderBy('number', 'desc').executeTakeFirst()
    const found = row?.number ?? 0
    const known = migrations.at(-1)?.number ?? 0
    if (found > known) throw new SchemaTooNewError(found, known)

    for (const { number, name, up } of migrations.filter((migration) => migration.number > found)) {
      await up(db, database.columnTypes, new Uint8Array(options.auditKey))
      const appliedAt = Math.floor(options.now())
      await db.insertInto('schema_migrations').values({ number, name, applied_at: appliedAt }).execute()
    }
    // 128 random bits, compared for equality only (docs/protocol/feed.md §1). An epoch that is there already is kept.
    const epoch = Buffer.from(options.randomBytes(16)).toString('base64url')
    await db
      .insertInto('installation')
      .values({ id: 1, epoch, position: 0, history: null, beginning: 0 })
      .onConflict((conflict) => conflict.column('id').doNothing())
      .execute()
    await beginDropTime(db, database, options)
  })
}

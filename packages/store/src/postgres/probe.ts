import { SchemaTooNewError } from '../errors.ts'
import type { KeyProof } from '../key_check.ts'
import { requireKey } from '../key_check.ts'
import { migrations } from '../migrations/index.ts'
import { PostgresDatabase } from './database.ts'
import { Primary } from './primary.ts'
import { typeParser } from './type_parser.ts'

/**
 * Whether a server could start on this PostgreSQL database: found, taking writes, of a schema that is known, and of this
 * master key. Reads only; gives the number of its schema, 0 for a new database. Throws as `openPostgresStore` does.
 */
export async function probePostgres(options: { readonly url: string; readonly keyProof?: KeyProof }): Promise<number> {
  const { primary } = await Primary.open({
    url: options.url,
    poolMax: 1,
    random: Math.random,
    typeParser,
    onFound: async () => {},
  })
  const database = new PostgresDatabase(primary)
  try {
    await requireKey(database, options.keyProof)
    const { rows } = await primary.query<{ present: boolean }>({
      text: "select to_regclass('schema_migrations') is not null as present",
    })
    if (rows[0]?.present !== true) return 0
    const found = await primary.query<{ number: number }>({
      text: 'select max(number) as number from schema_migrations',
    })
    const number = Number(found.rows[0]?.number ?? 0)
    const known = migrations.at(-1)?.number ?? 0
    if (number > known) throw new SchemaTooNewError(number, known)
    return number
  } finally {
    await database.close()
  }
}

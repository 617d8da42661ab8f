import type { PostgresPool, PostgresPoolClient } from 'kysely'
import type { PoolClient } from 'pg'
import type { Row } from '../columns.ts'
import { isStorableText } from '../database.ts'
import { UnstorableTextError } from '../errors.ts'
import { readPostgresError } from './error.ts'
import type { Primary } from './primary.ts'
import { named, planned } from './statement_names.ts'
import { breaks, confirm, WatchedClient } from './watched_client.ts'

/** The primary's connections as Kysely uses them, with the store's errors. */
export function watchPool(primary: Primary): PostgresPool {
  return {
    options: {},
    connect: async () => new WatchedClient(await connect(primary)) as unknown as PostgresPoolClient,
    end: () => primary.end(),
  }
}

/** One statement without a transaction around it. PostgreSQL commits it before it says that it is ready for the next. */
export async function runAlone(primary: Primary, text: string, values: readonly unknown[]): Promise<readonly Row[]> {
  if (!values.every(isStorableText)) throw new UnstorableTextError()
  const client = await connect(primary)
  try {
    const { rows } = await planned(() => confirm(client, named(text, values)), false)
    client.release()
    return rows
  } catch (error) {
    const read = readPostgresError(error, true)
    client.release(breaks(read))
    throw read
  }
}

async function connect(primary: Primary): Promise<PoolClient> {
  try {
    return await primary.connect()
  } catch (error) {
    throw readPostgresError(error, false)
  }
}

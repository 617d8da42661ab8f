import type { PostgresPool, PostgresPoolClient } from 'kysely'
import type { Notification, PoolClient, QueryConfig, QueryResult } from 'pg'
import type { Row } from '../columns.ts'
import { isStorableText } from '../database.ts'
import { StoreUnavailableError, UnstorableTextError } from '../errors.ts'
import { readPostgresError } from './error.ts'
import { type Primary, postgresLimits } from './primary.ts'
import { within } from './within.ts'

/** Statements around a part of a transaction. Each message takes its time under the tenant's lock. */
export const parts = {
  /** Is sent together with the first statement of the part. */
  begin: 'savepoint part',
  /** Is not sent: the commit releases every savepoint. */
  end: 'release savepoint part',
  undo: 'rollback to savepoint part',
} as const

/** Names of statements, by their text: PostgreSQL reads and plans each once on every connection. */
const names = new Map<string, string>()
const namesMax = 200
/** Longer ones have many rows, and a text for each number of rows. */
const namedLengthMax = 2_500

function nameOf(text: string): string | undefined {
  const known = names.get(text)
  if (known !== undefined || text.length > namedLengthMax || names.size >= namesMax) return known
  const name = `countersign_s${names.size}`
  names.set(text, name)
  return name
}

function named(text: string, values: readonly unknown[]): QueryConfig {
  const name = values.length === 0 ? undefined : nameOf(text)
  return { text, values: [...values], ...(name === undefined ? {} : { name }) }
}

/** The primary's connections as Kysely uses them, with the store's errors. */
export function watchPool(primary: Primary): PostgresPool {
  return {
    options: {},
    connect: async () => {
      try {
        return watchClient(await primary.connect())
      } catch (error) {
        throw readPostgresError(error, false)
      }
    },
    end: () => primary.end(),
  }
}

function watchClient(client: PoolClient): PostgresPoolClient {
  let failure: unknown
  let isBroken = false
  let isBeginning = false
  const send = (text: string, values: readonly unknown[]) => {
    // Not waited for: without it, the statement behind it fails as well.
    if (isBeginning) client.query(parts.begin).catch(() => {})
    isBeginning = false
    return client.query(named(text, values))
  }
  const query = async (text: string, values: readonly unknown[] = []) => {
    if (!values.every(isStorableText)) {
      // Such a text was never stored, so no row equals it.
      if (/^select /.test(text)) return { command: 'SELECT', rowCount: 0, rows: [] }
      failure ??= new UnstorableTextError()
      throw failure
    }
    const isCommit = text === 'commit'
    // A rollback would wait behind a commit that is never answered.
    if (isBroken) throw failure
    // PostgreSQL would refuse all but these two, with an error that says less.
    if (failure !== undefined && text !== parts.undo && text !== 'rollback') throw failure
    if (text === parts.begin || text === parts.end || (text === parts.undo && isBeginning)) {
      isBeginning = text === parts.begin
      failure = undefined
      return { command: '', rowCount: null, rows: [] }
    }
    try {
      const result = isCommit ? await confirm(client, 'commit') : await send(text, values)
      if (text === parts.undo) failure = undefined
      return result
    } catch (error) {
      const read = readPostgresError(error, isCommit)
      failure ??= read
      isBroken ||= breaks(read)
      throw read
    }
  }
  const release = (destroy = false) => client.release(destroy || isBroken)
  return { query, release } as unknown as PostgresPoolClient
}

/** One statement without a transaction around it. PostgreSQL commits it before it says that it is ready for the next. */
export async function runAlone(primary: Primary, text: string, values: readonly unknown[]): Promise<readonly Row[]> {
  if (!values.every(isStorableText)) throw new UnstorableTextError()
  let client: PoolClient
  try {
    client = await primary.connect()
  } catch (error) {
    throw readPostgresError(error, false)
  }
  try {
    const { rows } = await confirm(client, named(text, values))
    client.release()
    return rows
  } catch (error) {
    const read = readPostgresError(error, true)
    client.release(breaks(read))
    throw read
  }
}

/** The next answer of such a connection is unpredictable. */
function breaks(error: unknown): boolean {
  return error instanceof StoreUnavailableError && error.reason !== 'busy' && error.reason !== 'full'
}

/**
 * Sends what commits. PostgreSQL's own time limit does not cover the wait for the standby, so this function keeps one.
 *
 * When the wait for the synchronous standby is cancelled, the commit succeeds with only a warning: "might not have been
 * replicated". That confirms nothing, so the outcome is unknown (docs/protocol/feed.md §3).
 */
async function confirm(client: PoolClient, query: string | QueryConfig): Promise<QueryResult<Row>> {
  const warnings: Notification[] = []
  const onNotice = (notice: unknown) => {
    if ((notice as { code?: string }).code === '01000') warnings.push(notice as Notification)
  }
  client.on('notice', onNotice)
  try {
    const result = await within(postgresLimits.commitMs, client.query<Row>(query))
    if (warnings.length > 0) throw new StoreUnavailableError('timeout', new Error('the standby has not confirmed'))
    return result
  } finally {
    client.off('notice', onNotice)
  }
}

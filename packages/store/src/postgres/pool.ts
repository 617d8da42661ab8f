import type { PostgresPool, PostgresPoolClient } from 'kysely'
import type { Notification, PoolClient } from 'pg'
import { isStorableText } from '../database.ts'
import { StoreUnavailableError, UnstorableTextError } from '../errors.ts'
import { readPostgresError } from './error.ts'
import { type Primary, postgresLimits } from './primary.ts'
import { within } from './within.ts'

/** The primary's connections as Kysely uses them, with the errors of the seam. */
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
  const query = async (text: string, values: readonly unknown[] = []) => {
    if (!values.every(isStorableText)) {
      // Nothing equals such a text, for it was never stored.
      if (/^select /.test(text)) return { command: 'SELECT', rowCount: 0, rows: [] }
      failure ??= new UnstorableTextError()
      throw failure
    }
    const isCommit = text === 'commit'
    // Whoever would roll back then would wait behind a commit that is never answered.
    if (isBroken) throw failure
    if (isCommit && failure !== undefined) throw failure
    try {
      return isCommit ? await commit(client) : await client.query(text, [...values])
    } catch (error) {
      const read = readPostgresError(error, isCommit)
      failure ??= read
      // Nobody knows what such a connection would answer next.
      isBroken ||= read instanceof StoreUnavailableError && read.reason !== 'busy' && read.reason !== 'full'
      throw read
    }
  }
  const release = (destroy = false) => client.release(destroy || isBroken)
  return { query, release } as unknown as PostgresPoolClient
}

/**
 * PostgreSQL's own time limit ends before the wait for the standby begins, so ours is kept here. And a commit whose wait for the synchronous standby was cancelled succeeds here, with only a warning: "might not have
 * been replicated". It confirms nothing, so the outcome is unknown (feed.md §3).
 */
async function commit(client: PoolClient) {
  const warnings: Notification[] = []
  const onNotice = (notice: unknown) => {
    if ((notice as { code?: string }).code === '01000') warnings.push(notice as Notification)
  }
  client.on('notice', onNotice)
  try {
    const result = await within(postgresLimits.commitMs, client.query('commit'))
    if (warnings.length > 0) throw new StoreUnavailableError('timeout', new Error('the standby has not confirmed'))
    return result
  } finally {
    client.off('notice', onNotice)
  }
}

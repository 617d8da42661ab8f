/**
 * A connection of PostgreSQL during one transaction: which statements are sent together, what a failure means for those
 * behind it, and what confirms a commit.
 */
import type { Socket } from 'node:net'
import type { Notification, PoolClient, QueryConfig, QueryResult } from 'pg'
import type { Row } from '../columns.ts'
import { isStorableText } from '../database.ts'
import { StoreUnavailableError, UnstorableTextError } from '../errors.ts'
import { readPostgresError } from './error.ts'
import { postgresLimits } from './primary.ts'
import { named, planned } from './statement_names.ts'
import { within } from './within.ts'

/** Statements around a part of a transaction. Each message takes its time under the tenant's lock. */
export const parts = {
  /** Is sent together with the first statement of the part. */
  begin: 'savepoint part',
  /** Is not sent: the commit releases every savepoint. */
  end: 'release savepoint part',
  undo: 'rollback to savepoint part',
} as const

/** The first words of a statement that begins a transaction. */
const beginning = 'start transaction'
/** PostgreSQL's answer to all statements behind one that failed. */
const inFailedTransaction = '25P02'

type Answer = Pick<QueryResult<Row>, 'command' | 'rowCount' | 'rows'>

/** The answer to a statement that is not sent, or not yet. */
const unsent: Answer = { command: '', rowCount: null, rows: [] }

export class WatchedClient {
  readonly #client: PoolClient
  /** The first error of the transaction or its part, which can then only be undone. */
  #failure: unknown
  #isBroken = false
  #isInTransaction = false
  /** The statement that begins the transaction, where it is yet to be sent. */
  #begin: string | undefined
  /** Is there while the beginning is sent, and not answered. */
  #begun: Promise<void> | undefined
  /** A statement waits for the beginning. */
  #isHeld = false
  /** The savepoint of a part is yet to be sent. */
  #isPartBeginning = false

  constructor(client: PoolClient) {
    this.#client = client
  }

  async query(text: string, values: readonly unknown[] = []): Promise<Answer> {
    if (!values.every(isStorableText)) {
      // Such a text was never stored, so no row equals it.
      if (isSelect(text)) return { ...unsent, command: 'SELECT', rowCount: 0 }
      this.#failure ??= new UnstorableTextError()
      throw this.#failure
    }
    const isUndo = text === parts.undo
    // A rollback would wait behind a commit that is never answered.
    if (this.#isBroken) throw this.#failure
    // PostgreSQL would refuse all but these two, with an error that says less.
    if (this.#failure !== undefined && !isUndo && text !== 'rollback') throw this.#failure
    if (this.#isUnsent(text)) return unsent
    try {
      const result = text === 'commit' ? await commit(this.#client) : await this.#send(text, values)
      if (isUndo) this.#failure = undefined
      return result
    } catch (error) {
      throw this.#fail(error, text === 'commit')
    }
  }

  release(destroy = false): void {
    this.#client.release(destroy || this.#isBroken)
  }

  /** Takes note of what is sent with a later statement, or need not be sent. */
  #isUnsent(text: string): boolean {
    if (text.startsWith(beginning)) {
      this.#begin = text
      this.#isInTransaction = true
      return true
    }
    if (this.#begin !== undefined && (text === 'commit' || text === 'rollback')) {
      this.#begin = undefined
      return true
    }
    const isOfPart = text === parts.begin || text === parts.end || (text === parts.undo && this.#isPartBeginning)
    if (!isOfPart) return false
    this.#isPartBeginning = text === parts.begin
    this.#failure = undefined
    return true
  }

  async #send(text: string, values: readonly unknown[]): Promise<Answer> {
    gather(this.#client)
    if (this.#begin !== undefined) this.#sendBegin(this.#begin)
    // Reads and locks are sent with the beginning. Where that failed, they have done nothing, and what follows is refused. A
    // write would stand alone, so it waits, and all that are asked for behind it.
    if (this.#begun !== undefined && (this.#isHeld || !isSelect(text))) {
      this.#isHeld = true
      await this.#begun
    }
    if (this.#isBroken) throw this.#failure
    // Not waited for: without it, the statement behind it fails as well.
    if (this.#isPartBeginning) this.#client.query(parts.begin).catch(() => {})
    this.#isPartBeginning = false
    return planned(() => this.#client.query<Row>(named(text, values)), this.#isInTransaction)
  }

  #sendBegin(text: string): void {
    this.#begin = undefined
    this.#begun = this.#client
      .query(text)
      .catch((error: unknown) => {
        this.#fail(error, false)
        this.#isBroken = true
      })
      .then(() => {
        this.#begun = undefined
      })
  }

  #fail(error: unknown, isCommit: boolean): unknown {
    const read = readPostgresError(error, isCommit)
    if (this.#failure !== undefined && (read as { code?: string }).code === inFailedTransaction) return this.#failure
    this.#failure ??= read
    this.#isBroken ||= breaks(read)
    return read
  }
}

/** All that is asked for in this turn is one write to the socket, which wakes the server once. */
function gather(client: PoolClient): void {
  const { stream } = (client as unknown as { readonly connection: { readonly stream: Socket } }).connection
  stream.cork()
  process.nextTick(() => stream.uncork())
}

function isSelect(text: string): boolean {
  return text.startsWith('select ')
}

async function commit(client: PoolClient): Promise<Answer> {
  const result = await confirm(client, 'commit')
  if (result.command !== 'COMMIT') throw new Error('the transaction was not committed')
  return result
}

/** The next answer of such a connection is unpredictable. */
export function breaks(error: unknown): boolean {
  return error instanceof StoreUnavailableError && error.reason !== 'busy' && error.reason !== 'full'
}

/**
 * Sends what commits. PostgreSQL's own time limit does not cover the wait for the standby, so this function keeps one.
 *
 * When the wait for the synchronous standby is cancelled, the commit succeeds with only a warning: "might not have been
 * replicated". That confirms nothing, so the outcome is unknown (docs/protocol/feed.md §3).
 */
export async function confirm(client: PoolClient, query: string | QueryConfig): Promise<QueryResult<Row>> {
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

import type { Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import pg, { type ClientConfig, type PoolClient, type PoolConfig, type QueryConfig, type QueryResult } from 'pg'
import { DatabaseOpenError, StoreUnavailableError } from '../errors.ts'
import { acceptsAsynchronousStandby, splitHosts } from './hosts.ts'
import { within } from './within.ts'

/** The limits of a connection, in milliseconds. Together they answer a write within 2 s, even when the server hangs. */
export const postgresLimits = {
  /** Wait for a connection, one from the pool included. */
  connectMs: 1_500,
  /** Wait behind the locks of others. */
  lockMs: 1_500,
  /** A commit, the confirmation of the synchronous standby included. */
  commitMs: 1_500,
  /** The longest statement. */
  statementMs: 10_000,
  /** Between two pings of the server. */
  pingEveryMs: 500,
  /** Wait for the answer to a ping. */
  pingMs: 1_000,
  /**
   * The most between two searches for the primary. At least half of it, at random, so that processes do not search
   * together.
   */
  searchEveryMs: 500,
} as const

/** The channel of our notifications. No other program uses this name in a database. */
export const channel = 'countersign_feed'

export interface PrimaryOptions {
  readonly url: string
  readonly poolMax: number
  readonly random: () => number
  readonly typeParser: (oid: number, format?: string) => unknown
  /** Called before a server that was found later is used: checks that it continues the known history. */
  readonly onFound: (history: History) => Promise<void>
}

/** The history that a server writes. It changes when a standby is promoted, and with every restored copy. */
export interface History {
  /** The identifier of `pg_control_system` and the timeline; `undefined` where the server has neither. */
  readonly name: string | undefined
  readonly timeline: number
}

interface Found {
  readonly url: string
  readonly watch: pg.Client
  readonly history: History
}

interface Current {
  readonly pool: pg.Pool
  readonly clients: Set<pg.Client>
  readonly watch: pg.Client
  readonly history: History
}

/**
 * The one server that takes writes, among the hosts of a URL. It is pinged twice a second. When it does not answer, all
 * work that waits for it fails at once, and all hosts are searched until a primary is found. A server with a lower
 * timeline than one seen before was replaced, and is never used again.
 */
export class Primary {
  readonly #options: PrimaryOptions
  readonly #urls: readonly string[]
  readonly #hints = new Set<() => void>()
  #current: Current | undefined
  #searching: Promise<void> | undefined
  #timeline = 0
  #isClosed = false
  #isDoubting = false
  #ping: NodeJS.Timeout | undefined
  #failure: unknown
  #lostAt = 0

  private constructor(options: PrimaryOptions) {
    this.#options = options
    this.#urls = splitHosts(options.url)
  }

  /**
   * Throws the reason why no host can be used: `DatabaseOpenError`, or `StoreUnavailableError` when none can be
   * reached.
   */
  static async open(options: PrimaryOptions): Promise<{ readonly primary: Primary; readonly history: History }> {
    const primary = new Primary(options)
    const found = await primary.#find()
    if (primary.#urls.length > 1 && !acceptsAsynchronousStandby(options.url) && !(await waitsForStandby(found.watch))) {
      destroy(found.watch)
      throw new DatabaseOpenError(
        'asynchronous_standby',
        'several hosts are named, and the primary waits for no standby: a failover would lose acknowledged changes. ' +
          'Set synchronous_standby_names, or add asynchronous_standby=accepted to the URL',
      )
    }
    primary.#use(found)
    return { primary, history: found.history }
  }

  /** A connection to the primary, from the pool. */
  async connect(): Promise<PoolClient> {
    return (await this.#pool()).connect()
  }

  /** One statement on any connection. */
  async query<R extends pg.QueryResultRow>(query: QueryConfig): Promise<QueryResult<R>> {
    return (await this.#pool()).query<R>(query)
  }

  /** Calls `listener` when another process has committed, and when a primary was found again. */
  onHint(listener: () => void): () => void {
    this.#hints.add(listener)
    return () => this.#hints.delete(listener)
  }

  /**
   * Called when a commit was not confirmed in time: the server may have been replaced, so all hosts are searched. This
   * server stays in use until one is found that was promoted since. The loss of a standby must not end reads.
   */
  doubt(): void {
    if (this.#isDoubting || this.#current === undefined || this.#urls.length === 1) return
    this.#isDoubting = true
    this.#find()
      .then(({ watch, history }) => {
        destroy(watch)
        if (history.timeline > this.#timeline) this.#lose(new Error('another one was promoted'))
      })
      .catch(() => {})
      .finally(() => {
        this.#isDoubting = false
      })
  }

  /** The history of the server in use. Appended entries must continue it (`beforeAppend`). */
  history(): string | undefined {
    return this.#current?.history.name
  }

  /** No connection counts as used while there is no primary. */
  connections(): { readonly used: number; readonly max: number; readonly waiting: number } {
    const pool = this.#current?.pool
    const used = pool === undefined ? 0 : pool.totalCount - pool.idleCount
    return { used, max: this.#options.poolMax, waiting: pool?.waitingCount ?? 0 }
  }

  async end(): Promise<void> {
    this.#isClosed = true
    clearInterval(this.#ping)
    const current = this.#current
    this.#current = undefined
    await Promise.all([current?.watch.end().catch(() => {}), current?.pool.end()])
  }

  async #pool(): Promise<pg.Pool> {
    // Callers that come after `connectMs` without a primary fail at once, so that they do not pile up.
    const left = this.#lostAt + postgresLimits.connectMs - performance.now()
    if (this.#current === undefined && this.#searching !== undefined && left > 0) {
      await Promise.race([this.#searching, wait(left, undefined, { ref: false })])
    }
    if (this.#current === undefined) throw new StoreUnavailableError('unreachable', this.#failure)
    return this.#current.pool
  }

  /** Asks all hosts at once, and picks the writable one with the highest timeline. */
  async #find(): Promise<Found> {
    const asked = await Promise.allSettled(this.#urls.map((url) => this.#ask(url)))
    const found = asked.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))
    found.sort((a, b) => b.history.timeline - a.history.timeline)
    const [best, ...others] = found
    for (const other of others) destroy(other.watch)
    if (best !== undefined && best.history.timeline >= this.#timeline) return best
    if (best !== undefined) {
      destroy(best.watch)
      throw new DatabaseOpenError('not_a_primary', 'the PostgreSQL server was replaced by a standby that was promoted')
    }
    const reasons = asked.flatMap((each) => (each.status === 'rejected' ? [each.reason as unknown] : []))
    throw reasons.find((reason) => reason instanceof DatabaseOpenError) ?? reasons[0]
  }

  async #ask(url: string): Promise<Found> {
    const watch = new pg.Client(this.#config(url))
    watch.on('error', () => {})
    try {
      await watch.connect()
      await within(postgresLimits.pingMs, assertUsable(watch))
      return { url, watch, history: await within(postgresLimits.pingMs, readHistory(watch)) }
    } catch (error) {
      destroy(watch)
      throw error instanceof DatabaseOpenError ? error : new StoreUnavailableError('unreachable', error)
    }
  }

  #use({ url, watch, history }: Found): void {
    const clients = new Set<pg.Client>()
    const pool = new pg.Pool({
      ...(this.#config(url) satisfies PoolConfig),
      max: this.#options.poolMax,
      // A process on a machine that died without a word must not hold the tenant's lock for ever.
      idle_in_transaction_session_timeout: postgresLimits.statementMs,
    })
    // A connection that breaks between two statements emits an error, which without a listener would end the process.
    // The next statement on it fails and reports it.
    pool.on('error', () => {})
    pool.on('connect', (client) => {
      client.on('error', () => {})
      clients.add(client as unknown as pg.Client)
    })
    pool.on('remove', (client) => void clients.delete(client as unknown as pg.Client))
    this.#timeline = Math.max(this.#timeline, history.timeline)
    this.#current = { pool, clients, watch, history }
    watch.on('notification', ({ processId }) => {
      const isOwn = [...clients].some((client) => (client as { processID?: number }).processID === processId)
      if (!isOwn) this.#tell()
    })
    for (const event of ['error', 'end'] as const) {
      watch.on(event, () => {
        if (this.#current?.watch === watch) this.#lose(new Error('the connection ended'))
      })
    }
    const ping = (): void => {
      within(postgresLimits.pingMs, watch.query('select 1')).catch((error: unknown) => {
        if (this.#current?.watch === watch) this.#lose(error)
      })
    }
    // Databases that only speak PostgreSQL's protocol may lack `listen`. Polling is enough for them.
    watch.query(`listen ${channel}`).catch(() => {})
    clearInterval(this.#ping)
    this.#ping = setInterval(ping, postgresLimits.pingEveryMs).unref()
  }

  /** Fails all work under way on that server. The outcome of a commit among it is unknown to its caller. */
  #lose(reason: unknown): void {
    const lost = this.#current
    if (lost === undefined || this.#isClosed) return
    this.#current = undefined
    this.#failure = reason
    this.#lostAt = performance.now()
    clearInterval(this.#ping)
    destroy(lost.watch)
    for (const client of lost.clients) destroy(client)
    void lost.pool.end().catch(() => {})
    this.#searching ??= this.#search().finally(() => {
      this.#searching = undefined
    })
  }

  async #search(): Promise<void> {
    while (!this.#isClosed && this.#current === undefined) {
      try {
        const found = await this.#find()
        this.#use(found)
        await this.#options.onFound(found.history)
        this.#tell()
        // The server may have been lost meanwhile. Then the search goes on.
        continue
      } catch (error) {
        this.#failure = error
        if (this.#current !== undefined) this.#lose(error)
      }
      const half = postgresLimits.searchEveryMs / 2
      await wait(half + this.#options.random() * half, undefined, { ref: false })
    }
  }

  #tell(): void {
    for (const listener of this.#hints) listener()
  }

  #config(url: string): ClientConfig {
    const { connectMs, statementMs, lockMs } = postgresLimits
    return {
      connectionString: url,
      connectionTimeoutMillis: connectMs,
      statement_timeout: statementMs,
      lock_timeout: lockMs,
      keepAlive: true,
      application_name: 'countersign',
      // A statement that nobody waits for is sent with the next one.
      pipeline: true,
      types: { getTypeParser: this.#options.typeParser },
    } as ClientConfig
  }
}

const oldestVersion = 140_000

/** Refuses a server that cannot keep our promises: an old one, a standby, or one that is not UTF-8. */
async function assertUsable(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ version: number; encoding: string; is_standby: boolean }>(
    `select current_setting('server_version_num')::int as version, current_setting('server_encoding') as encoding,
     pg_is_in_recovery() as is_standby`,
  )
  const { version, encoding, is_standby } = rows[0] as (typeof rows)[number]
  if (version < oldestVersion) {
    throw new DatabaseOpenError('library_too_old', `PostgreSQL ${version} is too old; 14 or newer is needed`)
  }
  if (is_standby) throw new DatabaseOpenError('not_a_primary', 'the PostgreSQL server is a standby, not the primary')
  if (encoding !== 'UTF8') {
    throw new DatabaseOpenError('bad_encoding', `the PostgreSQL database is encoded in ${encoding}; UTF8 is needed`)
  }
}

/**
 * With `local` or `off`, a commit is confirmed before any standby has it. With `remote_write` it is not on the
 * standby's disk (docs/security/faults.md §2).
 */
async function waitsForStandby(client: pg.Client): Promise<boolean> {
  const { rows } = await client.query<{ names: string; commit: string }>(
    `select current_setting('synchronous_standby_names') as names, current_setting('synchronous_commit') as commit`,
  )
  const { names, commit } = rows[0] as (typeof rows)[number]
  return names.trim() !== '' && (commit === 'on' || commit === 'remote_apply')
}

/**
 * Reads the timeline from the name of the write-ahead log file: the control file shows a promotion only after the next
 * checkpoint.
 */
async function readHistory(client: pg.Client): Promise<History> {
  try {
    const { rows } = await client.query<{ cluster: string; timeline: string }>(
      `select system_identifier::text as cluster, substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) as timeline
       from pg_control_system()`,
    )
    const { cluster, timeline } = rows[0] as (typeof rows)[number]
    return { name: `${cluster}/${timeline}`, timeline: Number.parseInt(timeline, 16) }
  } catch {
    // Databases that only speak PostgreSQL's protocol lack these functions, and are not promoted in this way.
    return { name: undefined, timeline: 0 }
  }
}

/** Closes the connection at once, even when calls wait for an answer. */
function destroy(client: pg.Client): void {
  const { connection } = client as unknown as { readonly connection?: { readonly stream?: Socket } }
  connection?.stream?.destroy()
}

/**
 * Opaque tokens: a row each, and nothing else. No entry of the feed speaks of a new one, so it needs no number and not the
 * tenant's lock. Those that are asked for while statements are under way share the next one.
 */
import type { Identity } from '@countersign/core'
import { CompiledQuery } from 'kysely'
import { type Database, isStorableText } from '../database.ts'
import { UnstorableTextError } from '../errors.ts'
import { encodeToken, type Token } from '../records/token.ts'
import type { Schema } from '../schema.ts'
import { gathered } from '../writer.ts'

/** The objects that authorised a token, and the history in which they were read. */
export interface Authorisation {
  readonly epoch: string
  /** The objects that the token is made from: its tenant, API, client and ancestors. */
  readonly by: readonly Identity[]
}

interface Asked {
  readonly row: ReturnType<typeof encodeToken>
  readonly authorisation: Authorisation
  readonly resolve: (isWritten: boolean) => void
  readonly reject: (error: unknown) => void
}

const rowsMax = 100
/** Statements under way. While PostgreSQL waits for the disk, the next may run. */
const atOnce = { sqlite: 1, postgres: 2 } as const

export class TokenInserts {
  readonly #database: Database
  readonly #waiting: Asked[] = []
  #running = 0

  constructor(database: Database) {
    this.#database = database
  }

  /** See `Store.insertToken`. */
  insert(token: Token, authorisation: Authorisation): Promise<boolean> {
    const row = encodeToken(token)
    // One that cannot be stored must not take the others with it.
    if (!Object.values(row).every(isStorableText)) return Promise.reject(new UnstorableTextError())
    return new Promise((resolve, reject) => {
      this.#waiting.push({ row, authorisation, resolve, reject })
      if (this.#running < atOnce[this.#database.dialect]) void this.#run()
    })
  }

  async #run(): Promise<void> {
    this.#running++
    // Tokens that are asked for in the same turn come along.
    await undefined
    while (this.#waiting.length > 0) {
      await this.#insertTogether(this.#waiting.splice(0, rowsMax))
      // A statement of PostgreSQL is so short that waiting for more rows costs more than it saves.
      if (this.#database.dialect === 'sqlite') await gathered()
    }
    this.#running--
  }

  async #insertTogether(asked: readonly Asked[]): Promise<void> {
    try {
      const written = await insertRows(this.#database, asked)
      for (const { row, resolve } of asked) resolve(written.has(row.jti))
    } catch (error) {
      for (const { reject } of asked) reject(error)
    }
  }
}

async function insertRows(database: Database, asked: readonly Asked[]): Promise<ReadonlySet<string>> {
  const rows = asked.map(({ row, authorisation: { epoch, by } }) => [
    ...names.map((name) => row[name]),
    epoch,
    by.map(({ type, id }) => [type, id]),
  ])
  const query = CompiledQuery.raw(statements[database.dialect], [JSON.stringify(rows), database.history() ?? null])
  const inserted = await database.runAlone(query)
  return new Set(inserted.map(({ jti }) => jti as string))
}

/** Each column of the table, with its type on PostgreSQL. */
const columns: Readonly<Record<keyof Schema['tokens'], 'text' | 'bigint'>> = {
  tenant: 'text',
  jti: 'text',
  format: 'text',
  digest: 'text',
  prefix: 'text',
  client_id: 'text',
  api_id: 'text',
  subject: 'text',
  subject_issuer: 'text',
  external_subject: 'text',
  name: 'text',
  metadata: 'text',
  issued_scope: 'text',
  issued_expires_at: 'bigint',
  scope: 'text',
  expires_at: 'bigint',
  status: 'text',
  environment: 'text',
  lineage: 'text',
  inherited: 'text',
  rate_limit: 'text',
  rate_limits: 'text',
  limit_id: 'text',
  position: 'bigint',
  version: 'bigint',
  created_at: 'bigint',
  updated_at: 'bigint',
}

const names = Object.keys(columns) as readonly (keyof typeof columns)[]
/** Behind the columns, each row has its epoch, and what authorised it. */
const epochAt = names.length
const saidByAt = epochAt + 1
const selected = names.map((name, index) =>
  columns[name] === 'text' ? `r.value ->> ${index}` : `cast(r.value ->> ${index} as bigint)`,
)
const tenant = selected[names.indexOf('tenant')]
const position = selected[names.indexOf('position')]

/**
 * The second look stands in the statement itself: the same history, and nothing said since the token's position about what
 * authorised it. `$1` has the rows as JSON, `$2` the name of the server's history. `offset 0` keeps PostgreSQL from reading
 * all entries at once, which it would do since it cannot know how few are named.
 */
const statements: Readonly<Record<Database['dialect'], string>> = {
  postgres: `
    insert into tokens (${names.join(', ')})
    select ${selected.join(', ')}
    from jsonb_array_elements($1::jsonb) as r(value)
    where exists (
      select 1 from installation where epoch = r.value ->> ${epochAt} and ($2::text is null or history = $2::text)
    )
    and not exists (
      select 1 from jsonb_array_elements(r.value -> ${saidByAt}) as b(said)
      cross join lateral (
        select sequence from status_entries
        where tenant = ${tenant} and type = said ->> 0 and id = said ->> 1
        offset 0
      ) as s
      where s.sequence > ${position}
    )
    returning jti`,
  sqlite: `
    insert into tokens (${names.join(', ')})
    select ${selected.join(', ')}
    from json_each(?1) as r
    where exists (
      select 1 from installation where epoch = r.value ->> ${epochAt} and (?2 is null or history = ?2)
    )
    and not exists (
      select 1 from json_each(r.value, '$[${saidByAt}]') as b
      join status_entries s
        on s.tenant = ${tenant} and s.type = b.value ->> 0 and s.id = b.value ->> 1
      where s.sequence > ${position}
    )
    returning jti`,
}

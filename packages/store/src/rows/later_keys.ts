/**
 * The rows of API keys that a transaction writes. Several changes share a transaction, and each row alone would be a
 * message to PostgreSQL under the tenant's lock: they are written together, before something reads them or at the end.
 */
import { sql } from 'kysely'
import { allDone } from '../all_done.ts'
import { isStorableText } from '../database.ts'
import { assertTouched, UnstorableTextError } from '../errors.ts'
import type { Schema } from '../schema.ts'
import type { Session } from '../session.ts'
import { insertOfRows, type JsonColumns, rowsStatement } from './json_rows.ts'

type Row = Schema['keys']
type Writing = Pick<Session, 'db' | 'dialect'>

export class LaterKeys {
  readonly #session: () => Writing
  #inserts = new Map<string, Row>()
  #updates = new Map<string, Row>()
  /** A row that cannot be written: nothing of the transaction may be, also when its change went on. */
  #refused: Error | undefined
  #failure: unknown

  constructor(session: () => Writing) {
    this.#session = session
  }

  /** Why rows could not be written. It may be the fault of any of them, so it says nothing about one change. */
  get failure(): unknown {
    return this.#failure
  }

  async insert(row: Row): Promise<void> {
    const name = await this.#nameOf(row)
    this.#inserts.set(name, row)
  }

  /** The row must have a `version` one above the stored one. */
  async update(row: Row): Promise<void> {
    const name = await this.#nameOf(row)
    this.#updates.set(name, row)
  }

  /** Keeps what was added until now. The function given takes everything back that was added since. */
  mark(): () => void {
    const [inserts, updates] = [this.#inserts, this.#updates]
    const sizes = [inserts.size, updates.size] as const
    return () => {
      // Maps that were written since are others, and what they held is undone with the rest.
      for (const name of [...inserts.keys()].slice(sizes[0])) inserts.delete(name)
      for (const name of [...updates.keys()].slice(sizes[1])) updates.delete(name)
      this.#inserts = inserts
      this.#updates = updates
      this.#refused = undefined
    }
  }

  async flush(): Promise<void> {
    const [inserts, updates] = [[...this.#inserts.values()], [...this.#updates.values()]]
    this.#inserts = new Map()
    this.#updates = new Map()
    try {
      if (this.#refused !== undefined) throw this.#refused
      await allDone(insertKeys(this.#session(), inserts), updateKeys(this.#session(), updates))
    } catch (error) {
      this.#failure = error
      throw error
    }
  }

  /** Two changes of one row are two statements, each of which finds the row as the one before has left it. */
  async #nameOf(row: Row): Promise<string> {
    if (!Object.values(row).every(isStorableText)) {
      this.#refused = new UnstorableTextError()
      throw this.#refused
    }
    const name = `${row.tenant} ${row.id}`
    if (this.#inserts.has(name) || this.#updates.has(name)) await this.flush()
    return name
  }
}

const columns: JsonColumns<Row> = {
  tenant: 'text',
  id: 'text',
  digest: 'text',
  prefix: 'text',
  environment: 'text',
  client_id: 'text',
  api_id: 'text',
  scope: 'text',
  name: 'text',
  subject: 'text',
  status: 'text',
  expires_at: 'bigint',
  life_seconds: 'bigint',
  metadata: 'text',
  ip_allow: 'text',
  origin_allow: 'text',
  rate_limit: 'text',
  rate_limits: 'text',
  rolled_from: 'text',
  version: 'bigint',
  created_at: 'bigint',
  updated_at: 'bigint',
}

const insertRows = insertOfRows('keys', columns)
const updateRows = rowsStatement(columns, (rows) => {
  const set = Object.keys(columns).map((name) => sql`${sql.ref(name)} = ${sql.ref(`r.${name}`)}`)
  return sql`update keys set ${sql.join(set)} from ${rows} as r
    where keys.tenant = r.tenant and keys.id = r.id and keys.version = r.version - 1`
})

async function insertKeys(session: Writing, rows: readonly Row[]): Promise<void> {
  assertTouched('the insert of keys', rows.length, await insertRows(session, rows))
}

async function updateKeys(session: Writing, rows: readonly Row[]): Promise<void> {
  assertTouched('the update of keys', rows.length, await updateRows(session, rows))
}

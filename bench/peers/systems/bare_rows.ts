/**
 * The limit of whatever stores what it issues: `node:http` that inserts a row for each request, committed to disk before
 * the answer. PostgreSQL has a pool as large as ours; SQLite is opened as our store opens it.
 */
import { createHash, randomBytes } from 'node:crypto'
import type { RequestListener } from 'node:http'
import pg from 'pg'
import { openWriter } from '../../../packages/store/src/sqlite/file.ts'
import { listen, readBody, send } from '../../bare_answers.ts'
import { answerQuestions } from '../answering.ts'

/** Bound to nine values, in the order of the columns. */
type Insert = (values: (string | number)[]) => unknown

const columns = 'tenant, id, digest, client, audience, scope, metadata, created_at, expires_at'
const table = `create table if not exists bare_rows (
  tenant text, id text, digest text, client text, audience text, scope text, metadata text, created_at bigint, expires_at bigint,
  primary key (tenant, id), unique (tenant, digest))`

answerQuestions(async ({ database }: { readonly database: string }) => {
  const file = /^sqlite:(.+)$/s.exec(database)?.[1]
  const insert = file === undefined ? await openPostgres(database) : await openSqlite(file)
  return { told: await listen(answerStored(insert)) }
})

async function openPostgres(connectionString: string): Promise<Insert> {
  const pool = new pg.Pool({ connectionString, max: 10 })
  await pool.query(table)
  const text = `insert into bare_rows (${columns}) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`
  return (values) => pool.query({ name: 'insert', text, values })
}

async function openSqlite(file: string): Promise<Insert> {
  const database = await openWriter(file)
  database.exec(table)
  const insert = database.prepare(`insert into bare_rows (${columns}) values (?, ?, ?, ?, ?, ?, ?, ?, ?)`)
  return (values) => insert.run(...values)
}

function answerStored(insert: Insert): RequestListener {
  return (request, response) =>
    readBody(request, async (body) => {
      const client = new URLSearchParams(body).get('client_id') ?? ''
      const text = randomBytes(24).toString('base64url')
      const digest = createHash('sha256').update(text).digest('base64url')
      const now = Math.floor(Date.now() / 1000)
      const named = ['default', text.slice(0, 12), digest, client, 'https://a.example', 'orders:read', '{}']
      await insert([...named, now, now + 600])
      const answer = { access_token: text, token_type: 'Bearer', expires_in: 600, scope: 'orders:read' }
      send(response, JSON.stringify(answer))
    })
}

/**
 * `bare_rows.ts URL`: a server that stores a row for each request and does nothing else, with a pool as large as ours. Tells
 * its URL when it is ready.
 */
import { createHash, randomBytes } from 'node:crypto'
import pg from 'pg'
import { listen, readBody, send } from './bare_answers.ts'

const connectionString = process.argv[2] as string
const pool = new pg.Pool({ connectionString, max: 10 })
await pool.query(`create table if not exists bare_rows (
  tenant text, id text, digest text, client text, audience text, scope text, metadata text, created_at bigint, expires_at bigint,
  primary key (tenant, id), unique (tenant, digest))`)
const insert = {
  name: 'insert',
  text: `insert into bare_rows (tenant, id, digest, client, audience, scope, metadata, created_at, expires_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
}
const url = await listen((request, response) =>
  readBody(request, async (body) => {
    const client = new URLSearchParams(body).get('client_id')
    const text = randomBytes(24).toString('base64url')
    const digest = createHash('sha256').update(text).digest('base64url')
    const now = Math.floor(Date.now() / 1000)
    const values = [
      'default',
      text.slice(0, 12),
      digest,
      client,
      'https://a.example',
      'orders:read',
      '{}',
      now,
      now + 600,
    ]
    await pool.query({ ...insert, values })
    send(response, JSON.stringify({ access_token: text, token_type: 'Bearer', expires_in: 600, scope: 'orders:read' }))
  }),
)
process.stdout.write(`${JSON.stringify({ url })}\n`)

/** Changes as they are asked for: opaque tokens, keys made and keys revoked, beside a server that stores one row a request. */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createManagementClient } from '@countersign/client'
import { type Serving, startServing } from '../conformance/serving.fixture.ts'
import { startPostgres } from '../packages/store/src/conformance/postgres_server.ts'
import { closedLoop } from './closed_loop.ts'
import { type Question, writeQuestion } from './connection.ts'
import { median } from './measure.ts'
import { startSystem } from './peers/system_process.ts'
import type { Figure } from './run.ts'

const seconds = 3
const rounds = 5
const audience = 'https://api.bench.example'
const opaqueAudience = 'https://opaque.bench.example'

interface Ready {
  readonly serving: Serving
  readonly token: Question
  readonly jwt: Question
  readonly createKey: Question
  revokeKey(id: string | undefined): Question
}

export async function benchChanges(): Promise<readonly Figure[]> {
  const directory = mkdtempSync(join(tmpdir(), 'countersign-bench-'))
  const postgres = await startPostgres(true)
  const databases = [await postgres.create(), await postgres.create()] as const
  const bare = await startSystem<string>('systems/bare_rows', { database: databases[0].url })
  const onPostgres = await start(databases[1].url)
  const onSqlite = await start(`sqlite:${join(directory, 'one.db')}`)
  const ratios = {
    token: [] as number[],
    createKey: [] as number[],
    revokeKey: [] as number[],
    sqliteToken: [] as number[],
  }
  const rates = { bare: [] as number[], token: [] as number[], sqliteToken: [] as number[], sqliteJwt: [] as number[] }
  try {
    for (let round = 0; round <= rounds; round++) {
      const bareRate = await load({ ...onPostgres.token, url: bare.told })
      const token = await load(onPostgres.token)
      const ids: string[] = []
      const createKey = await create(onPostgres, ids)
      const revokeKey = await revoke(onPostgres, ids)
      const sqliteToken = await load(onSqlite.token)
      const sqliteJwt = await load(onSqlite.jwt)
      // The first warms up. PostgreSQL counts rows within a minute by itself; until then, its plans are for empty tables.
      if (round === 0) await Promise.all(databases.map((database) => database.execute('analyze')))
      if (round === 0) continue
      rates.bare.push(bareRate)
      rates.token.push(token)
      rates.sqliteToken.push(sqliteToken)
      rates.sqliteJwt.push(sqliteJwt)
      ratios.token.push(token / bareRate)
      ratios.createKey.push(createKey / bareRate)
      ratios.revokeKey.push(revokeKey / bareRate)
      ratios.sqliteToken.push(sqliteToken / sqliteJwt)
    }
  } finally {
    await onPostgres.serving.stop()
    await onSqlite.serving.stop()
    await bare.stop()
    for (const database of databases) await database.drop()
    await postgres.stop()
    rmSync(directory, { recursive: true, force: true })
  }
  const of = 'of a server that inserts one row a request'
  return [
    { name: 'one row a request on PostgreSQL, bare', value: median(rates.bare), unit: '/s' },
    { name: 'opaque tokens on PostgreSQL', value: median(rates.token), unit: '/s' },
    { name: `opaque tokens, ${of}`, value: median(ratios.token), unit: '', goal: { atLeast: 1 } },
    { name: `keys created, ${of}`, value: median(ratios.createKey), unit: '', goal: { atLeast: 0.6 } },
    { name: `keys revoked, ${of}`, value: median(ratios.revokeKey), unit: '', goal: { atLeast: 0.6 } },
    { name: 'JWTs on SQLite', value: median(rates.sqliteJwt), unit: '/s' },
    { name: 'opaque tokens on SQLite', value: median(rates.sqliteToken), unit: '/s' },
    {
      name: 'opaque tokens on SQLite, of JWTs',
      value: median(ratios.sqliteToken),
      unit: '',
      goal: { atLeast: 0.4 },
    },
  ]
}

async function load(question: Question): Promise<number> {
  const bytes = writeQuestion(question)
  const isRight = (status: number): boolean => status === 200
  return (await closedLoop({ url: question.url, next: () => bytes, isRight, seconds })).perSecond
}

/** Adds the id of every key that was made. */
async function create({ createKey }: Ready, ids: string[]): Promise<number> {
  const bytes = writeQuestion(createKey)
  const isRight = (status: number, body: string): boolean => {
    const id = /"id":"([^"]+)"/.exec(body)?.[1]
    if (status !== 201 || id === undefined) return false
    ids.push(id)
    return true
  }
  return (await closedLoop({ url: createKey.url, next: () => bytes, isRight, seconds })).perSecond
}

/** Each key once: to revoke one again would change nothing, and take less. Once all are revoked, a 404 ends the run. */
async function revoke({ createKey, revokeKey }: Ready, ids: readonly string[]): Promise<number> {
  let at = 0
  const next = (): Buffer => writeQuestion(revokeKey(ids[at++]))
  const isRight = (status: number): boolean => status === 200
  return (await closedLoop({ url: createKey.url, next, isRight, seconds: seconds / 3 })).perSecond
}

async function start(database: string): Promise<Ready> {
  const masterKey = randomBytes(32).toString('base64url')
  const serving = await startServing({ database, masterKey, audience })
  const { url, adminKey } = serving.product
  const management = createManagementClient({ issuer: url, credential: adminKey })
  const scopes = [{ name: 'orders:read' }]
  await management.createApi({ body: { audience, name: 'jwt', scopes } })
  await management.createApi({ body: { audience: opaqueAudience, name: 'opaque', scopes, tokenFormat: 'opaque' } })
  const access = [audience, opaqueAudience].map((each) => ({ audience: each, scope: 'orders:read' }))
  const client = await management.createClient({ body: { name: 'bench', type: 'service', access } })
  const { clientId, clientSecret = '' } = client
  const ask = (of: string): Question => ({
    url: `${url}/oauth/token`,
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: clientId,
      client_secret: clientSecret,
      audience: of,
      scope: 'orders:read',
    }).toString(),
  })
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${adminKey}` }
  const createKey: Question = {
    url: `${url}/v1/keys`,
    method: 'POST',
    headers,
    body: JSON.stringify({ clientId, audience, scope: 'orders:read', name: 'k' }),
  }
  return {
    serving,
    token: ask(opaqueAudience),
    jwt: ask(audience),
    createKey,
    revokeKey: (id) => ({ url: `${url}/v1/keys/${id}/revoke`, method: 'POST', headers, body: '{}' }),
  }
}

import { afterAll, beforeAll } from 'vitest'
import { runConformance } from '../conformance/index.ts'
import type { PostgresServer } from '../conformance/postgres_server.ts'
import { startPostgres } from '../conformance/postgres_server.ts'

let server: PostgresServer
beforeAll(async () => {
  server = await startPostgres()
})
afterAll(() => server.stop())

runConformance('PostgreSQL', () => server.create())

/** A real server in this process, on a database of its own, for tests only. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openInstallation, silentLog } from '@countersign/server'
import { freePort } from '../../../scripts/free_port.ts'
import { createManagementClient, type ManagementClient } from './management_client.ts'

export interface TestServer {
  readonly issuer: string
  readonly adminKey: string
  readonly management: ManagementClient
  close(): Promise<void>
}

export async function startServer(): Promise<TestServer> {
  const directory = mkdtempSync(join(tmpdir(), 'countersign-client-'))
  const port = await freePort()
  const issuer = `http://localhost:${port}`
  const database = `sqlite:${join(directory, 'countersign.db')}`
  const server = await openInstallation({ database, baseUrl: issuer, version: '0.0.0', log: silentLog })
  const listener = server.createListener()
  await new Promise<void>((listening) => listener.listen(port, '127.0.0.1', listening))
  const adminKey = server.adminKey?.reveal() ?? ''
  return {
    issuer,
    adminKey,
    management: createManagementClient({ issuer, credential: adminKey }),
    async close() {
      listener.closeAllConnections()
      listener.close()
      await server.close()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

export const audience = 'https://api.example'

/** An API, and a client that may read and write there. */
export async function setUp({ management }: TestServer, jwks: object[] = []) {
  const scopes = [{ name: 'orders:read' }, { name: 'orders:write' }]
  const existing = (await management.listApis({})).data.find((api) => api.audience === audience)
  if (existing === undefined) await management.createApi({ body: { audience, name: 'Orders', scopes } })
  const client = await management.createClient({
    body: {
      name: 'Test',
      type: 'service',
      access: [{ audience, scope: 'orders:read orders:write' }],
      ...(jwks.length === 0 ? {} : { jwks: { keys: jwks as never } }),
    },
  })
  return { clientId: client.clientId, clientSecret: client.clientSecret ?? '' }
}

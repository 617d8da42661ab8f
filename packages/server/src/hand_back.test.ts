/**
 * With all real parts: what a backup has forgotten comes back from a verifier that runs on
 * (docs/protocol/feed.md §7.3).
 */

import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createVerifier, type Verifier } from '@countersign/verifier'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { freePort } from '../../../scripts/free_port.ts'
import { silentLog } from './observe/log.ts'
import { restore } from './restore/restore.ts'
import { auditVerify } from './run/audit_verify.ts'
import { backup } from './run/backup.ts'
import { openInstallation, openInstallationStore, openMaster } from './run/installation.ts'

const audience = 'https://api.example'
const now = (): number => Date.now() / 1000
let directory: string
/** The same before and after: verifiers know their server by it. */
let issuer: string
let server: Awaited<ReturnType<typeof start>>
const verifiers: Verifier[] = []

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'countersign-hand-back-'))
  issuer = `http://127.0.0.1:${await freePort()}`
})
afterEach(async () => {
  await Promise.all(verifiers.splice(0).map((verifier) => verifier.close()))
  await server.stop()
  rmSync(directory, { recursive: true, force: true })
})

type Answered = { readonly [name: string]: unknown }

let adminKey: string

async function start(database: string) {
  const installation = await openInstallation({ database, baseUrl: issuer, version: '0.0.0', log: silentLog })
  adminKey = installation.adminKey?.reveal() ?? adminKey
  const listener = installation.createListener()
  await new Promise<void>((listening) => listener.listen(Number(new URL(issuer).port), '127.0.0.1', listening))
  const send = async (path: string, init: RequestInit): Promise<Answered> => {
    const answer = await fetch(issuer + path, init)
    const text = await answer.text()
    expect(answer.status, `${path}: ${text}`).toBeLessThan(300)
    return text === '' ? {} : (JSON.parse(text) as Answered)
  }
  return {
    post: (path: string, body: object = {}) =>
      send(path, {
        method: 'POST',
        headers: { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }),
    get: (path: string) => send(path, { headers: { authorization: `Bearer ${adminKey}` } }),
    form: (path: string, form: Record<string, string>) =>
      send(path, { method: 'POST', body: new URLSearchParams(form) }),
    async stop() {
      listener.closeAllConnections()
      listener.close()
      await installation.close()
    },
  }
}

async function connectVerifier(): Promise<(credential: string) => Promise<string>> {
  const verifier = createVerifier({ issuer, audience, credential: adminKey, maxStalenessSeconds: 1 })
  verifiers.push(verifier)
  await verifier.ready()
  return async (credential) => {
    const outcome = await verifier.verify(credential)
    return outcome.outcome === 'rejected' ? outcome.rejection.code : outcome.outcome
  }
}

/** As the server itself judges. */
async function codeOf(credential: string): Promise<unknown> {
  const verdict = await server.post('/v1/verify', { credential, audience })
  return verdict.active === true ? 'verified' : verdict.code
}

const within = { timeout: 15_000, interval: 20 }

it('a key and a JWT revoked since the backup are refused everywhere again, once a running verifier has handed them back', async () => {
  const database = `sqlite:${join(directory, 'countersign.db')}`
  server = await start(database)
  await server.post('/v1/apis', { audience, name: 'A', scopes: [{ name: 'orders:read' }] })
  const access = [{ audience, scope: 'orders:read' }]
  const { clientId, clientSecret } = await server.post('/v1/clients', { name: 'c', type: 'service', access })
  const ids = { client_id: clientId as string, client_secret: clientSecret as string }
  const createKey = () => server.post('/v1/keys', { clientId, audience, scope: 'orders:read', name: 'k' })
  const issueJwt = async () =>
    (await server.form('/oauth/token', { grant_type: 'client_credentials', ...ids })).access_token as string
  const [revoked, kept] = [await createKey(), await createKey()]
  const [revokedJwt, keptJwt] = [await issueJwt(), await issueJwt()]
  const gone = [revoked.key as string, revokedJwt]
  const sound = [kept.key as string, keptJwt]
  const judge = await connectVerifier()
  const all = (judged: (credential: string) => Promise<unknown>, credentials: readonly string[]) =>
    Promise.all(credentials.map(judged))
  expect(await all(judge, [...gone, ...sound])).toEqual(Array(4).fill('verified'))

  const file = join(directory, 'backup.db')
  await backup({ database, file })
  await server.post(`/v1/keys/${revoked.id}/revoke`)
  await server.form('/oauth/revoke', { token: revokedJwt, ...ids })
  await vi.waitFor(async () => expect(await all(judge, gone)).toEqual(['revoked', 'revoked']), within)
  await server.stop()

  // Onto another machine, as it were: the master key is there, the database that was in use is not.
  const elsewhere = join(directory, 'elsewhere')
  mkdirSync(elsewhere)
  copyFileSync(join(directory, 'master.key'), join(elsewhere, 'master.key'))
  const restoredTo = `sqlite:${join(elsewhere, 'countersign.db')}`
  const { unknown, merged } = await restore({ database: restoredTo, backup: file, now })
  expect({ unknown, merged }).toMatchObject({ merged: 0, unknown: { why: expect.any(String) } })
  const blind = await openInstallationStore(restoredTo, openMaster(restoredTo, undefined), silentLog)
  expect((await blind.read.keys.find('default', revoked.id as string))?.status).toBe('active')
  await blind.close()

  server = await start(restoredTo)
  await vi.waitFor(async () => expect(await all(codeOf, gone)).toEqual(['revoked', 'revoked']), within)
  expect((await server.get(`/v1/keys/${revoked.id}`)).status).toBe('revoked')
  const fresh = await connectVerifier()
  expect(await all(fresh, gone)).toEqual(['revoked', 'revoked'])
  await vi.waitFor(async () => expect(await all(judge, sound)).toEqual(['verified', 'verified']), within)
  expect(await all(judge, gone)).toEqual(['revoked', 'revoked'])
  expect(await all(fresh, sound)).toEqual(['verified', 'verified'])
  expect(await all(codeOf, sound)).toEqual(['verified', 'verified'])
  const { data } = (await server.get('/v1/audit?action=revocation.hand_back')) as { data: readonly Answered[] }
  expect(data.map(({ objectType }) => objectType).sort()).toEqual(['key', 'token'])
  await server.stop()
  expect(await auditVerify({ database: restoredTo })).toMatchObject({ tenants: [{ brokenAt: null }] })
  server = await start(restoredTo)
  expect(await all(codeOf, [...gone, ...sound])).toEqual(['revoked', 'revoked', 'verified', 'verified'])
})

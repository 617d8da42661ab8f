import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generateKeyPair } from '@countersign/core'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { silentLog } from '../observe/log.ts'
import { backup } from '../run/backup.ts'
import { openInstallation } from '../run/installation.ts'
import { type Restored, restore } from './restore.ts'

const audience = 'https://api.example'
let directory: string
let database: string
let server: Awaited<ReturnType<typeof start>>

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'countersign-restore-'))
  database = `sqlite:${join(directory, 'countersign.db')}`
  server = await start()
})
afterEach(async () => {
  await server.stop()
  rmSync(directory, { recursive: true, force: true })
})

type Answered = { readonly status: number } & { readonly [name: string]: unknown }

let adminKey: string

async function start() {
  const baseUrl = 'http://localhost:4800'
  const installation = await openInstallation({ database, baseUrl, version: '0.0.0', log: silentLog })
  adminKey = installation.adminKey?.reveal() ?? adminKey
  const listener = installation.createListener()
  await new Promise<void>((listening) => listener.listen(0, '127.0.0.1', listening))
  const url = `http://127.0.0.1:${(listener.address() as AddressInfo).port}`
  const send = async (path: string, init: RequestInit): Promise<Answered> => {
    const answer = await fetch(url + path, init)
    const text = await answer.text()
    return { ...(text.startsWith('{') && !text.includes('\n') ? JSON.parse(text) : { text }), status: answer.status }
  }
  return {
    call: (method: string, path: string, body?: object) =>
      send(path, {
        method,
        headers: { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' },
        ...(method === 'GET' || method === 'DELETE' ? {} : { body: JSON.stringify(body ?? {}) }),
      }),
    form: (path: string, form: Record<string, string>) =>
      send(path, { method: 'POST', body: new URLSearchParams(form) }),
    async stop() {
      listener.closeAllConnections()
      listener.close()
      await installation.close()
    },
  }
}

async function restoreAfter(take: () => Promise<void>, more: { revocations?: string } = {}): Promise<Restored> {
  const file = join(directory, 'backup.db')
  await backup({ database, file })
  await take()
  await server.stop()
  const restored = await restore({ database, backup: file, now: () => Date.now() / 1000, ...more })
  server = await start()
  return restored
}

async function createClient(more: object = {}) {
  const access = [{ audience, scope: 'orders:read orders:write' }]
  return server.call('POST', '/v1/clients', { name: 'c', type: 'service', access, ...more })
}

async function createKey(client: Answered, more: object = {}): Promise<Answered> {
  const body = { clientId: client.clientId, audience, scope: 'orders:read orders:write', name: 'k', ...more }
  return server.call('POST', '/v1/keys', body)
}

const codeOf = async (credential: unknown, more: object = {}): Promise<unknown> => {
  const verdict = await server.call('POST', '/v1/verify', { credential, audience, ...more })
  return verdict.active === true ? 'active' : verdict.code
}

const tokenFor = (client: Answered) =>
  server.form('/oauth/token', {
    grant_type: 'client_credentials',
    client_id: client.clientId as string,
    client_secret: client.clientSecret as string,
  })

beforeEach(async () => {
  await server.call('POST', '/v1/apis', {
    audience,
    name: 'A',
    scopes: [{ name: 'orders:read' }, { name: 'orders:write' }],
  })
})

describe('what was taken since the backup stays taken', () => {
  it('from clients: deleted, disabled, cut off, narrowed, their secrets and public keys', async () => {
    const { publicJwk } = await generateKeyPair('ES256')
    const names = ['kept', 'deleted', 'disabled', 'cutOff', 'narrowed', 'rotated'] as const
    const clients = {} as Record<(typeof names)[number], Answered>
    const keys = {} as Record<(typeof names)[number], unknown>
    const jwts = {} as Record<(typeof names)[number], unknown>
    for (const name of names) {
      clients[name] = await createClient(name === 'rotated' ? { jwks: { keys: [{ ...publicJwk, kid: 'k1' }] } } : {})
      keys[name] = (await createKey(clients[name])).key
      jwts[name] = (await tokenFor(clients[name])).access_token
    }
    const path = (name: (typeof names)[number]) => `/v1/clients/${clients[name].clientId}`
    const { merged } = await restoreAfter(async () => {
      await server.call('DELETE', path('deleted'))
      await server.call('PATCH', path('disabled'), { status: 'disabled' })
      await server.call('POST', `${path('cutOff')}/revoke`)
      await server.call('PATCH', path('narrowed'), { access: [{ audience, scope: 'orders:read' }] })
      await server.call('POST', `${path('rotated')}/secrets`, { graceSeconds: 0 })
      await server.call('PATCH', path('rotated'), { jwks: { keys: [] } })
    })
    expect(merged).toBeGreaterThanOrEqual(5)
    const codes = async (credentials: Record<string, unknown>, scope: string) =>
      Promise.all(names.map(async (name) => codeOf(credentials[name], { scope })))
    expect(await codes(keys, 'orders:write')).toEqual([
      'active',
      // Without its client there is no record to look up.
      'unknown',
      'disabled',
      'revoked',
      'insufficient_scope',
      'active',
    ])
    expect(await codes(jwts, 'orders:write')).toEqual([
      'active',
      'revoked',
      'disabled',
      'revoked',
      'insufficient_scope',
      'active',
    ])
    const statuses = []
    for (const name of names) statuses.push((await tokenFor(clients[name])).status)
    expect(statuses).toEqual([200, 401, 401, 401, 200, 401])
    expect((await server.call('GET', path('rotated'))).jwks).toEqual({ keys: [] })
    // A credential that the client is given after its cut-off is good.
    const fresh = await createKey(clients.cutOff)
    expect(await codeOf(fresh.key)).toBe('active')
  })

  it('from subjects: their keys and tokens end, listed or not', async () => {
    const client = await createClient()
    const of = { clientId: client.clientId, audience, scope: 'orders:read', subject: 'ann' }
    const key = await server.call('POST', '/v1/keys', { ...of, name: 'k' })
    const minted = await server.call('POST', '/v1/tokens', { ...of, ttlSeconds: 1_000 })
    const child = await server.form('/oauth/token', {
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token: minted.token as string,
      subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      client_id: client.clientId as string,
      client_secret: client.clientSecret as string,
    })
    await restoreAfter(async () => {
      await server.call('POST', '/v1/revocations', { subject: 'ann' })
    })
    for (const text of [key.key, minted.token, child.access_token]) expect(await codeOf(text)).toBe('revoked')
    const later = await server.call('POST', '/v1/keys', { ...of, name: 'later' })
    expect(await codeOf(later.key)).toBe('active')
  })

  it('from keys and minted tokens: revoked, disabled, narrowed, ended earlier, their children too', async () => {
    const client = await createClient()
    const ids = { client_id: client.clientId as string, client_secret: client.clientSecret as string }
    const names = ['kept', 'revoked', 'disabled', 'narrowed', 'ended'] as const
    const keys = await Promise.all(names.map(() => createKey(client)))
    const children = await Promise.all(
      keys.map(({ key }) =>
        server.form('/oauth/token', {
          grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
          subject_token: key as string,
          subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
          ...ids,
        }),
      ),
    )
    const mint = { clientId: client.clientId, audience, scope: 'orders:read orders:write', ttlSeconds: 1_000 }
    const minted = await Promise.all([0, 1].map(() => server.call('POST', '/v1/tokens', mint)))
    await restoreAfter(async () => {
      const path = (index: number) => `/v1/keys/${keys[index]!.id}`
      await server.call('POST', `${path(1)}/revoke`)
      await server.call('POST', `${path(2)}/disable`)
      await server.call('PATCH', path(3), { scope: 'orders:read' })
      await server.call('POST', `${path(4)}/roll`, { graceSeconds: 0 })
      await server.call('POST', `/v1/tokens/${minted[0]!.jti}/revoke`)
      await server.call('PATCH', `/v1/tokens/${minted[1]!.jti}`, { scope: 'orders:read' })
    })
    const expected = ['active', 'revoked', 'disabled', 'insufficient_scope', 'expired']
    const scope = { scope: 'orders:write' }
    expect(await Promise.all(keys.map(({ key }) => codeOf(key, scope)))).toEqual(expected)
    expect(await Promise.all(children.map((child) => codeOf(child.access_token, scope)))).toEqual(expected)
    expect(await Promise.all(minted.map(({ token }) => codeOf(token, scope)))).toEqual([
      'revoked',
      'insufficient_scope',
    ])
  })

  it('ids of the owner’s: each means after the restore what it meant last, also where two have changed theirs', async () => {
    let count = 0
    const person = (externalSubject?: string) =>
      server.call('POST', '/v1/accounts', { name: 'x', email: `p${++count}@example.com`, externalSubject })
    const team = (externalId?: string) => server.call('POST', '/v1/teams', { name: 'x', access: [], externalId })
    const accounts = [await person('a'), await person('b'), await person('c'), await person()]
    const teams = [await team('a'), await team('b'), await team('c'), await team()]
    const change = (kind: string, { id }: Answered, body: object) => server.call('PATCH', `/v1/${kind}/${id}`, body)
    await restoreAfter(async () => {
      for (const [index, id] of [null, 'a', null, 'c'].entries()) {
        await change('accounts', accounts[index] as Answered, { externalSubject: null })
        await change('teams', teams[index] as Answered, { externalId: null })
        if (id === null) continue
        await change('accounts', accounts[index] as Answered, { externalSubject: id })
        await change('teams', teams[index] as Answered, { externalId: id })
      }
      // The one of the backup means somebody who is not in it.
      await person('b')
    })
    const now = async (kind: string, all: readonly Answered[], member: string) =>
      Promise.all(all.map(async ({ id }) => (await server.call('GET', `/v1/${kind}/${id}`))[member]))
    expect(await now('accounts', accounts, 'externalSubject')).toEqual([null, 'a', null, 'c'])
    expect(await now('teams', teams, 'externalId')).toEqual([null, 'a', null, 'c'])
  })

  it('JWTs that no row knows, APIs, tenants and signing keys', async () => {
    const client = await createClient()
    const [revoked, kept] = [(await tokenFor(client)).access_token, (await tokenFor(client)).access_token]
    const second = 'https://second.example'
    const api = await server.call('POST', '/v1/apis', { audience: second, name: 'B', scopes: [{ name: 'b:read' }] })
    const other = await createClient({ access: [{ audience: second, scope: 'b:read' }] })
    const key = (await createKey(other, { audience: second, scope: 'b:read' })).key
    const tenant = await server.call('POST', '/v1/tenants', { slug: 'acme', name: 'Acme' })
    const { data } = (await server.call('GET', '/v1/signing-keys')) as unknown as {
      data: { kid: string; purpose: string }[]
    }
    const signing = data.find(({ purpose }) => purpose === 'access_token')!
    let signedSince: unknown
    await restoreAfter(async () => {
      const { clientId, clientSecret } = client as { clientId?: string; clientSecret?: string }
      const form = { token: revoked as string, client_id: clientId!, client_secret: clientSecret! }
      expect((await server.form('/oauth/revoke', form)).status).toBe(200)
      await server.call('DELETE', `/v1/apis/${api.id}`)
      await server.call('DELETE', `/v1/tenants/${tenant.id}`)
      await server.call('POST', `/v1/signing-keys/${signing.kid}/revoke`)
      signedSince = (await tokenFor(client)).access_token
    })
    expect(await codeOf(kept)).not.toBe('active')
    expect(await codeOf(revoked)).not.toBe('active')
    expect(await codeOf(key, { audience: second })).not.toBe('active')
    // A key that signs since is not lost, and nobody's sound tokens with it.
    expect(await codeOf(signedSince)).toBe('active')
    expect((await tokenFor(client)).status).toBe(200)
    expect((await server.call('GET', `/v1/tenants/${tenant.id}`)).status).toBe(404)
    const keys = (await server.call('GET', '/v1/signing-keys')) as unknown as {
      data: { kid: string; status: string }[]
    }
    expect(keys.data.find(({ kid }) => kid === signing.kid)?.status ?? 'revoked').toBe('revoked')
  })

  it('from a log kept outside the database: also what no row stands for, and a removed signing key is followed', async () => {
    const log = join(directory, 'revocations.ndjson')
    const file = join(directory, 'backup.db')
    await backup({ database, file })
    // Made and gone since the backup: nothing but the log knows of it, and what was issued to it is out.
    const client = await createClient()
    const jwt = (await tokenFor(client)).access_token
    await server.call('DELETE', `/v1/clients/${client.clientId}`)
    const { data } = (await server.call('GET', '/v1/signing-keys')) as unknown as {
      data: { kid: string; purpose: string }[]
    }
    writeFileSync(log, (await server.call('GET', '/v1/feed/snapshot')).text as string)
    await server.stop()
    rmSync(join(directory, 'countersign.db'))
    await restore({ database, backup: file, now: () => Date.now() / 1000, revocations: log })
    server = await start()
    expect(await codeOf(jwt)).toBe('revoked')
    const signing = data.find(({ purpose }) => purpose === 'access_token')!
    await server.call('POST', `/v1/signing-keys/${signing.kid}/revoke`)
    writeFileSync(log, (await server.call('GET', '/v1/feed/snapshot')).text as string)
    await server.stop()
    rmSync(join(directory, 'countersign.db'))
    await restore({ database, backup: file, now: () => Date.now() / 1000, revocations: log })
    server = await start()
    const issued = (await tokenFor(await createClient())).access_token
    expect(await codeOf(issued)).toBe('active')
    expect(await codeOf(jwt)).not.toBe('active')
  })

  it('from a log kept outside the database, when that is all there is', async () => {
    const client = await createClient()
    const [kept, revoked] = [await createKey(client), await createKey(client)]
    const jwt = (await tokenFor(client)).access_token as string
    const log = join(directory, 'revocations.ndjson')
    const file = join(directory, 'backup.db')
    await backup({ database, file })
    await server.call('POST', `/v1/keys/${revoked.id}/revoke`)
    const { clientId, clientSecret } = client as { clientId?: string; clientSecret?: string }
    await server.form('/oauth/revoke', { token: jwt, client_id: clientId!, client_secret: clientSecret! })
    writeFileSync(log, (await server.call('GET', '/v1/feed/snapshot')).text as string)
    await server.stop()
    const now = () => Date.now() / 1000
    rmSync(join(directory, 'countersign.db'))
    const blind = await restore({ database, backup: file, now })
    expect(blind).toMatchObject({ keptAs: null, merged: 0, unknown: { why: expect.stringContaining('no database') } })
    rmSync(join(directory, 'countersign.db'))
    const seeing = await restore({ database, backup: file, now, revocations: log })
    expect(seeing).toMatchObject({ merged: 2, unknown: null })
    server = await start()
    expect([await codeOf(kept.key), await codeOf(revoked.key), await codeOf(jwt)]).toEqual([
      'active',
      'revoked',
      'revoked',
    ])
    await expect(restore({ database, backup: file, now, revocations: file })).rejects.toThrow()
  })
})

it('the file that is restored from is only read', async () => {
  const file = join(directory, 'backup.db')
  const copy = join(directory, 'copy.db')
  await backup({ database, file })
  copyFileSync(file, copy)
  await server.stop()
  const first = await restore({ database, backup: file, now: () => Date.now() / 1000 })
  const second = await restore({ database, backup: file, now: () => Date.now() / 1000 })
  expect(second.epoch).not.toBe(first.epoch)
  expect(second.keptAs).toBe(`${join(directory, 'countersign.db')}.before-restore-2`)
  expect(readFileSync(file).equals(readFileSync(copy))).toBe(true)
  server = await start()
})

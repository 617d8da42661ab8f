/**
 * docs/security/invariants.md §3: no secret is stored readable, logged, put in an error, a metric, a URL or an audit
 * event.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generateKey } from '@countersign/core'
import { StoreUnavailableError } from '@countersign/store'
import { pino } from 'pino'
import { expect, it } from 'vitest'
import { MasterKey } from './keys/master_key.ts'
import { createPinoLog } from './observe/pino_log.ts'
import { assertionType, audience, startWorld } from './server.fixture.ts'
import type { Reply } from './wire.fixture.ts'

it('CVE-2022-29266: a whole run leaves no secret in logs, errors, metrics, audit, feed or the database', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'countersign-log-'))
  const logFile = join(directory, 'log')
  const masterBytes = Buffer.from(Array.from({ length: 32 }, (_, index) => 200 - index))
  const lines: string[] = []
  const pinoLog = createPinoLog('trace', pino.destination({ dest: logFile, sync: true }))
  const tee = (level: 'info' | 'warn' | 'error') => (fields: object, message: string) => {
    // An error is written by name, message and stack: what else it holds may quote anything (pino_log.ts).
    const shown = Object.entries(fields).map(([name, value]) => [name, value instanceof Error ? value.stack : value])
    lines.push(`${level} ${message} ${JSON.stringify(shown)}`)
    pinoLog[level](fields, message)
  }
  const log = { info: tee('info'), warn: tee('warn'), error: tee('error') }
  const world = await startWorld({ master: new MasterKey(masterBytes), log })
  const secrets = new Map<string, string>()
  const keep = (what: string, text: string): string => {
    secrets.set(text, what)
    return text
  }
  keep('master key', masterBytes.toString('base64url'))
  keep('master key in hex', masterBytes.toString('hex'))
  keep('admin key', world.admin)
  keep('client secret', world.clientSecret)
  const replies: Reply[] = []
  const error = async (reply: Promise<Reply>): Promise<void> => {
    const { status, ...rest } = await reply
    expect(status, rest.text).toBeGreaterThanOrEqual(400)
    replies.push({ status, ...rest })
  }

  // Every kind of credential, and what makes and changes them.
  await world.ok('POST', '/v1/apis', { audience: 'https://opaque.test', name: 'Opaque', tokenFormat: 'opaque' })
  const signed = await world.signedClient({
    access: [
      { audience, scope: 'orders:read' },
      { audience: 'https://opaque.test', scope: 'a' },
    ],
  })
  const owner = { client_id: signed.clientId, client_secret: keep('client secret', signed.clientSecret) }
  const key = await world.key({ clientId: signed.clientId })
  keep('key', key.key)
  keep('rolled key', (await world.ok('POST', `/v1/keys/${key.id}/roll`, { graceSeconds: 60 })).key)
  const secretPath = `/v1/clients/${signed.clientId}/secrets`
  keep('second secret', (await world.ok('POST', secretPath, { graceSeconds: 60 })).clientSecret)
  const minted = await world.mint({ clientId: signed.clientId })
  keep('minted token', minted.token)
  const opaque = keep('opaque', (await world.token({ ...owner, audience: 'https://opaque.test' })).body.access_token)
  const jwt = keep('token', (await world.token({ ...owner, audience })).body.access_token)
  const child = keep('exchanged', (await world.exchange(key.key, owner)).body.access_token)
  const selfIssued = keep('self-issued', await signed.selfIssued())
  const assertion = keep('assertion', await signed.assertion())
  await world.form('/oauth/token', {
    grant_type: 'client_credentials',
    audience,
    client_assertion_type: assertionType,
    client_assertion: assertion,
  })
  const idempotencyKey = keep('Idempotency-Key', 'idempotency-key-of-the-caller')
  const body = { clientId: signed.clientId, audience, scope: 'orders:read', name: 'kept' }
  const headers = [['Idempotency-Key', idempotencyKey]] as const
  keep('kept key', (await world.call('POST', '/v1/keys', { body, headers })).body.key)
  const tenant = await world.ok('POST', '/v1/tenants', { slug: 'acme', name: 'Acme' })
  keep('tenant admin key', tenant.adminKey)
  const credentials = [key.key, minted.token, opaque, jwt, child, selfIssued]
  for (const credential of credentials) {
    await world.verify(credential)
    await world.form('/oauth/introspect', { token: credential, ...owner })
  }
  await world.ok('POST', '/v1/assertions', { credential: key.key, audience })
  await world.ok('POST', '/v1/signing-keys/rotate')

  // Every kind of mistake, with a secret in each place where one can stand by mistake.
  const wrong = keep(
    'well-formed key of nobody',
    generateKey({ prefix: 'cs', marker: 'live', randomBytes: (n) => new Uint8Array(n) }).text,
  )
  const presentable = [...secrets].filter(([, what]) => !what.startsWith('master') && what !== 'Idempotency-Key')
  for (const secret of [...presentable.map(([text]) => text), wrong]) {
    await error(world.call('POST', '/v1/keys', { body: { [secret]: 1 } }))
    await error(world.call('POST', '/v1/keys', { body: { ...body, clientId: secret } }))
    await error(world.call('POST', '/v1/keys', { body: { ...body, scope: secret, audience: secret } }))
    await error(world.call('POST', '/v1/keys', { body: { ...body, name: 'x', scope: [`${secret}"`] } }))
    await error(
      world.call('POST', '/v1/keys', { raw: `{"a": ${secret}`, headers: [['Content-Type', 'application/json']] }),
    )
    await error(world.call('GET', `/v1/keys/${encodeURIComponent(secret)}`))
    await error(world.call('GET', `/v1/keys?after=${encodeURIComponent(secret)}`))
    await error(world.call('GET', `/v1/keys?${encodeURIComponent(secret)}=1`))
    await error(world.call('GET', '/v1/keys', { as: null, headers: [['Authorization', `Basic ${secret}`]] }))
    await error(world.call('GET', '/v1/keys', { as: `${secret}x` }))
    await error(
      world.call('GET', '/v1/keys', {
        as: null,
        headers: [
          ['X-API-Key', secret],
          ['X-API-Key', secret],
        ],
      }),
    )
    await error(world.token({ client_secret: `${secret}x` }))
    await error(world.token({ client_id: secret }))
    await error(world.token({ scope: secret }))
    await error(world.token({ audience: secret }))
    await error(world.token({ grant_type: secret }))
    await error(world.form('/oauth/token', { grant_type: 'client_credentials', [secret]: 'x' }))
    await error(world.exchange(`${secret}x`, { subject_token_type: secret }))
    await error(world.call('GET', `/v1/forward-auth?audience=${encodeURIComponent(secret)}&proxy=nginx`))
  }
  await error(world.call('POST', '/v1/keys', { body: { ...body, name: 'other' }, headers }))

  // The database fails under it, with an error that tells more than it should.
  const failing = await startWorld({ log })
  const broken = failing.server.services.store as { write: unknown }
  broken.write = async () => {
    throw new StoreUnavailableError('unreachable', Object.assign(new Error('refused'), { parameters: [key.key] }))
  }
  keep('admin key', failing.admin)
  await error(failing.call('POST', '/v1/apis', { body: { audience: 'https://x.test', name: 'x' } }))
  broken.write = async () => {
    throw Object.assign(new TypeError('we are wrong'), { credential: key.key, body })
  }
  await error(failing.call('POST', '/v1/apis', { body: { audience: 'https://x.test', name: 'x' } }))

  // Their end.
  for (const credential of credentials) await world.form('/oauth/revoke', { token: credential, ...owner })
  await world.ok('POST', `/v1/clients/${signed.clientId}/revoke`)

  const places: Readonly<Record<string, string>> = {
    'log lines': lines.join('\n'),
    'the log as written': readFileSync(logFile, 'utf8'),
    'error answers': JSON.stringify(replies),
    metrics: (await world.call('GET', '/metrics', { as: null })).text,
    audit: JSON.stringify(await world.store.read.audit.list('default', {}, { limit: 1_000 })),
    feed: JSON.stringify(await world.store.feed.after('default', 0, 1_000)),
    snapshot: (await world.call('GET', '/v1/feed/snapshot')).text,
    database: world.dump(),
    'database file': world.bytes(),
    metadata: (await world.call('GET', '/.well-known/openid-configuration', { as: null })).text,
  }
  expect(lines.length).toBeGreaterThan(1)
  for (const [place, text] of Object.entries(places)) {
    expect(text.length, place).toBeGreaterThan(0)
    for (const [secret, what] of secrets) {
      // A text of ours that names where a mistake stands quotes nothing of it, not even a part.
      const core = secret.length > 40 ? secret.slice(-40, -6) : secret
      expect(text.includes(core), `${what} in ${place}`).toBe(false)
    }
  }
  await failing.close()
  await world.close()
  rmSync(directory, { recursive: true, force: true })
})

/** Commands for people who run it: verifiers, usage, audit, tenants, tokens, client secrets, any operation. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createVerifier } from '@countersign/verifier'
import { describe, expect, it } from 'vitest'
import { makeFolder, type RunOptions, run, startDev, startDevOfFile, startUntil } from './countersign.fixture.ts'

const { dev, folder, audience, clientId, cli, json } = await startDevOfFile()

describe('verifiers', () => {
  it('create prints the key alone, and a verifier works with it and nothing else does', async () => {
    const made = await cli(['verifiers', 'create', '--audience', audience, '--name', 'orders API'])
    expect(made).toMatchObject({ code: 0, out: expect.stringMatching(/^cs_live_\w+\n$/) })
    expect(made.err).toContain(`COUNTERSIGN_AUDIENCE=${audience}`)
    expect(made.err).not.toContain(made.out.trim())
    const verifier = createVerifier({ issuer: dev.ready.issuer, audience, credential: made.out.trim(), usage: false })
    expect(await verifier.verify(dev.ready.demo.key!, { scope: 'orders:read' })).toMatchObject({ outcome: 'verified' })
    await verifier.close()
    const env = { COUNTERSIGN_URL: dev.ready.url, COUNTERSIGN_KEY: made.out.trim() }
    expect((await cli(['keys', 'list'], { env })).code).toBe(4)
    const [table, listed] = await Promise.all([cli(['verifiers', 'list']), json('verifiers', 'list')])
    expect(table.out).toContain('orders API')
    expect(listed.data).toContainEqual(expect.objectContaining({ name: 'orders API', guards: [audience] }))
    for (const { guards } of listed.data) expect(guards).not.toEqual([])
  })

  it('create without an audience, or with another, lists the choices', async () => {
    const [none, wrong] = await Promise.all([
      cli(['verifiers', 'create']),
      cli(['verifiers', 'create', '--audience', `${audience}/`]),
    ])
    expect([none.code, wrong.code]).toEqual([2, 2])
    expect(none.err).toContain(`--audience is missing; choose from:\n  ${audience}`)
    expect(wrong.err).toContain(`--audience "${audience}/" is not known here; choose from:\n  ${audience}`)
  })
})

it('usage counts verifications, and audit list shows who did what', async () => {
  await fetch(`${dev.ready.gatewayUrl}/orders`, { headers: { authorization: `Bearer ${dev.ready.demo.key}` } })
  await expect
    .poll(async () => (await cli(['usage', '--group-by', 'clientId'])).out, { timeout: 20_000, interval: 500 })
    .toContain(clientId)
  expect((await json('usage', '--interval', 'minute')).data).toContainEqual(
    expect.objectContaining({ outcome: 'verified' }),
  )
  const [made] = await Promise.all([
    json('keys', 'create', '--audience', audience, '--client', clientId, '--scope', 'orders:read'),
  ])
  const [table, events, wrong] = await Promise.all([
    cli(['audit', 'list', '--limit', '1']),
    json('audit', 'list', '--object', made.id),
    cli(['usage', '--interval', 'week']),
  ])
  expect(table.out).toMatch(/^AT +ACTION +OBJECT +ACTOR/)
  expect(table.err).toContain('there are more: --after')
  expect(events.data.map(({ action }: { action: string }) => action)).toEqual(['key.create'])
  expect(wrong).toMatchObject({
    code: 2,
    err: expect.stringContaining('--interval "week": must be one of minute, hour, day'),
  })
})

it('tenants are made, listed, shown and deleted', async () => {
  const made = await cli(['tenants', 'create', 'acme', '--name', 'Acme'])
  expect(made).toMatchObject({ code: 0, out: expect.stringMatching(/^cs_live_\w+\n$/) })
  const { data } = await json('tenants', 'list')
  const { id, issuer } = data.find(({ slug }: { slug: string }) => slug === 'acme')
  const env = { COUNTERSIGN_URL: issuer, COUNTERSIGN_KEY: made.out.trim() }
  expect((await cli(['keys', 'list'], { env })).code).toBe(0)
  expect(await json('tenants', 'show', id)).toMatchObject({ id, name: 'Acme' })
  expect((await cli(['tenants', 'delete', id])).out).toContain(`${id}  deleted`)
  expect((await cli(['tenants', 'create', 'Acme!'])).code).toBe(1)
})

it('tokens minted as keys are listed, shown, narrowed and ended', async () => {
  const flags = ['--audience', audience, '--client', clientId, '--scope', 'orders:read orders:write', '--ttl', '1h']
  const { jti, token } = await json('token', 'mint', ...flags, '--name', 'nightly')
  const table = await cli(['token', 'list', '--client', clientId])
  expect(table.out).toContain(jti)
  expect(table.out + table.err).not.toContain(token)
  expect(await json('token', 'show', jti)).toMatchObject({ jti, name: 'nightly', status: 'active' })
  expect(await json('token', 'update', jti, '--scope', 'orders:read')).toMatchObject({ scope: 'orders:read' })
  const [nothing, secret, ended] = await Promise.all([
    cli(['token', 'update', jti]),
    cli(['token', 'show', token]),
    json('token', 'revoke', jti),
  ])
  expect([nothing.code, secret.code, ended.status]).toEqual([2, 2, 'revoked'])
})

it('a client has secrets that are added and listed, and a leaked one names the command that ends it', async () => {
  const added = await cli(['clients', 'secret', 'add', clientId, '--grace', '1h'])
  expect(added.out).toMatch(/^cs_secret_\w+\n$/)
  const id = added.out.split('_')[2]!
  const listed = await cli(['clients', 'secret', 'list', clientId])
  expect(listed.out).toContain(id)
  const file = join(folder, 'leaked.env')
  writeFileSync(file, `SECRET=${added.out}`)
  const scanned = await cli(['scan', file])
  expect(scanned).toMatchObject({ code: 7, err: expect.stringContaining('countersign clients secret revoke ID') })
  expect(scanned.err).not.toContain('keys revoke')
  expect((await cli(['clients', 'secret', 'revoke', 'AAAAAAAAAAAA'])).code).toBe(3)
})

describe('api', () => {
  it('calls any operation, with a body from a file or standard input', async () => {
    const list = await cli(['api', 'GET', '/v1/keys?limit=1'])
    expect(list.code).toBe(0)
    expect(JSON.parse(list.out).data).toHaveLength(1)
    const body = JSON.stringify({ name: 'by hand', type: 'service', access: [] })
    const made = await json2(['api', 'post', '/v1/clients', '--data', '-'], { input: body })
    const file = join(folder, 'body.json')
    writeFileSync(file, '{"name":"by file"}')
    expect(await json2(['api', 'PATCH', `/v1/clients/${made.clientId}`, '--data', file])).toMatchObject({
      name: 'by file',
    })
    expect((await cli(['api', 'DELETE', `/v1/clients/${made.clientId}`])).code).toBe(0)
    const missing = await cli(['api', 'GET', `/v1/clients/${made.clientId}`])
    expect(missing).toMatchObject({ code: 3, out: '', err: expect.stringMatching(/\(not_found, request /) })
  })

  const json2 = async (args: readonly string[], options: RunOptions = {}) =>
    JSON.parse((await cli([...args, '--json'], options)).out)

  it.each([
    'v1/keys',
    '/v1/',
    '/oauth/token',
    '/v1/../admin',
    '/v1/keys/../../x',
    '/v1/a b',
    '//evil.example/v1/x',
    '@evil.example/v1/',
  ])('the key never goes to %s', async (path) => {
    expect(await cli(['api', 'GET', path])).toMatchObject({ code: 2, err: expect.stringContaining('management API') })
  })
})

it('a later start says how to make another key, and so does one after the first key was revoked', async () => {
  const other = makeFolder()
  const first = await startDev(other.path)
  const [, , keyId] = first.ready.demo.key!.split('_')
  expect((await run(['keys', 'revoke', keyId!], { cwd: other.path })).code).toBe(0)
  const [port, gatewayPort] = [first.ready.url, first.ready.gatewayUrl].map((url) => new URL(url).port)
  await first.stop()
  const screen = await screenOf(other.path, '--port', port!, '--gateway-port', gatewayPort!)
  expect(screen).toContain('First key     has ended; make another:')
  const [, command] = /npx countersign (keys create .*)/.exec(screen) ?? []
  expect(command).toBe(
    `keys create --audience ${first.ready.audience} --client ${first.ready.demo.clientId} --scope "orders:read"`,
  )
  other.remove()
})

it('the screen says nothing untrue of a document that guards no operation', async () => {
  const other = makeFolder()
  const document = join(other.path, 'open.yaml')
  writeFileSync(
    document,
    'openapi: 3.1.0\ninfo: { title: Open, version: "1" }\npaths:\n  /news/{id}:\n    get:\n      security: []\n      responses: { "200": { description: ok } }\n',
  )
  const screen = await screenOf(
    other.path,
    '--openapi',
    document,
    '--upstream',
    'http://127.0.0.1:9',
    '--port',
    '0',
    '--gateway-port',
    '0',
  )
  expect(screen).toContain('Audience      urn:countersign:dev:open')
  expect(screen).toMatch(/curl -i \S+\/news\/1 +reaches your API without a key: the document guards no operation/)
  // As a word: a port may have these digits within it.
  expect(screen).not.toMatch(/\b401\b|Bearer|keys revoke/)
  other.remove()
})

/** The whole screen of a start, up to its end. */
async function screenOf(cwd: string, ...flags: readonly string[]): Promise<string> {
  const started = await startUntil(['dev', '--no-reserve', ...flags], { cwd }, /Try it\n(.+\n)+/)
  await started.stop()
  return started.out()
}

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { makeFolder, run, startDevOfFile } from './countersign.fixture.ts'

const { dev, folder, audience, clientId, cli, json, createKey } = await startDevOfFile()

describe('keys', () => {
  it('create gives the key alone on standard output, with everything it was asked for', async () => {
    const flags = ['--name', 'Mobile', '--environment', 'test', '--expires-in', '30d', '--rate-limit', '100/60s']
    const more = ['--ip-allow', '192.0.2.0/24,198.51.100.0/24', '--origin-allow', 'https://app.example']
    const made = await createKey(...flags, ...more, '--metadata', '{"team":"blue"}')
    expect(made).toMatchObject({ code: 0, out: expect.stringMatching(/^cs_test_[0-9A-Za-z]{12}_[0-9A-Za-z]{38}\n$/) })
    expect(made.err).not.toContain(made.out.trim())
    const key = await json('keys', 'show', made.out.split('_')[2]!)
    expect(key).toMatchObject({
      name: 'Mobile',
      environment: 'test',
      scope: 'orders:read',
      ipAllow: ['192.0.2.0/24', '198.51.100.0/24'],
      originAllow: ['https://app.example'],
      rateLimit: { limit: 100, windowSeconds: 60 },
      metadata: { team: 'blue' },
    })
    const days = (Date.parse(key.expiresAt) - Date.now()) / 86_400_000
    expect(Math.round(days)).toBe(30)
    expect(key).not.toHaveProperty('key')
  })

  it('have several limits by name, as clients and APIs have, and none again', async () => {
    const { id } = await json('keys', 'create', '--audience', audience, '--client', clientId, '--scope', 'orders:read')
    const one = { limit: 5, windowSeconds: 3_600 }
    const burst = { name: 'burst', limit: 2, windowSeconds: 1 }
    const flags = ['--rate-limit', '5/1h', '--rate-limit', 'burst=2/1s'] as const
    const none = { rateLimit: null, rateLimits: null }
    for (const target of [
      ['keys', id],
      ['clients', clientId],
      ['apis', audience],
    ] as const) {
      const [command, name] = target
      const update = (...more: readonly string[]) => json(command, 'update', name, ...more)
      expect(await update(...flags)).toMatchObject({ rateLimit: one, rateLimits: [burst] })
      expect(await update('--rate-limit', '9/1h')).toMatchObject({ rateLimit: { limit: 9 }, rateLimits: [burst] })
      expect(await update('--rate-limit', 'none')).toMatchObject(none)
    }
    const twice = await cli(['keys', 'update', id, '--rate-limit', '1/1s', '--rate-limit', 'default=2/1s'])
    expect([twice.code, twice.err]).toEqual([2, expect.stringContaining('names default twice')])
  })

  it('are listed, changed, rolled, suspended and ended, and what they were is refused afterwards', async () => {
    const made = await json('keys', 'create', '--audience', audience, '--client', clientId, '--scope', 'orders:read')
    const { id, key } = made
    expect(key.split('_')[2]).toBe(id)
    const [table, list, page] = await Promise.all([
      cli(['keys', 'list', '--client', clientId]),
      json('keys', 'list', '--client', clientId),
      json('keys', 'list', '--limit', '1'),
    ])
    expect(table.out.split('\n')[0]).toMatch(/^ID +NAME +CLIENT +SCOPE +STATUS$/)
    for (const line of table.out.split('\n')) expect(line.length).toBeLessThanOrEqual(80)
    expect(table.out).toContain(id)
    expect(list.data.map((each: { id: string }) => each.id)).toContain(id)
    expect([page.data.length, typeof page.next]).toEqual([1, 'string'])

    const flags = ['--expires-at', '2099-01-01', '--rate-limit', '5/1h', '--name', 'N']
    expect(await json('keys', 'update', id, ...flags)).toMatchObject({
      expiresAt: '2099-01-01T00:00:00Z',
      rateLimit: { limit: 5, windowSeconds: 3600 },
      name: 'N',
    })
    expect(await json('keys', 'update', id, '--expires-at', 'none', '--rate-limit', 'none')).toMatchObject({
      expiresAt: null,
      rateLimit: null,
    })
    const rolled = await cli(['keys', 'roll', id, '--grace', '1h'])
    expect(rolled.out).toMatch(/^cs_live_\w+\n$/)
    expect((await cli(['verify'], { input: key })).code).toBe(0)
    expect(await json('keys', 'disable', id)).toMatchObject({ id, status: 'disabled' })
    const disabled = await cli(['verify', '--json'], { input: key })
    expect([disabled.code, JSON.parse(disabled.out).code]).toEqual([7, 'disabled'])
    expect((await cli(['keys', 'enable', id])).out).toMatch(new RegExp(`^${id} +active +feed sequence \\d+\n$`))
    expect(await json('keys', 'revoke', id, '--reason', 'leaked')).toMatchObject({ id, status: 'revoked' })
    const [again, verdict] = await Promise.all([cli(['keys', 'roll', id]), cli(['verify', '-'], { input: key })])
    expect(again.code).toBe(5)
    expect(verdict).toMatchObject({ code: 7, out: expect.stringContaining('revoked') })
  })

  it('a flag that is missing is exit 2 with what there is to choose', async () => {
    const [noAudience, noClient, noScope] = await Promise.all([
      cli(['keys', 'create']),
      cli(['keys', 'create', '--audience', audience]),
      cli(['keys', 'create', '--audience', audience, '--client', clientId]),
    ])
    expect([noAudience.code, noClient.code, noScope.code]).toEqual([2, 2, 2])
    expect(noAudience.err).toMatch(new RegExp(`--audience is missing; choose from:\n  ${audience} +Demo\n`))
    expect(noAudience.err).not.toContain('/v1')
    expect(noClient.err).toContain(clientId)
    expect(noScope.err).toContain('--scope is missing; choose from:\n  orders:read\n  orders:write\n')
  })

  it('mistakes are one line and an exit code each', async () => {
    const cases: readonly [readonly string[], number, string][] = [
      [['keys', 'show', 'AAAAAAAAAAAA'], 3, 'not_found'],
      [['keys', 'show'], 2, 'countersign keys show needs <id>'],
      [['keys', 'frobnicate'], 2, 'countersign keys has no command "frobnicate"; it has create, list, show,'],
      [['keys', 'list', '--colour'], 2, 'countersign keys list has no flag "--colour"; it has --json, --limit,'],
      [['keys', 'list', `--x=${dev.ready.demo.key}`], 2, 'has no flag "--x"'],
      [['keys', 'list', 'all', dev.ready.demo.key!], 2, 'takes no argument; "all" (not shown: it may be a secret)'],
      [['keys', 'list', '--status', 'tired'], 2, '--status "tired": must be one of active, disabled, revoked, expired'],
      [['keys', 'list', '--limit', '101'], 2, '--limit "101": must be a whole number from 1 to 100'],
      [['keys', 'create', '--name'], 2, '--name needs a value: for people'],
      [['keys', 'create', '--expires-in', 'soon'], 2, '--expires-in "soon": must be a duration with its unit, such as'],
      [['keys', 'create', '--expires-in', '30'], 2, '--expires-in "30": must be a duration'],
      [['keys', 'create', '--scope', 'a', '--environment', dev.ready.demo.key!], 2, '--environment (not shown'],
      [['keys', 'revoke', '--wait', '30', 'AAAAAAAAAAAA'], 2, '--wait "30": must be a duration'],
      [['keys', 'revoke', '--wait', 'AAAAAAAAAAAA'], 3, 'not_found'],
      [['keys', 'create', '--expires-in', '1h', '--expires-at', '2099-01-01'], 2, 'exclude'],
      [['keys', 'create', '--rate-limit', '100'], 2, '100/60s'],
      [['keys', 'create', '--metadata', '[1]'], 2, 'JSON object'],
      [['keys', 'update', 'AAAAAAAAAAAA'], 2, 'at least one flag'],
      [['keys', 'revoke', dev.ready.demo.key!], 2, 'the secret itself'],
      [
        ['keys', 'create', '--audience', 'urn:none', '--client', clientId, '--scope', 'a'],
        2,
        `--audience "urn:none" is not known here; choose from:\n  ${audience}`,
      ],
      [
        ['keys', 'create', '--audience', audience, '--client', 'Robot', '--scope', 'a'],
        2,
        '--client "Robot" is not known here; choose from:\n  client_',
      ],
    ]
    const ran = await Promise.all(cases.map(([args]) => cli(args)))
    for (const [index, [args, code, text]] of cases.entries()) {
      const { err, out } = ran[index]!
      expect([args.join(' '), ran[index]!.code, err]).toEqual([args.join(' '), code, expect.stringContaining(text)])
      expect(err).toMatch(/^countersign: /)
      expect(out).toBe('')
      expect(err).not.toContain(dev.ready.demo.key)
      expect(err).not.toContain('    at ')
    }
  })

  it('a server that is down is 6, a wrong key 4, no server and no key 2, and the profile’s key stays with its server', async () => {
    const url = dev.ready.url
    const nowhere = 'http://127.0.0.1:1'
    const wrong = 'cs_live_0123456789AB_0123456789ABCDEFGHIJKLMNOPQRSTUV000000'
    const elsewhere = makeFolder()
    const file = join(elsewhere.path, 'key')
    writeFileSync(file, `${dev.ready.adminKey}\n`)
    const list = (env: Record<string, string>, cwd = elsewhere.path) => run(['keys', 'list'], { cwd, env })
    const [down, denied, none, foreign, plain, fromFile, both, missing, narrow] = await Promise.all([
      list({ COUNTERSIGN_URL: nowhere, COUNTERSIGN_KEY: wrong }),
      list({ COUNTERSIGN_URL: url, COUNTERSIGN_KEY: wrong }),
      list({}),
      list({ COUNTERSIGN_URL: nowhere }, folder),
      list({ COUNTERSIGN_URL: 'http://auth.example', COUNTERSIGN_KEY: wrong }),
      list({ COUNTERSIGN_URL: url, COUNTERSIGN_KEY_FILE: file }),
      list({ COUNTERSIGN_URL: url, COUNTERSIGN_KEY_FILE: file, COUNTERSIGN_KEY: wrong }),
      list({ COUNTERSIGN_URL: url, COUNTERSIGN_KEY_FILE: `${file}x` }),
      list({ COUNTERSIGN_URL: url, COUNTERSIGN_KEY: dev.ready.demo.key! }),
    ])
    expect(down).toMatchObject({ code: 6, err: expect.stringContaining('cannot be reached') })
    expect(denied.code).toBe(4)
    expect(none).toMatchObject({ code: 2, err: expect.stringContaining('COUNTERSIGN_URL') })
    expect(foreign).toMatchObject({ code: 2, err: expect.stringContaining('no key is known') })
    expect(plain).toMatchObject({ code: 2, err: expect.stringContaining('https') })
    expect(fromFile.code).toBe(0)
    expect([both.code, missing.code, narrow.code]).toEqual([2, 3, 4])
    elsewhere.remove()
  })
})

describe('clients and APIs', () => {
  it('an API and a client for it are made, shown, changed and ended', async () => {
    const uri = 'https://billing.example'
    const api = await cli([
      'apis',
      'create',
      '--audience',
      uri,
      '--name',
      'Billing',
      '--scope',
      'bills:read bills:write',
    ])
    expect(api.out).toMatch(/^api_\w+\n$/)
    const made = await json('clients', 'create', '--name', 'Robot', '--audience', uri, '--scope', 'bills:read')
    const id = made.clientId as string
    expect(made.clientSecret).toMatch(/^cs_secret_/)
    const [shown, apis, clients, twice] = await Promise.all([
      json('apis', 'show', uri),
      cli(['apis', 'list']),
      cli(['clients', 'list']),
      cli(['apis', 'create', '--audience', uri]),
    ])
    expect(shown.scopes.map((scope: { name: string }) => scope.name)).toEqual(['bills:read', 'bills:write'])
    expect(apis.out).toMatch(/Billing +https:\/\/billing\.example +active$/m)
    expect(clients.out).toMatch(new RegExp(`${id} +Robot +service +active +https://bil`))
    expect(twice.code).toBe(5)
    const offers = ['--account-scope', 'bills:read', '--self-service-scope', 'bills:read', '--on-request-scope']
    const offered = await json('apis', 'update', uri, ...offers, 'bills:write', '--call-url', 'https://bills.example')
    expect(offered).toMatchObject({
      accountScope: 'bills:read',
      selfServiceScope: 'bills:read',
      onRequestScope: 'bills:write',
      callUrl: 'https://bills.example',
    })
    const named = await json('apis', 'update', uri, '--resource', 'urn:bills', '--resource', 'https://b.example/v2')
    expect(named.resources).toEqual(['urn:bills', 'https://b.example/v2'])
    expect((await json('apis', 'update', uri, '--resource', 'none')).resources).toEqual([])
    const ended = await json('apis', 'update', uri, '--self-service-scope', '', '--call-url', 'none')
    expect(ended).toMatchObject({ selfServiceScope: '', onRequestScope: 'bills:write', callUrl: null })
    const access = ['--access', `${uri}=bills:read bills:write`, '--access', `${audience}=orders:read`]
    const updated = await json('clients', 'update', id, ...access, '--status', 'disabled')
    expect(updated).toMatchObject({ status: 'disabled', access: [{ audience: uri }, { audience }] })
    const home = 'https://robot.example'
    expect((await json('clients', 'update', id, '--homepage', home)).homepageUri).toBe(home)
    const plain = await json('clients', 'update', id, '--no-homepage', '--no-logo')
    expect(plain).toMatchObject({ homepageUri: null, logoUri: null })
    expect((await cli(['clients', 'update', id, '--logo', 'https://127.0.0.1/x.png'])).code).toBe(1)
    const [secret, revoked] = [
      await cli(['clients', 'secret', 'add', id, '--grace', '0s']),
      await json('clients', 'revoke', id, '--reason', 'test'),
    ]
    expect(secret.out).toMatch(/^cs_secret_\w+\n$/)
    expect(revoked).toMatchObject({ clientId: id, secrets: 2 })
    expect((await cli(['clients', 'delete', id])).code).toBe(0)
    const [gone, noName, halfAccess] = await Promise.all([
      cli(['clients', 'show', id]),
      cli(['clients', 'create']),
      cli(['clients', 'create', '--name', 'x', '--audience', uri]),
    ])
    expect([gone.code, noName.code, halfAccess.code]).toEqual([3, 2, 2])
  })

  it('public keys come from a file, private ones are refused before anything is sent', async () => {
    const file = join(folder, 'private.json')
    const jwk = { kty: 'EC', crv: 'P-256', kid: 'k1', x: 'x', y: 'y', d: 'very-private' }
    writeFileSync(file, JSON.stringify({ keys: [jwk] }))
    const ran = await cli(['clients', 'create', '--name', 'x', '--jwks', file])
    expect(ran).toMatchObject({ code: 2, err: expect.stringContaining('public keys') })
    expect(ran.err).not.toContain('very-private')
  })

  it('import shows what comes, goes and opens, and changes nothing in a dry run', async () => {
    const id = (await cli(['apis', 'create', '--audience', 'https://import.example'])).out.trim()
    const file = join(folder, 'api.yaml')
    const document = (paths: string) => `openapi: 3.1.0\ninfo: {title: A, version: "1"}\npaths:\n${paths}`
    writeFileSync(file, document('  /a: {get: {security: [{k: ["a:r"]}]}}\n  /b: {get: {security: [{k: ["a:r"]}]}}\n'))
    const dry = await cli(['apis', 'import', id, file, '--dry-run'])
    const needs = 'needs          GET /a: a:r\nneeds          GET /b: a:r\n'
    expect(dry).toMatchObject({ code: 0, out: `added          GET /a\nadded          GET /b\n${needs}` })
    expect(dry.err).toContain('nothing was changed')
    expect((await json('apis', 'show', id)).scopes).toEqual([])
    expect((await cli(['apis', 'import', 'https://import.example', file])).code).toBe(0)
    writeFileSync(file, document('  /a: {get: {security: []}}\n  /c: {get: {security: [{k: ["a:r"]}, {l: []}]}}\n'))
    const opening = await cli(['apis', 'import', id, file, '--dry-run'])
    expect(opening).toMatchObject({ code: 7, err: expect.stringContaining('--allow-public') })
    expect(opening.out).toContain('needs          GET /a: nothing: it is public\n')
    expect((await cli(['apis', 'import', id, file, '--dry-run', '--json'])).code).toBe(7)
    expect((await cli(['apis', 'import', id, file, '--dry-run', '--allow-public'])).code).toBe(0)
    const changed = await cli(['apis', 'import', id, file])
    expect(changed.out.split('\n').slice(0, 3)).toEqual([
      'added          GET /c',
      'removed        GET /b',
      'became public  GET /a',
    ])
    expect(changed.out).toContain('problem ')
    writeFileSync(file, document('  /a: {get: {security: []}}\n'))
    expect((await cli(['apis', 'import', id, file, '--dry-run'])).code).toBe(7)
    writeFileSync(file, 'a: [')
    const [bad, missing] = await Promise.all([
      cli(['apis', 'import', id, file]),
      cli(['apis', 'import', id, `${file}.none`]),
    ])
    expect([bad.code, missing.code]).toEqual([1, 3])
  })
})

describe('tokens', () => {
  it('get, inspect, exchange and verify go from hand to hand without an argument that is secret', async () => {
    const secret = dev.ready.demo.clientSecret!
    const token = await cli(['token', 'get', '--client', clientId], { input: secret })
    expect(token).toMatchObject({ code: 0, out: expect.stringMatching(/^ey[\w.-]+\n$/) })
    const file = join(folder, 'secret')
    writeFileSync(file, secret)
    const keyFile = join(folder, 'demo-key')
    writeFileSync(keyFile, dev.ready.demo.key!)
    const exchange = ['token', 'get', '--client', clientId, '--client-secret-file', file, '--exchange', keyFile]
    const [inspected, verdict, exchanged, wrong, key] = await Promise.all([
      cli(['token', 'inspect', '--json'], { input: token.out }),
      cli(['verify', '--scope', 'orders:write', '--json'], { input: token.out }),
      cli([...exchange, '--json']),
      cli(['token', 'get', '--client', clientId], { input: `${secret}x` }),
      cli(['token', 'inspect', '-'], { input: dev.ready.demo.key! }),
    ])
    expect(JSON.parse(inspected.out)).toMatchObject({
      kind: 'jwt',
      header: { typ: 'at+jwt' },
      claims: { sub: clientId },
    })
    expect(JSON.parse(verdict.out)).toMatchObject({ active: true, grant: { kind: 'access_token', clientId } })
    expect(JSON.parse(exchanged.out)).toMatchObject({ scope: 'orders:read' })
    expect(wrong).toMatchObject({ code: 4, err: expect.not.stringContaining(secret) })
    expect(key.out).toMatch(/^kind +api_key\n/)
    expect(key.out + key.err).not.toContain(dev.ready.demo.key!.slice(-38))
  })

  it('a minted token lives until it is revoked', async () => {
    const flags = ['--audience', audience, '--client', clientId, '--scope', 'orders:read', '--ttl', '1h']
    const minted = await json('token', 'mint', ...flags, '--subject', 'user-1')
    const before = await cli(['verify', '--json'], { input: minted.token })
    expect(JSON.parse(before.out)).toMatchObject({ active: true, grant: { subject: 'user-1' } })
    expect((await cli(['token', 'revoke', minted.token])).code).toBe(2)
    expect(await json('token', 'revoke', minted.jti)).toMatchObject({ jti: minted.jti, status: 'revoked' })
    const [after, none] = await Promise.all([
      cli(['verify'], { input: minted.token }),
      cli(['token', 'revoke', 'no-such-jti']),
    ])
    expect(after.code).toBe(7)
    expect(none.code).toBe(3)
  })

  it('all that speaks for a subject ends by one command, and a JWT that nothing lists by its client and jti', async () => {
    const flags = ['--audience', audience, '--client', clientId, '--scope', 'orders:read']
    const key = await json('keys', 'create', ...flags, '--subject', 'user-2', '--name', 'k')
    const minted = await json('token', 'mint', ...flags, '--ttl', '1h', '--subject', 'user-2')
    const list = await json('token', 'list', '--subject', 'user-2')
    expect(list.data.map(({ jti }: { readonly jti: string }) => jti)).toEqual([minted.jti])
    expect(await json('token', 'revoke', '--subject', 'user-2', '--reason', 'left')).toMatchObject({ matched: 2 })
    for (const input of [key.key, minted.token]) expect((await cli(['verify'], { input })).code).toBe(7)
    const unlisted = await json('token', 'revoke', 'some-jti', '--client', clientId)
    expect(unlisted).toMatchObject({ matched: null })
    const wrong = [
      ['token', 'revoke'],
      ['token', 'revoke', 'a', '--subject', 'b'],
      ['token', 'revoke', '--subject', 'b', '--client', 'c'],
    ]
    for (const given of wrong)
      expect(await cli(given)).toMatchObject({ code: 2, err: expect.stringContaining('needs') })
  })

  it('verify says no with 7 and why, and takes no credential from its arguments', async () => {
    const key = dev.ready.demo.key!
    const [yes, narrow, any, other, empty, argument, unknown] = await Promise.all([
      cli(['verify', '-'], { input: `${key}\n` }),
      cli(['verify', '--scope', 'orders:write'], { input: key }),
      cli(['verify', '--any-scope', 'orders:write orders:read'], { input: key }),
      cli(['verify', '--audience', 'https://other.example'], { input: key }),
      cli(['verify'], { input: '' }),
      cli(['verify', key]),
      cli(['verify', '--json'], { input: 'cs_test_0123456789AB_0123456789ABCDEFGHIJKLMNOPQRSTUV0hvK6L' }),
    ])
    expect(yes).toMatchObject({ code: 0, out: expect.stringMatching(/^active +true\n/) })
    expect(narrow).toMatchObject({ code: 7, out: expect.stringMatching(/insufficient_scope(.|\n)*orders:write/) })
    expect(any.code).toBe(0)
    expect(other).toMatchObject({ code: 7, out: expect.stringContaining('wrong_audience') })
    expect([empty.code, argument.code]).toEqual([2, 2])
    expect([unknown.code, JSON.parse(unknown.out)]).toMatchObject([7, { active: false, code: 'unknown' }])
  })
})

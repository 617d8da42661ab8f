/** A command that cannot do what was asked names the flag, the file or the key that is meant. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { makeFolder, run, startDevOfFile } from './countersign.fixture.ts'

const { dev, folder, audience, clientId, cli, json } = await startDevOfFile()

it('a denied command says that it asked with the key of a variable, and how to ask as the profile does', async () => {
  const made = await cli(['verifiers', 'create', '--audience', audience])
  const key = made.out.trim()
  const remedy = 'unset it to ask as the administrator of the profile'
  const byVariable = await cli(['keys', 'list'], { env: { COUNTERSIGN_KEY: key } })
  expect([byVariable.code, byVariable.err]).toEqual([
    4,
    expect.stringContaining(`asked with the key of COUNTERSIGN_KEY: ${remedy}`),
  ])
  writeFileSync(join(folder, 'verifier.key'), key)
  const byFile = await cli(['keys', 'list'], { env: { COUNTERSIGN_KEY_FILE: 'verifier.key' } })
  expect(byFile.err).toContain(`asked with the key of COUNTERSIGN_KEY_FILE: ${remedy}`)
  // Where no profile knows the server there is nobody else to ask as.
  const elsewhere = makeFolder()
  const alone = await run(['keys', 'list'], {
    cwd: elsewhere.path,
    env: { COUNTERSIGN_KEY: key, COUNTERSIGN_URL: dev.ready.url },
  })
  expect(alone.err).toMatch(/asked with the key of COUNTERSIGN_KEY$/m)
  elsewhere.remove()
  expect((await cli(['keys', 'show', 'none'])).err).not.toContain('asked with')
})

it('a value that the server refuses is told by its flag, as a mistake of the command line', async () => {
  const wrong = async (...args: readonly string[]) => {
    const { code, err } = await cli(args)
    return [code, err]
  }
  const client = ['--client', clientId, '--audience', audience]
  expect(await wrong('clients', 'create', '--name', 'x', '--audience', audience, '--scope', 'orders:drop')).toEqual([
    2,
    expect.stringMatching(/^countersign: --scope names scopes that this API does not have: orders:drop/),
  ])
  const choices =
    'countersign: --scope goes beyond the client’s access: orders:drop; choose from:\n  orders:read\n  orders:write\n'
  expect(await wrong('keys', 'create', ...client, '--scope', 'orders:drop')).toEqual([2, choices])
  expect(await wrong('token', 'mint', ...client, '--scope', 'orders:drop')).toEqual([2, choices])
  expect(await wrong('token', 'mint', ...client, '--scope', 'orders:read', '--ttl', '1w', '--name', '')).toEqual([
    2,
    expect.stringMatching(/^countersign: --name /),
  ])
  // `api` has the body of whoever wrote it: there the member is the better name.
  writeFileSync(join(folder, 'client.json'), JSON.stringify({ name: 'x', type: 'service', access: 7 }))
  expect(await wrong('api', 'POST', '/v1/clients', '--data', 'client.json')).toEqual([
    1,
    expect.stringContaining('/access'),
  ])
})

it('a token for a client of two APIs asks for --audience', async () => {
  const other = 'https://invoices.example'
  await json('apis', 'create', '--audience', other, '--scope', 'invoices:read')
  const made = await json(
    'clients',
    'create',
    '--name',
    'two',
    '--access',
    `${audience}=orders:read`,
    '--access',
    `${other}=invoices:read`,
  )
  const get = (...more: readonly string[]) =>
    cli(['token', 'get', '--client', made.clientId, ...more], { input: made.clientSecret })
  expect(await get()).toMatchObject({ code: 2, err: expect.stringContaining('--audience is missing') })
  expect(await get('--audience', other)).toMatchObject({ code: 0 })
  expect(await get('--audience', 'https://nowhere.example')).toMatchObject({ code: 1 })
})

it('no help shows a default that the flag itself would refuse', async () => {
  const commands = [['keys', 'roll'], ['token', 'mint'], ['provision'], ['gateway'], ['apis', 'create']]
  for (const command of commands) {
    const { out } = await cli([...command, '--help'])
    expect(out).not.toMatch(/\(default:\s+(\d+|"")\)/)
  }
})

it('a tenant is found by the slug it was made with, as by its id', async () => {
  await cli(['tenants', 'create', 'acme', '--name', 'Acme Ltd'])
  const { id } = await json('tenants', 'show', 'acme')
  expect(await json('tenants', 'show', id)).toMatchObject({ slug: 'acme', name: 'Acme Ltd' })
  expect(await cli(['tenants', 'show', 'nobody'])).toMatchObject({
    code: 3,
    err: 'countersign: there is no tenant "nobody"\n',
  })
  expect(await json('tenants', 'show', 'default')).toMatchObject({ id: 'default' })
  expect(await json('tenants', 'delete', 'acme')).toMatchObject({ id })
  expect(await cli(['tenants', 'show', 'acme'])).toMatchObject({ code: 3 })
})

it('the audit log names no actor rather than half of one', async () => {
  const [, , actor] = dev.ready.adminKey!.split('_')
  // The longest action, of the longest id.
  await cli(['clients', 'secret', 'add', clientId])
  const { out } = await cli(['audit', 'list'])
  expect(out).not.toContain('…')
  for (const line of out.split('\n')) expect(line.length).toBeLessThanOrEqual(80)
  const { data } = await json('audit', 'list')
  expect(data[0].actor.credentialId).toBe(actor)
})

it('a database and a backup are named as they were given', async () => {
  const plain = await cli(['backup', 'copy.db', '--database', './countersign.db'])
  expect([plain.code, plain.err]).toEqual([2, 'countersign: --database must be sqlite:PATH or postgres://…\n'])
  const byVariable = await cli(['backup', 'copy.db'], { env: { COUNTERSIGN_DATABASE: 'countersign.db' } })
  expect(byVariable.err).toContain('COUNTERSIGN_DATABASE must be sqlite:PATH')
  const postgres = await cli(['restore', 'none.db'], { env: { COUNTERSIGN_DATABASE: 'postgres://nobody@localhost/x' } })
  expect([postgres.code, postgres.err]).toEqual([2, expect.stringContaining('restore is for SQLite')])
  writeFileSync(join(folder, 'notes.txt'), 'no database '.repeat(1_000))
  const notes = await cli(['restore', 'notes.txt', '--database', 'sqlite:./new.db'], {
    env: { COUNTERSIGN_MASTER_KEY: 'A'.repeat(43) },
  })
  expect([notes.code, notes.err]).toEqual([1, 'countersign: notes.txt is not a database\n'])
})

it('doctor misses no profile where the environment names server and key', async () => {
  const elsewhere = makeFolder()
  const profileOf = async (env: Readonly<Record<string, string>>) => {
    const { out } = await run(['doctor', '--json'], { cwd: elsewhere.path, env })
    return JSON.parse(out).data.find(({ check }: { readonly check: string }) => check === 'profile').outcome
  }
  const url = { COUNTERSIGN_URL: dev.ready.url }
  expect(await profileOf({ ...url, COUNTERSIGN_KEY: dev.ready.adminKey! })).toBe('ok')
  expect(await profileOf(url)).toBe('warn')
  elsewhere.remove()
})

import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freePort } from '../../../scripts/free_port.ts'
import { type Dev, makeFolder, run, startDev, startUntilReady } from './countersign.fixture.ts'

const folder = makeFolder()
const cwd = folder.path
let dev: Dev

beforeAll(async () => {
  dev = await startDev(cwd)
})
afterAll(async () => {
  await dev.stop()
  folder.remove()
})

describe('the command itself', () => {
  it('help and version are 0, nothing and nonsense are 2', async () => {
    const ran = await Promise.all(
      [['--help'], ['--version'], ['help', 'keys'], ['keys', 'create', '--help'], [], ['nonsense'], ['keys']].map(
        (args) => run(args, { cwd }),
      ),
    )
    expect(ran.map(({ code }) => code)).toEqual([0, 0, 0, 0, 2, 2, 2])
    for (const name of ['dev', 'serve', 'gateway', 'keys', 'scan', 'restore', 'completion']) {
      expect(ran[0]!.out).toMatch(new RegExp(`^ {2}${name} `, 'm'))
    }
    expect(ran[1]!.out).toMatch(/^\d+\.\d+\.\d+\n$/)
    expect(ran[2]!.out).toContain('roll')
    expect(ran[3]!.out).toContain('--rate-limit')
    expect(ran[5]!.err).toMatch(/^countersign: countersign has no command "nonsense"; it has dev, serve/)
  })

  it('completion is a script that its shell can read, with every command in it', async () => {
    const [bash, zsh, fish, other] = await Promise.all(
      ['bash', 'zsh', 'fish', 'tcsh'].map((shell) => run(['completion', shell], { cwd })),
    )
    expect([bash!.code, zsh!.code, fish!.code, other!.code]).toEqual([0, 0, 0, 2])
    for (const { out } of [bash!, zsh!, fish!]) {
      for (const word of ['gateway', 'revoke', 'import', 'inspect', 'rate-limit']) expect(out).toContain(word)
    }
    const script = `${bash!.out}\nCOMP_WORDS=(countersign keys re); COMP_CWORD=2; _countersign; echo "\${COMPREPLY[@]}"`
    const answered = spawnSync('bash', ['--norc', '-c', script], { encoding: 'utf8' })
    // A machine without bash has nobody to complete for.
    if (answered.error === undefined) expect(answered.stdout).toBe('revoke\n')
  })

  it('completion offers ids after show, revoke and roll, and flags after an id', async () => {
    const bin = fileURLToPath(new URL('../bin/countersign.mjs', import.meta.url))
    const { out } = await run(['completion', 'bash'], { cwd })
    const [, , keyId] = dev.ready.demo.key!.split('_')
    const complete = (...words: readonly string[]): string => {
      const line = `COMP_WORDS=(countersign ${words.map((word) => `"${word}"`).join(' ')}); COMP_CWORD=${words.length}`
      const called = `countersign() { "${process.execPath}" "${bin}" "$@"; }`
      const script = `${out}\n${called}\n${line}; _countersign; echo "\${COMPREPLY[@]}"`
      return spawnSync('bash', ['--norc', '-c', script], { encoding: 'utf8', cwd }).stdout
    }
    if (spawnSync('bash', ['-c', 'true']).error !== undefined) return
    for (const command of ['show', 'revoke', 'roll']) expect(complete('keys', command, '')).toContain(keyId)
    expect(complete('clients', 'show', '')).toContain(dev.ready.demo.clientId)
    expect(complete('keys', 'revoke', keyId!, '--w')).toBe('--wait\n')
    expect(complete('keys', 'list', '')).not.toContain(keyId)
  })
})

describe('doctor', () => {
  it('finds nothing wrong where nothing is', async () => {
    const ran = await run(['doctor', '--json'], { cwd })
    const findings = JSON.parse(ran.out).data as { check: string; outcome: string }[]
    expect([ran.code, findings.filter(({ outcome }) => outcome !== 'ok')]).toEqual([0, []])
    const checks = [
      'runtime',
      'sqlite',
      'data directory',
      'file mode',
      'database',
      'profile',
      'server',
      'readiness',
      'clock',
    ]
    expect(findings.map(({ check }) => check)).toEqual(expect.arrayContaining([...checks, 'credential']))
  })

  it('says what is wrong and what to do, with exit 1', async () => {
    const other = makeFolder()
    const damaged = join(other.path, 'damaged.db')
    writeFileSync(damaged, 'no database at all, but long enough to be looked at as one'.repeat(40), { mode: 0o644 })
    chmodSync(damaged, 0o644)
    const env = { COUNTERSIGN_URL: 'http://127.0.0.1:1', COUNTERSIGN_KEY: 'cs_x' }
    const [broken, denied, nothing] = await Promise.all([
      run(['doctor', '--database', `sqlite:${damaged}`], { cwd: other.path, env }),
      run(['doctor'], { cwd, env: { COUNTERSIGN_KEY: 'cs_x' } }),
      run(['doctor'], { cwd: other.path }),
    ])
    expect(broken.code).toBe(1)
    expect(broken.out).toMatch(/^fail {2}file mode +\S+ has mode 644: chmod 600/m)
    expect(broken.out).toMatch(/^fail {2}database .+ restore a backup$/m)
    expect(broken.out).toMatch(/^fail {2}server +http:\/\/127\.0\.0\.1:1 cannot be reached: start it/m)
    expect(denied).toMatchObject({ code: 1, out: expect.stringMatching(/^fail {2}credential .+COUNTERSIGN_KEY/m) })
    // Where no dev has been, serve is what would be started.
    expect(nothing).toMatchObject({
      code: 1,
      out: expect.stringMatching(/^fail {2}settings +COUNTERSIGN_URL is required/m),
    })
    other.remove()
  })
})

describe('doctor where serve would run', () => {
  it('exits 1 wherever serve would not start', async () => {
    const other = makeFolder()
    const taken = createServer((socket) => socket.destroy())
    await new Promise<void>((listening) => taken.listen(0, '127.0.0.1', listening))
    const { port } = taken.address() as AddressInfo
    const masterKey = Buffer.alloc(32, 7).toString('base64url')
    const postgres = `postgres://user:secret-word@127.0.0.1:${await freePort()}/none`
    const cases: readonly [Record<string, string>, RegExp][] = [
      [
        { COUNTERSIGN_LISTEN: 'x', COUNTERSIGN_COLOUR: 'blue' },
        /^fail {2}settings +COUNTERSIGN_COLOUR is not a setting$/m,
      ],
      [{ COUNTERSIGN_LISTEN: `127.0.0.1:${port}` }, /^fail {2}port +127\.0\.0\.1:\d+ cannot be had \(EADDRINUSE\)/m],
      [{ COUNTERSIGN_DATABASE: 'sqlite:./none/x.db' }, /^fail {2}data directory +\.\/none is not there/m],
      [
        { COUNTERSIGN_DATABASE: postgres, COUNTERSIGN_MASTER_KEY: masterKey },
        /^fail {2}database +the database is unreachable.*see COUNTERSIGN_DATABASE$/m,
      ],
    ]
    for (const [env, text] of cases) {
      const all = { COUNTERSIGN_URL: 'http://127.0.0.1:1', COUNTERSIGN_LISTEN: '127.0.0.1:0', ...env }
      const ran = await run(['doctor'], { cwd: other.path, env: all })
      expect([ran.code, ran.out]).toEqual([1, expect.stringMatching(text)])
      expect(ran.out + ran.err).not.toContain('secret-word')
      expect((await run(['serve'], { cwd: other.path, env: all })).code).not.toBe(0)
    }
    await new Promise((closed) => taken.close(closed))
    other.remove()
  })

  it('warns of a mail server that is away, and says nothing of its password', async () => {
    const other = makeFolder()
    const env = {
      COUNTERSIGN_URL: `http://localhost:${await freePort()}`,
      COUNTERSIGN_LISTEN: '127.0.0.1:0',
      COUNTERSIGN_SMTP_URL: 'smtp://me:hunter2@127.0.0.1:1',
      COUNTERSIGN_MAIL_FROM: 'accounts@northwind.example',
    }
    const away = await run(['doctor'], { cwd: other.path, env })
    expect(away.out).toMatch(/^warn {2}mail +smtp:\/\/\[redacted\]@127\.0\.0\.1:1: the mail server cannot be used/m)
    expect(away.out + away.err).not.toContain('hunter2')
    const shown = await run(['config', 'print', '--json'], { cwd: other.path, env })
    expect(JSON.parse(shown.out)).toMatchObject({ smtpUrl: 'smtp://[redacted]@127.0.0.1:1' })
    other.remove()
  })

  it('warns of a Redis that is away, since serve starts without it, and finds a master key that is another’s', async () => {
    const other = makeFolder()
    const env = { COUNTERSIGN_URL: `http://localhost:${await freePort()}`, COUNTERSIGN_LISTEN: '127.0.0.1:0' }
    const away = await run(['doctor'], {
      cwd: other.path,
      env: { ...env, COUNTERSIGN_REDIS: 'redis://me:hunter2@127.0.0.1:1' },
    })
    expect(away.out).toMatch(/^warn {2}redis +COUNTERSIGN_REDIS: redis:\/\/\[redacted\]@127\.0\.0\.1:1 .* per process/m)
    expect(away.out).not.toContain('hunter2')
    const server = await startUntilReady(['serve', '--json'], { cwd: other.path, env })
    await server.stop()
    const wrong = { ...env, COUNTERSIGN_MASTER_KEY: Buffer.alloc(32, 7).toString('base64url') }
    const [doctor, serve] = [
      await run(['doctor'], { cwd: other.path, env: wrong }),
      await run(['serve'], { cwd: other.path, env: wrong }),
    ]
    expect([doctor.code, serve.code]).toEqual([1, 2])
    expect(doctor.out).toMatch(/^fail {2}master key +it does not open/m)
    other.remove()
  })
})

describe('config print', () => {
  const master = 'A'.repeat(43)

  it('shows what serve would run with, and no secret of it', async () => {
    const env = {
      COUNTERSIGN_URL: 'https://auth.example',
      COUNTERSIGN_DATABASE: 'postgres://countersign:hunter2@db.example/x?sslpassword=hunter3',
      COUNTERSIGN_MASTER_KEY: master,
      COUNTERSIGN_ADMIN_KEY: dev.ready.adminKey!,
      COUNTERSIGN_TRUSTED_PROXIES: '10.0.0.0/8,2001:db8::/32',
      COUNTERSIGN_PORT_4800_TCP: 'injected',
      COUNTERSIGN_REDIS: 'rediss://me:hunter%2F2@cache.example:6380/1',
    }
    const [json, text] = await Promise.all([
      run(['config', 'print', '--json'], { cwd, env }),
      run(['config', 'print'], { cwd, env }),
    ])
    expect(JSON.parse(json.out)).toMatchObject({
      url: 'https://auth.example',
      listen: '127.0.0.1:4800',
      database: 'postgres://[redacted]@db.example/x?sslpassword=[redacted]',
      redis: 'rediss://[redacted]@cache.example:6380/1',
      masterKey: '[redacted]',
      adminKey: '[redacted]',
      trustedProxies: ['10.0.0.0/8', '2001:db8::/32'],
      keyPrefix: 'cs',
      usageRetention: 'minute=2d,hour=60d,day=400d',
      logLevel: 'info',
      workers: 1,
    })
    for (const secret of ['hunter', master, dev.ready.adminKey!])
      expect(json.out + text.out + text.err).not.toContain(secret)
  })

  it('lists every problem at once, with exit 2', async () => {
    const env = { COUNTERSIGN_LISTEN: 'x', COUNTERSIGN_COLOUR: 'blue', COUNTERSIGN_MASTER_KEY: 'short-secret' }
    const ran = await run(['config', 'print'], { cwd, env })
    expect([ran.code, ran.out]).toEqual([2, ''])
    for (const name of ['URL', 'LISTEN', 'COLOUR', 'MASTER_KEY']) expect(ran.err).toContain(`COUNTERSIGN_${name}`)
    expect(ran.err).not.toContain('short-secret')
  })
})

describe('serve', () => {
  it('starts from the environment, shows the admin key at the first start only, and ends with 0 on SIGTERM', async () => {
    const other = makeFolder()
    const port = await freePort()
    const env = { COUNTERSIGN_URL: `http://localhost:${port}`, COUNTERSIGN_LISTEN: `127.0.0.1:${port}` }
    const first = await startUntilReady(['serve', '--json'], { cwd: other.path, env })
    const { adminKey, address } = JSON.parse(first.line)
    expect([adminKey, address]).toEqual([expect.stringMatching(/^cs_live_/), `127.0.0.1:${port}`])
    const asAdmin = { ...env, COUNTERSIGN_KEY: adminKey }
    const elsewhere = makeFolder()
    const [listed, taken] = await Promise.all([
      run(['keys', 'list', '--json'], { cwd: other.path, env: asAdmin }),
      run(['serve'], { cwd: elsewhere.path, env }),
    ])
    elsewhere.remove()
    expect([listed.code, taken.code]).toEqual([0, 1])
    expect(taken.err).toMatch(/COUNTERSIGN_LISTEN\n$/)
    expect(first.err()).not.toContain(adminKey)
    expect(await first.stop()).toBe(0)
    const second = await startUntilReady(['serve', '--json'], { cwd: other.path, env: asAdmin })
    expect(JSON.parse(second.line).adminKey).toBeNull()
    expect(await second.stop()).toBe(0)
    const away = { ...env, COUNTERSIGN_REDIS: 'redis://me:hunter2@127.0.0.1:1' }
    const alone = await startUntilReady(['serve', '--json'], { cwd: other.path, env: away })
    expect(alone.err()).toMatch(/COUNTERSIGN_REDIS: redis:\/\/\[redacted\]@127\.0\.0\.1:1 refuses the connection/)
    expect(alone.err()).not.toContain('hunter2')
    expect(await alone.stop()).toBe(0)
    const url = `postgres://user:secret-word@127.0.0.1:${await freePort()}/none`
    const masterKey = Buffer.alloc(32, 7).toString('base64url')
    const lost = { ...env, COUNTERSIGN_DATABASE: url, COUNTERSIGN_MASTER_KEY: masterKey }
    const unreachable = await run(['serve'], { cwd: other.path, env: lost })
    expect(unreachable).toEqual({
      code: 6,
      out: '',
      err: 'countersign: the database is unreachable: nothing listens at its address; see COUNTERSIGN_DATABASE\n',
    })
    const none = await run(['serve'], { cwd: other.path })
    expect(none).toMatchObject({ code: 2, err: expect.stringContaining('COUNTERSIGN_URL is required') })
    other.remove()
  })
})

it('a first start that cannot have its port makes nothing and shows no key', async () => {
  const other = makeFolder()
  const taken = createServer()
  await new Promise<void>((listening) => taken.listen(0, '127.0.0.1', listening))
  const { port } = taken.address() as AddressInfo
  const env: Record<string, string> = {
    COUNTERSIGN_URL: `http://localhost:${port}`,
    COUNTERSIGN_LISTEN: `127.0.0.1:${port}`,
  }
  for (const workers of ['1', '2']) {
    const failed = await run(['serve', '--workers', workers], { cwd: other.path, env })
    expect(failed).toMatchObject({ code: 1, out: '', err: expect.stringMatching(/^countersign: .* is taken: .*\n$/) })
  }
  expect(existsSync(join(other.path, 'countersign.db'))).toBe(false)
  await new Promise((closed) => taken.close(closed))
  const server = await startUntilReady(['serve', '--json'], { cwd: other.path, env })
  expect(JSON.parse(server.line).adminKey).toMatch(/^cs_live_/)
  expect(await server.stop()).toBe(0)
  other.remove()
})

it.each([
  ['a file', 'not a folder'],
  ['a folder below a file', 'not a folder/below'],
  ['a folder that takes no file', '/proc'],
])('a data directory that is %s is one line that names the flag, and prints no key', async (_, data) => {
  const other = makeFolder()
  writeFileSync(join(other.path, 'not a folder'), '')
  const failed = await run(['dev', '--port', '0', '--gateway-port', '0', '--data', data], { cwd: other.path })
  expect(failed).toMatchObject({ code: 1, out: '', err: expect.stringMatching(/^countersign: .*--data\n$/) })
  other.remove()
})

describe('audit verify', () => {
  it('is 0 while the chain is whole, also beside a running server, and 7 once a row was changed', async () => {
    const whole = await run(['audit', 'verify', '--json'], { cwd })
    const head = expect.stringMatching(/^5:[\w-]{43}$/)
    expect(JSON.parse(whole.out).tenants).toEqual([{ tenant: 'default', events: 5, brokenAt: null, head }])
    const copy = join(cwd, 'copy.db')
    expect((await run(['backup', copy], { cwd })).code).toBe(0)
    const database = new DatabaseSync(copy)
    database.exec("update audit set action = 'nothing.happened' where sequence = 2")
    database.close()
    const env = { COUNTERSIGN_MASTER_KEY_FILE: join(dev.ready.data, 'master.key') }
    const broken = await run(['audit', 'verify', '--database', `sqlite:${copy}`], { cwd, env })
    expect(broken).toMatchObject({ code: 7, out: expect.stringMatching(/default +1 +broken at event 2/) })
    const missing = await run(['audit', 'verify', '--database', 'sqlite:./none.db'], { cwd })
    expect(missing.code).toBe(3)
  })
})

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { rootCertificates } from 'node:tls'
import { generateKey, parseAddressRange } from '@countersign/core'
import { afterAll, describe, expect, it } from 'vitest'
import { readConfig } from './config.ts'

const directory = mkdtempSync(join(tmpdir(), 'countersign-config-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

const url = { COUNTERSIGN_URL: 'https://auth.example' }
const masterKey = Buffer.alloc(32, 7).toString('base64url')
const adminKey = generateKey({ prefix: 'cs', marker: 'live', randomBytes: (count) => new Uint8Array(count) }).text

function problemsOf(environment: Record<string, string>, file?: string): readonly string[] {
  try {
    readConfig(environment, file)
    return []
  } catch (error) {
    return (error as Error).message.split('\n')
  }
}

function fileWith(name: string, text: string): string {
  const path = join(directory, name)
  writeFileSync(path, text)
  return path
}

/** Wrong values for a setting. For Redis, any text that is no URL. */
const settingsToSpoil = [
  'URL',
  'LISTEN',
  'DATABASE',
  'MASTER_KEY',
  'ADMIN_KEY',
  'TRUSTED_PROXIES',
  'WORKERS',
  'KEY_PREFIX',
  'LOG_LEVEL',
  'LOG_REQUESTS',
  'LOG_ADDRESSES',
  'OUTBOUND_ALLOW',
  'OUTBOUND_CA',
  'CALL_NETWORKS',
  'SMTP_URL',
  'MAIL_FROM',
]

describe('good', () => {
  it('needs the public URL alone; the rest has defaults', () => {
    expect(readConfig(url, undefined)).toMatchObject({
      url: 'https://auth.example',
      listen: { host: '127.0.0.1', port: 4800 },
      database: 'sqlite:./countersign.db',
      workers: 1,
      keyPrefix: 'cs',
      logLevel: 'info',
      logRequests: 'refused',
      logAddresses: 'full',
    })
    expect(readConfig(url, undefined).trustedProxies).toHaveLength(2)
  })

  it('a file has the same names in camelCase, and the environment goes before it', () => {
    const file = fileWith(
      'good.json',
      JSON.stringify({ url: 'https://file.example', logLevel: 'warn', keyPrefix: 'ab' }),
    )
    expect(readConfig({ COUNTERSIGN_LOG_LEVEL: 'error' }, file)).toMatchObject({
      url: 'https://file.example',
      logLevel: 'error',
      keyPrefix: 'ab',
    })
  })

  it('every secret may come from a file named by _FILE', () => {
    const config = readConfig(
      {
        ...url,
        COUNTERSIGN_MASTER_KEY_FILE: fileWith('master', `${masterKey}\n`),
        COUNTERSIGN_ADMIN_KEY_FILE: fileWith('admin', `${adminKey}\n`),
        COUNTERSIGN_DATABASE_FILE: fileWith('database', 'postgres://user:password@db/countersign\n'),
      },
      undefined,
    )
    expect(config).toMatchObject({ masterKey, database: 'postgres://user:password@db/countersign' })
    expect(config.adminKey?.reveal()).toBe(adminKey)
    expect(
      readConfig(
        {},
        fileWith('c.json', JSON.stringify({ url: 'https://a.example', masterKeyFile: fileWith('m', masterKey) })),
      ),
    ).toMatchObject({ masterKey })
  })

  it('the CLI’s and the SDK’s variables, and what Kubernetes injects, are known and ignored', () => {
    const environment = {
      ...url,
      COUNTERSIGN_KEY: 'x',
      COUNTERSIGN_KEY_FILE: 'x',
      COUNTERSIGN_AUDIENCE: 'x',
      COUNTERSIGN_SERVICE_HOST: '10.0.0.1',
      COUNTERSIGN_SERVICE_PORT: '4800',
      COUNTERSIGN_SERVICE_PORT_HTTP: '4800',
      COUNTERSIGN_PORT: 'tcp://10.0.0.1:4800',
      COUNTERSIGN_PORT_4800_TCP: 'tcp://10.0.0.1:4800',
      COUNTERSIGN_PORT_4800_TCP_ADDR: '10.0.0.1',
      OTHER: 'x',
    }
    expect(problemsOf(environment)).toEqual([])
  })

  it('the retention of usage is in hours or days, and what is not named keeps its default', () => {
    const retention = (text: string) =>
      readConfig({ ...url, COUNTERSIGN_USAGE_RETENTION: text }, undefined).usageRetention
    expect(readConfig(url, undefined).usageRetention).toEqual(retention('minute=2d,hour=60d,day=400d'))
    expect(retention('minute=6h, hour=7d')).toEqual({
      minuteSeconds: 6 * 3_600,
      hourSeconds: 7 * 86_400,
      daySeconds: 400 * 86_400,
    })
    for (const bad of [
      '',
      '2d',
      'minute=2',
      'minute=0h',
      'minute=3d,hour=2d',
      'day=23h',
      'week=1d',
      'minute=-1d',
      'hour=1d;',
    ]) {
      expect(problemsOf({ ...url, COUNTERSIGN_USAGE_RETENTION: bad }), bad).toHaveLength(1)
    }
  })

  it('calls to APIs leave the public internet for the networks that are named, and by default for none', () => {
    expect(readConfig(url, undefined).callNetworks).toEqual([])
    const environment = { ...url, COUNTERSIGN_CALL_NETWORKS: '10.0.0.0/8, fd00::/8' }
    const ranges = ['10.0.0.0/8', 'fd00::/8'].map(parseAddressRange)
    expect(readConfig(environment, undefined).callNetworks).toEqual(ranges)
  })

  it('hosts beside the public internet, and authorities beside the system’s, are named for outbound fetches', () => {
    expect(readConfig(url, undefined)).toMatchObject({ outboundAllow: new Set() })
    expect(readConfig(url, undefined).outboundCa).toBeUndefined()
    const environment = { ...url, COUNTERSIGN_OUTBOUND_ALLOW: 'keycloak.internal:8443, [::1]:80' }
    expect(readConfig(environment, undefined).outboundAllow).toEqual(new Set(['keycloak.internal:8443', '[::1]:80']))
    const [pem = ''] = rootCertificates
    const config = readConfig({ ...url, COUNTERSIGN_OUTBOUND_CA: fileWith('ca.pem', pem) }, undefined)
    expect(config.outboundCa).toBe(pem)
    expect(problemsOf({ ...url, COUNTERSIGN_OUTBOUND_CA: join(directory, 'not-there.pem') })).toHaveLength(1)
  })

  it('mail has a server and a sender, and its credentials show nowhere', () => {
    expect(readConfig(url, undefined).mail).toBeUndefined()
    const server = fileWith('smtp', 'smtps://me:geheim@mail.example\n')
    const from = { COUNTERSIGN_MAIL_FROM: 'Northwind <accounts@northwind.example>' }
    const { mail } = readConfig({ ...url, ...from, COUNTERSIGN_SMTP_URL_FILE: server }, undefined)
    expect(mail).toMatchObject({
      smtp: { host: 'mail.example', port: 465, isTls: true },
      from: { name: 'Northwind', address: 'accounts@northwind.example' },
    })
    expect(JSON.stringify(mail)).not.toContain('geheim')
    expect(problemsOf({ ...url, ...from })).toEqual(['COUNTERSIGN_MAIL_FROM needs COUNTERSIGN_SMTP_URL'])
    const alone = problemsOf({ ...url, COUNTERSIGN_SMTP_URL: 'smtp://mail.example' })
    expect(alone).toEqual(['COUNTERSIGN_SMTP_URL needs COUNTERSIGN_MAIL_FROM'])
  })

  it('http is good on loopback only', () => {
    for (const good of ['http://localhost:4800', 'http://127.0.0.1:1', 'http://[::1]:4800', 'https://a.example/base']) {
      expect(problemsOf({ COUNTERSIGN_URL: good }), good).toEqual([])
    }
    for (const bad of [
      'http://a.example',
      'ftp://a',
      'a.example',
      'https://a?x',
      'https://a#x',
      'https://u:p@a',
      'http://localhost.evil',
      '',
    ]) {
      expect(problemsOf({ COUNTERSIGN_URL: bad }), bad).toHaveLength(1)
    }
  })
})

describe('bad', () => {
  it('every problem is told at once', () => {
    const problems = problemsOf({
      COUNTERSIGN_LISTEN: 'nowhere',
      COUNTERSIGN_DATABASE: 'mysql://x',
      COUNTERSIGN_MASTER_KEY: 'short',
      COUNTERSIGN_ADMIN_KEY: 'not-a-key',
      COUNTERSIGN_TRUSTED_PROXIES: 'everybody',
      COUNTERSIGN_WORKERS: 'many',
      COUNTERSIGN_KEY_PREFIX: 'UPPER',
      COUNTERSIGN_LOG_LEVEL: 'loud',
      COUNTERSIGN_LOG_REQUESTS: 'some',
      COUNTERSIGN_LOG_ADDRESSES: 'half',
      COUNTERSIGN_OUTBOUND_ALLOW: 'everything',
      COUNTERSIGN_OUTBOUND_CA: fileWith('no.pem', 'no certificate'),
      COUNTERSIGN_CALL_NETWORKS: '10.0.0.1/8',
      COUNTERSIGN_SMTP_URL: 'mail.example',
      COUNTERSIGN_MAIL_FROM: 'nobody',
      COUNTERSIGN_UNKNOWN: 'x',
      COUNTERSIGN_LISTENN: 'x',
    })
    for (const name of [...settingsToSpoil, 'UNKNOWN', 'LISTENN']) {
      expect(
        problems.filter((problem) => problem.startsWith(`COUNTERSIGN_${name} `)),
        name,
      ).toHaveLength(1)
    }
    expect(problems).toHaveLength(18)
  })

  it('a problem never quotes a secret', () => {
    const secret = 'a-secret-that-was-put-where-it-does-not-belong'
    const environment = Object.fromEntries([...settingsToSpoil, 'REDIS'].map((name) => [`COUNTERSIGN_${name}`, secret]))
    expect(problemsOf(environment).join('\n')).not.toContain(secret)
    const file = fileWith(
      'secret.json',
      JSON.stringify({ url: secret, masterKey: secret, adminKey: secret, database: secret }),
    )
    expect(problemsOf({}, file).join('\n')).not.toContain(secret)
  })

  it('a Redis is named by a URL, and its credentials show nowhere', () => {
    const { redis } = readConfig({ ...url, COUNTERSIGN_REDIS: 'rediss://me:geheim@a:7000,b' }, undefined)
    expect(redis).toMatchObject({ hosts: [{ host: 'a', port: 7_000 }, { host: 'b' }], isTls: true, isCluster: true })
    expect(JSON.stringify(redis)).not.toContain('geheim')
    expect(
      readConfig({ ...url, COUNTERSIGN_REDIS_FILE: fileWith('redis', 'redis://h\n') }, undefined).redis,
    ).toBeDefined()
    expect(readConfig(url, undefined).redis).toBeUndefined()
    for (const bad of ['', 'localhost', 'http://h', 'redis://geheim@h', 'redis://me:ge@heim@h', 'redis://h/x']) {
      const problems = problemsOf({ ...url, COUNTERSIGN_REDIS: bad })
      expect(problems, bad).toHaveLength(1)
      expect(problems[0]).toMatch(/^COUNTERSIGN_REDIS must be redis:/)
      expect(problems[0]).not.toContain('heim')
    }
  })

  it('PostgreSQL needs a master key', () => {
    expect(problemsOf({ ...url, COUNTERSIGN_DATABASE: 'postgres://db/x' })).toHaveLength(1)
    expect(problemsOf({ ...url, COUNTERSIGN_DATABASE: 'postgres://db/x', COUNTERSIGN_MASTER_KEY: masterKey })).toEqual(
      [],
    )
  })

  it('a setting and its _FILE together, and a file that cannot be read', () => {
    const both = { ...url, COUNTERSIGN_MASTER_KEY: masterKey, COUNTERSIGN_MASTER_KEY_FILE: fileWith('both', masterKey) }
    expect(problemsOf(both)).toHaveLength(1)
    expect(problemsOf({ ...url, COUNTERSIGN_MASTER_KEY_FILE: join(directory, 'none') })).toHaveLength(1)
  })

  it('a master key is 32 bytes in base64url, exactly', () => {
    for (const bad of [
      masterKey.slice(1),
      `${masterKey}AA`,
      masterKey.replace('B', '+'),
      masterKey.replace('B', ' '),
      '',
    ]) {
      expect(problemsOf({ ...url, COUNTERSIGN_MASTER_KEY: bad }), bad).toHaveLength(1)
    }
  })

  it('a config file that is not there, no JSON, no object, or names what nobody knows', () => {
    for (const file of [join(directory, 'none.json'), fileWith('x.json', '{'), fileWith('y.json', '[]')]) {
      expect(problemsOf(url, file)).toHaveLength(1)
    }
    expect(
      problemsOf(url, fileWith('z.json', '{"urll":"x","keyPrefixFile":"x","__proto__":"x"}')).length,
    ).toBeGreaterThanOrEqual(2)
  })

  it('a listen address is ADDRESS:PORT', () => {
    for (const good of ['127.0.0.1:0', '[::1]:4800', '0.0.0.0:65535', 'localhost:80']) {
      expect(problemsOf({ ...url, COUNTERSIGN_LISTEN: good }), good).toEqual([])
    }
    for (const bad of ['4800', ':4800', '::1:4800', '127.0.0.1', '127.0.0.1:65536', '127.0.0.1:x', '']) {
      expect(problemsOf({ ...url, COUNTERSIGN_LISTEN: bad }), bad).toHaveLength(1)
    }
  })
})

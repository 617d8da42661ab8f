/**
 * Configuration of `serve`: environment, or a file with the same names in camelCase. Every problem at once
 * (docs/operations/install.md).
 */
import { X509Certificate } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { type AddressRange, isKeyPrefix, parseAddressRange, parseKey, Secret } from '@countersign/core'
import type { UsageRetention } from '@countersign/store'
import { ConfigError, parseMasterKey } from '../keys/master_key_file.ts'
import { serverLimits } from '../limits.ts'
import { type MailFrom, parseMailFrom, parseSmtpTarget, type SmtpTarget } from '../mail/smtp_target.ts'
import { type KeptAddresses, keptAddresses } from '../observe/kept_address.ts'
import { loggedRequests, type RequestLogOptions } from '../observe/request_log.ts'
import { parseUsageRetention, usageRetentionDefault } from '../observe/usage_retention.ts'
import { type AllowedHosts, parseAllowedHosts } from '../outbound/allowed_hosts.ts'
import { parseRedisTarget, type RedisTarget } from '../redis/target.ts'

export interface Config {
  readonly url: string
  readonly listen: { readonly host: string; readonly port: number }
  readonly database: string
  readonly redis?: RedisTarget
  readonly masterKey?: string
  readonly adminKey?: Secret
  readonly trustedProxies: readonly AddressRange[]
  readonly workers: number
  readonly keyPrefix: string
  readonly usageRetention: UsageRetention
  readonly logLevel: (typeof logLevels)[number]
  readonly logRequests: RequestLogOptions['requests']
  readonly logAddresses: RequestLogOptions['addresses']
  readonly lastUsedAddresses: KeptAddresses
  readonly outboundAllow: AllowedHosts
  /** Where calls to APIs may go besides public addresses. */
  readonly callNetworks: readonly AddressRange[]
  /** Certificates in PEM. */
  readonly outboundCa?: string
  /** Where mail to people is handed to, and whom it is from. */
  readonly mail?: { readonly smtp: SmtpTarget; readonly from: MailFrom }
}

export const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const

/** camelCase name to environment name. */
const settings = {
  url: 'COUNTERSIGN_URL',
  listen: 'COUNTERSIGN_LISTEN',
  database: 'COUNTERSIGN_DATABASE',
  redis: 'COUNTERSIGN_REDIS',
  masterKey: 'COUNTERSIGN_MASTER_KEY',
  adminKey: 'COUNTERSIGN_ADMIN_KEY',
  trustedProxies: 'COUNTERSIGN_TRUSTED_PROXIES',
  workers: 'COUNTERSIGN_WORKERS',
  keyPrefix: 'COUNTERSIGN_KEY_PREFIX',
  usageRetention: 'COUNTERSIGN_USAGE_RETENTION',
  logLevel: 'COUNTERSIGN_LOG_LEVEL',
  logRequests: 'COUNTERSIGN_LOG_REQUESTS',
  logAddresses: 'COUNTERSIGN_LOG_ADDRESSES',
  lastUsedAddresses: 'COUNTERSIGN_LAST_USED_ADDRESSES',
  outboundAllow: 'COUNTERSIGN_OUTBOUND_ALLOW',
  outboundCa: 'COUNTERSIGN_OUTBOUND_CA',
  callNetworks: 'COUNTERSIGN_CALL_NETWORKS',
  smtpUrl: 'COUNTERSIGN_SMTP_URL',
  mailFrom: 'COUNTERSIGN_MAIL_FROM',
} as const

type Setting = keyof typeof settings

/** Secrets, or texts that hold one: each may come from a file. */
const fromFile = new Set<Setting>(['masterKey', 'adminKey', 'database', 'redis', 'smtpUrl'])

/** The CLI's and the SDK's own, and what Kubernetes injects beside a Service named `countersign`. */
const ignored = /^COUNTERSIGN_(KEY|KEY_FILE|AUDIENCE|SERVICE_.*|PORT(_.*)?)$/

/** @throws ConfigError with one line a problem. */
export function readConfig(
  environment: Readonly<Record<string, string | undefined>>,
  configFile: string | undefined,
): Config {
  const problems: string[] = []
  const file = configFile === undefined ? {} : readConfigFile(configFile, problems)
  const values = new Map<Setting, string>()
  const known = new Set<string>()
  for (const [setting, name] of Object.entries(settings) as [Setting, string][]) {
    known.add(name)
    const value = readSetting(setting, name, environment, file, problems)
    if (value !== undefined) values.set(setting, value)
    if (fromFile.has(setting)) known.add(`${name}_FILE`)
  }
  for (const name of Object.keys(environment)) {
    if (name.startsWith('COUNTERSIGN_') && !known.has(name) && !ignored.test(name))
      problems.push(`${name} is not a setting`)
  }
  const config = parseSettings(values, problems)
  if (problems.length > 0) throw new ConfigError(problems.join('\n'))
  return config
}

function readSetting(
  setting: Setting,
  name: string,
  environment: Readonly<Record<string, string | undefined>>,
  file: Readonly<Record<string, unknown>>,
  problems: string[],
): string | undefined {
  const path = fromFile.has(setting) ? (environment[`${name}_FILE`] ?? file[`${setting}File`]) : undefined
  const value = environment[name] ?? file[setting]
  if (path !== undefined && value !== undefined) problems.push(`${name} and ${name}_FILE are both set: leave one out`)
  if (path === undefined)
    return value === undefined ? undefined : Array.isArray(value) ? value.join(',') : String(value)
  try {
    return readFileSync(String(path), 'utf8').trim()
  } catch {
    problems.push(`${name}_FILE: ${String(path)} cannot be read`)
    return undefined
  }
}

function readConfigFile(path: string, problems: string[]): Readonly<Record<string, unknown>> {
  if (!existsSync(path)) throw new ConfigError(`${path} does not exist`)
  let value: unknown
  try {
    value = JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    throw new ConfigError(`${path} is not JSON`)
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new ConfigError(`${path} must hold one JSON object`)
  for (const name of Object.keys(value)) {
    const setting = name.replace(/File$/, '') as Setting
    const isKnown = name in settings || (name.endsWith('File') && fromFile.has(setting))
    if (!isKnown) problems.push(`${path}: ${name} is not a setting`)
  }
  return value as Record<string, unknown>
}

function parseSettings(values: ReadonlyMap<Setting, string>, problems: string[]): Config {
  const database = values.get('database') ?? 'sqlite:./countersign.db'
  if (!/^(sqlite:.+|postgres(ql)?:\/\/.+)$/s.test(database))
    problems.push('COUNTERSIGN_DATABASE must be sqlite:PATH or postgres://…')
  const masterKey = values.get('masterKey')
  if (masterKey === undefined && database.startsWith('postgres')) {
    problems.push('COUNTERSIGN_MASTER_KEY is required with PostgreSQL: 32 bytes in base64url')
  }
  if (masterKey !== undefined) attempt(problems, () => parseMasterKey(masterKey, 'COUNTERSIGN_MASTER_KEY'))
  const adminKey = values.get('adminKey')
  const marker = adminKey === undefined ? undefined : parseKey(adminKey)?.marker
  if (adminKey !== undefined && marker !== 'live' && marker !== 'test')
    problems.push('COUNTERSIGN_ADMIN_KEY must be a well-formed API key')
  const keyPrefix = values.get('keyPrefix') ?? 'cs'
  if (!isKeyPrefix(keyPrefix)) problems.push('COUNTERSIGN_KEY_PREFIX must match [a-z][a-z0-9]{0,15}')
  const retentionText = values.get('usageRetention')
  const retention = retentionText === undefined ? usageRetentionDefault : parseUsageRetention(retentionText)
  if (retention === undefined)
    problems.push(
      'COUNTERSIGN_USAGE_RETENTION must be like minute=2d,hour=60d,day=400d: h or d, at least minute=1h and day=1d, none shorter than the one before',
    )
  const choose = <T extends string>(setting: Setting, choices: readonly T[], otherwise: T): T => {
    const chosen = choices.find((each) => each === (values.get(setting) ?? otherwise))
    if (chosen === undefined) problems.push(`${settings[setting]} must be one of ${choices.join(', ')}`)
    return chosen ?? otherwise
  }
  const redisUrl = values.get('redis')
  const redis = redisUrl === undefined ? undefined : parseRedisTarget(redisUrl)
  if (redisUrl !== undefined && redis === undefined) {
    problems.push(
      'COUNTERSIGN_REDIS must be redis://[USER:PASSWORD@]HOST[:PORT][/DATABASE], rediss:// with TLS, or a cluster: ?cluster=true, or several HOST:PORT with commas; user and password percent-encoded',
    )
  }
  const outboundCa = readCertificates(values.get('outboundCa'), problems)
  const mail = readMail(values.get('smtpUrl'), values.get('mailFrom'), problems)
  return {
    url: parseUrl(values.get('url'), problems),
    listen: parseListen(values.get('listen') ?? '127.0.0.1:4800', problems),
    database,
    ...(redis === undefined ? {} : { redis }),
    ...(masterKey === undefined ? {} : { masterKey }),
    ...(adminKey === undefined ? {} : { adminKey: new Secret(adminKey) }),
    trustedProxies: parseRanges('trustedProxies', values.get('trustedProxies') ?? '127.0.0.0/8,::1/128', problems),
    workers: parseWorkers(values.get('workers') ?? '1', problems),
    keyPrefix,
    usageRetention: retention ?? usageRetentionDefault,
    logLevel: choose('logLevel', logLevels, 'info'),
    logRequests: choose('logRequests', loggedRequests, 'refused'),
    logAddresses: choose('logAddresses', keptAddresses, 'full'),
    lastUsedAddresses: choose('lastUsedAddresses', keptAddresses, 'network'),
    outboundAllow: parseAllowed(values.get('outboundAllow') ?? '', problems),
    callNetworks: parseRanges('callNetworks', values.get('callNetworks') ?? '', problems),
    ...(outboundCa === undefined ? {} : { outboundCa }),
    ...(mail === undefined ? {} : { mail }),
  }
}

function parseUrl(text: string | undefined, problems: string[]): string {
  if (text === undefined) {
    problems.push('COUNTERSIGN_URL is required: the public base URL')
    return ''
  }
  const url = URL.canParse(text) ? new URL(text) : undefined
  const isLoopback = url !== undefined && ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname)
  const isSafe = url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback)
  if (!isSafe || url.search !== '' || url.hash !== '' || url.username !== '') {
    problems.push('COUNTERSIGN_URL must be https, or http on loopback, without query, fragment or credentials')
  }
  return text.replace(/\/+$/, '')
}

/** `ADDR:PORT`, `[::1]:4800`. */
export function parseListen(text: string, problems: string[]): { readonly host: string; readonly port: number } {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text)
  const port = Number(match?.[3])
  if (match === null || port > 65_535) problems.push('COUNTERSIGN_LISTEN must be ADDRESS:PORT, such as 127.0.0.1:4800')
  return { host: match?.[1] ?? match?.[2] ?? '', port }
}

function parseRanges(setting: Setting, text: string, problems: string[]): readonly AddressRange[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .flatMap((part) => {
      const range = parseAddressRange(part)
      if (range !== undefined) return [range]
      problems.push(`${settings[setting]} must be CIDR ranges separated by commas`)
      return []
    })
}

function parseAllowed(text: string, problems: string[]): AllowedHosts {
  const allowed = parseAllowedHosts(text)
  if (allowed === undefined)
    problems.push('COUNTERSIGN_OUTBOUND_ALLOW must be HOST:PORT, several with commas, such as keycloak.internal:8443')
  return allowed ?? new Set()
}

/** Read once, at the start: a file that holds no certificate would be believed in silence. */
function readCertificates(path: string | undefined, problems: string[]): string | undefined {
  if (path === undefined) return undefined
  try {
    const pem = readFileSync(path, 'utf8')
    new X509Certificate(pem)
    return pem
  } catch {
    problems.push('COUNTERSIGN_OUTBOUND_CA must name a file of certificates in PEM that can be read')
    return undefined
  }
}

/** Both or neither. The URL may hold a password, and is not repeated. */
function readMail(url: string | undefined, sender: string | undefined, problems: string[]): Config['mail'] {
  const smtp = url === undefined ? undefined : parseSmtpTarget(url)
  const from = sender === undefined ? undefined : parseMailFrom(sender)
  if (url !== undefined && smtp === undefined)
    problems.push(
      'COUNTERSIGN_SMTP_URL must be smtp://[USER:PASSWORD@]HOST[:PORT] with STARTTLS, or smtps:// with TLS; user and password percent-encoded',
    )
  if (sender !== undefined && from === undefined)
    problems.push('COUNTERSIGN_MAIL_FROM must be an address, or NAME <ADDRESS>')
  if (url !== undefined && sender === undefined) problems.push('COUNTERSIGN_SMTP_URL needs COUNTERSIGN_MAIL_FROM')
  if (url === undefined && sender !== undefined) problems.push('COUNTERSIGN_MAIL_FROM needs COUNTERSIGN_SMTP_URL')
  return smtp === undefined || from === undefined ? undefined : { smtp, from }
}

function parseWorkers(text: string, problems: string[]): number {
  const count = /^\d{1,3}$/.test(text) ? Number(text) : 0
  if (count < 1 || count > serverLimits.workersMax)
    problems.push(`COUNTERSIGN_WORKERS (--workers) must be a whole number from 1 to ${serverLimits.workersMax}`)
  return count
}

function attempt(problems: string[], work: () => unknown): void {
  try {
    work()
  } catch (error) {
    problems.push(error instanceof Error ? error.message : 'a setting is invalid')
  }
}

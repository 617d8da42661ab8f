/** The part of `countersign doctor` that reads the settings of `serve`: whether it would start with them. */
import { createServer } from 'node:net'
import { probePostgres } from '@countersign/store'
import { ConfigError, parseMasterKey } from '../keys/master_key_file.ts'
import { MailError } from '../mail/mailer.ts'
import { formatSmtpTarget } from '../mail/smtp_target.ts'
import { RedisUnavailableError } from '../redis/connection.ts'
import { probeRedis } from '../redis/limiter.ts'
import { formatRedisTarget, type RedisTarget } from '../redis/target.ts'
import { type Config, readConfig } from './config.ts'
import type { Finding } from './doctor.ts'
import { keyProofOf, sqliteFile } from './installation.ts'

/** Each problem of the settings is a finding. `config` is there when there is none. */
export async function inspectSettings(
  environment: Readonly<Record<string, string | undefined>>,
  configFile: string | undefined,
): Promise<{ readonly findings: readonly Finding[]; readonly config?: Config }> {
  let config: Config
  try {
    config = readConfig(environment, configFile)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    const findings = error.message
      .split('\n')
      .map((detail): Finding => ({ check: 'settings', outcome: 'fail', detail }))
    return { findings }
  }
  const findings = [
    { check: 'settings', outcome: 'ok', detail: 'as serve needs them' } as const,
    await inspectPort(config),
    ...(config.redis === undefined ? [] : [await inspectRedis(config.redis)]),
    ...(config.mail === undefined ? [] : [await inspectMail(config.mail, config.outboundCa)]),
    ...(sqliteFile(config.database) === undefined ? [await inspectPostgres(config)] : []),
  ]
  return { findings, config }
}

async function inspectPort({ listen: { host, port } }: Config): Promise<Finding> {
  const check = 'port'
  const probe = createServer()
  const code = await new Promise<string | undefined>((resolve) => {
    probe.once('error', ({ code: why }: NodeJS.ErrnoException) => resolve(why ?? 'it cannot be listened on'))
    probe.listen(port, host, () => probe.close(() => resolve(undefined)))
  })
  const place = `${host}:${port}`
  if (code === undefined) return { check, outcome: 'ok', detail: `${place} is free` }
  if (code === 'EADDRINUSE' && (await isOurs(host, port))) {
    return { check, outcome: 'ok', detail: `a server of ours answers at ${place}` }
  }
  return { check, outcome: 'fail', detail: `${place} cannot be had (${code}): set COUNTERSIGN_LISTEN` }
}

async function isOurs(host: string, port: number): Promise<boolean> {
  const address = host === '0.0.0.0' ? '127.0.0.1' : host.includes(':') ? `[${host === '::' ? '::1' : host}]` : host
  try {
    const answer = await fetch(`http://${address}:${port}/healthz`, { signal: AbortSignal.timeout(2_000) })
    return answer.ok && /^\{"status":"ok"/.test(await answer.text())
  } catch {
    return false
  }
}

/** Away is no reason not to start: limits are then counted per process until it answers. */
async function inspectRedis(target: RedisTarget): Promise<Finding> {
  const check = 'redis'
  try {
    await probeRedis(target)
    return { check, outcome: 'ok', detail: `${formatRedisTarget(target)} takes limits` }
  } catch (error) {
    if (!(error instanceof RedisUnavailableError)) throw error
    const { message, isAway } = error
    return isAway
      ? { check, outcome: 'warn', detail: `${message}: limits are counted per process until it answers` }
      : { check, outcome: 'fail', detail: message }
  }
}

/** Away is no reason not to start: people are told to try again. */
async function inspectMail({ smtp, from }: NonNullable<Config['mail']>, ca: string | undefined): Promise<Finding> {
  const check = 'mail'
  const { createSmtpTransport } = await import('../mail/smtp_transport.ts')
  const transport = createSmtpTransport({ target: smtp, from, ca })
  try {
    await transport.probe()
    return { check, outcome: 'ok', detail: `${formatSmtpTarget(smtp)} takes mail` }
  } catch (error) {
    if (!(error instanceof MailError)) throw error
    const detail = `${formatSmtpTarget(smtp)}: ${error.message}; see COUNTERSIGN_SMTP_URL`
    return { check, outcome: error.isFinal ? 'fail' : 'warn', detail }
  } finally {
    transport.close()
  }
}

async function inspectPostgres({ database, masterKey }: Config): Promise<Finding> {
  const check = 'database'
  try {
    const master = masterKey === undefined ? undefined : parseMasterKey(masterKey, 'COUNTERSIGN_MASTER_KEY')
    const schema = await probePostgres({
      url: database,
      ...(master === undefined ? {} : { keyProof: keyProofOf(master) }),
    })
    const detail =
      schema === 0 ? 'PostgreSQL answers; the first start makes the tables' : `PostgreSQL, schema ${schema}`
    return { check, outcome: 'ok', detail }
  } catch (error) {
    const { message, cause } = error as Error
    const code = (cause as { readonly code?: unknown } | undefined)?.code
    // The URL may hold a password, and is not repeated.
    const why = typeof code === 'string' ? ` (${code})` : ''
    return { check, outcome: 'fail', detail: `${message}${why}: see COUNTERSIGN_DATABASE` }
  }
}

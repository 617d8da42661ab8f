/** `countersign gateway`: a gateway of its own process, its engine fed by a server over HTTP. */
import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createSecureContext } from 'node:tls'
import { ApiError, type ManagementClient } from '@countersign/client'
import { type AddressRange, parseAddressRange, parseTime } from '@countersign/core'
import {
  type AssertionSource,
  createGateway,
  createGatewayMetrics,
  createHealthListener,
  type GatewayOptions,
  type RequestEvent,
} from '@countersign/gateway'
import { type ApiDescription, deriveSlug } from '@countersign/openapi'
import { connect, createFailures } from '@countersign/verifier/engine'
import { connectToServer } from '../connection.ts'
import { describeDocument, loadDocument } from '../document.ts'
import { CommandError } from '../exit.ts'
import { onlyAudience, type Profile } from '../profile.ts'
import { probeUpstream, readUpstream } from '../upstream.ts'
import { version } from '../version.ts'

export interface GuardOptions {
  readonly openapi: string
  readonly upstream: string
  readonly listen: string
  readonly healthListen?: string
  readonly audience?: string
  readonly basePath?: string
  readonly server?: string
  readonly credentialFile?: string
  readonly trustedProxies?: readonly string[]
  readonly upstreamConnections?: number
  readonly longConnections?: number
  /** Seconds, as the next two. */
  readonly upstreamTimeout?: number
  readonly idleTimeout?: number
  readonly streamIdleTimeout?: number
  readonly upstreamCa?: string
  readonly corsOrigin?: readonly string[]
  readonly slashes?: readonly string[]
  readonly onRequest: (event: RequestEvent) => void
  /** Something the operator should see, one line. */
  readonly onNotice: (line: string) => void
}

export interface Guarding {
  readonly url: string
  readonly healthUrl: string | null
  readonly issuer: string
  readonly audience: string
  readonly description: ApiDescription
  /** Read besides `Authorization: Bearer` and `X-API-Key`, at the start. */
  readonly credentialHeaders: readonly string[]
  /** Stop accepting, finish what runs within 10 s. */
  stop(): Promise<void>
}

/** Resolves when it listens and has its status book. Throws `CommandError` with one line. */
export async function guard(options: GuardOptions): Promise<Guarding> {
  const upstream = readUpstream(options.upstream)
  const listen = readListen(options.listen, '--listen')
  const healthListen =
    options.healthListen === undefined ? undefined : readListen(options.healthListen, '--health-listen')
  const settings = await readSettings(options)
  const description = describeDocument(await loadDocument(options.openapi), options.openapi, options)
  const server = connectToServer({ server: options.server, credentialFile: options.credentialFile })
  const { issuer, management } = server
  const audience = requireAudience(options.audience ?? profileAudience(server.profile, description))
  await requireGuarding(management, audience)

  probeUpstream(upstream, options.onNotice)
  const credential = server.credential.reveal()
  const connection = connect({ issuer, audience, credential, clientMetadata: true, onProblem: options.onNotice })
  await connection.ready()
  let isClosing = false
  // Counted only where somebody can ask for it.
  const metrics = healthListen === undefined ? undefined : createGatewayMetrics({ keeper: connection.keeper, version })
  const gateway = createGateway({
    engine: connection.engine,
    keeper: connection.keeper,
    description,
    upstream,
    audience,
    issuer,
    assertions: assertionsOf(management, audience),
    failures: createFailures(() => Date.now() / 1000),
    now: () => Date.now() / 1000,
    nextRequestId: () => `req_${randomUUID()}`,
    ...(options.upstreamConnections === undefined ? {} : { upstreamConnections: options.upstreamConnections }),
    ...(options.longConnections === undefined ? {} : { longConnections: options.longConnections }),
    ...settings,
    onRequest(event) {
      metrics?.observe(event)
      options.onRequest(event)
    },
  })
  const health = createHealthListener({
    keeper: connection.keeper,
    isClosing: () => isClosing,
    ...(metrics === undefined ? {} : { metrics }),
  })
  const stop = async (): Promise<void> => {
    isClosing = true
    await gateway.close()
    await connection.close()
    health.closeAllConnections()
    health.close()
  }
  try {
    const healthUrl = healthListen === undefined ? null : await start(health, healthListen, '--health-listen')
    const url = await start(gateway.server, listen, '--listen')
    const { credentialHeaders } = { ...description, ...connection.keeper.book?.apiByAudience(audience)?.state }
    return { url, healthUrl, issuer, audience, description, credentialHeaders, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

function requireAudience(audience: string | undefined): string {
  if (audience !== undefined) return audience
  throw new CommandError('usage', '--audience is missing: the API that credentials must be for')
}

type Settings = Pick<
  GatewayOptions,
  'trustedProxies' | 'upstreamTimeoutMs' | 'idleTimeoutMs' | 'streamIdleTimeoutMs' | 'upstreamCa' | 'corsOrigins'
>

/** An option that is not given has the default of `createGateway`. */
async function readSettings(options: GuardOptions): Promise<Settings> {
  const { upstreamTimeout, idleTimeout, streamIdleTimeout, upstreamCa, corsOrigin } = options
  return {
    trustedProxies: (options.trustedProxies ?? []).map(readRange),
    ...(upstreamTimeout === undefined ? {} : { upstreamTimeoutMs: readTimeout(upstreamTimeout, '--upstream-timeout') }),
    ...(idleTimeout === undefined ? {} : { idleTimeoutMs: readTimeout(idleTimeout, '--idle-timeout') }),
    ...(streamIdleTimeout === undefined
      ? {}
      : { streamIdleTimeoutMs: readTimeout(streamIdleTimeout, '--stream-idle-timeout') }),
    ...(upstreamCa === undefined ? {} : { upstreamCa: await readAuthorities(upstreamCa) }),
    ...(corsOrigin === undefined ? {} : { corsOrigins: corsOrigin.map(readOrigin) }),
  }
}

/** Timers of more than 24 days end at once, and one of no time is none. */
function readTimeout(seconds: number, flag: string): number {
  if (seconds >= 1 && seconds <= 86_400) return seconds * 1000
  throw new CommandError('usage', `${flag} must be from 1s to 1d`)
}

async function readAuthorities(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch(() => {
    throw new CommandError('usage', `--upstream-ca: ${file} cannot be read`)
  })
  try {
    createSecureContext({ ca: text })
    if (text.includes('-----BEGIN CERTIFICATE-----')) return text
  } catch {
    // Said below: what OpenSSL says helps nobody.
  }
  throw new CommandError('usage', `--upstream-ca: ${file} holds no certificate in PEM`)
}

function readOrigin(text: string): string {
  const url = URL.parse(text)
  if ((url?.protocol === 'https:' || url?.protocol === 'http:') && url.origin === text) return text
  throw new CommandError('usage', `--cors-origin: ${text} is no origin such as https://app.example.com`)
}

/** As `dev` named it for this very document, else the only one there is. */
function profileAudience(profile: Profile | undefined, description: ApiDescription): string | undefined {
  return profile?.audiences[deriveSlug(description.title)] ?? onlyAudience(profile)
}

/** A key that cannot do the work is found at the start and not with the first request. */
async function requireGuarding(management: ManagementClient, audience: string): Promise<void> {
  try {
    await management.createAssertion({ body: { credential: 'none', audience } })
  } catch (error) {
    // No credential was meant: what counts is that the question was allowed.
    if (error instanceof ApiError && [400, 422].includes(error.status)) return
    if (error instanceof ApiError && error.status === 403) {
      throw new CommandError('denied', `the gateway’s key may not verify for ${audience}: ${error.detail}`)
    }
    throw error
  }
}

function assertionsOf(management: ManagementClient, audience: string): AssertionSource {
  return async ({ credential, ip, origin, minSequence }) => {
    const { assertion, expiresAt } = await management.createAssertion({
      body: {
        credential,
        audience,
        minSequence,
        ...(ip === undefined ? {} : { ip }),
        ...(origin === undefined ? {} : { origin }),
      },
    })
    return { assertion, expiresAt: parseTime(expiresAt) ?? 0 }
  }
}

interface Listen {
  readonly host: string
  readonly port: number
}

function readListen(text: string, flag: string): Listen {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text)
  const port = Number(match?.[3])
  if (match !== null && port <= 65_535) return { host: match[1] ?? match[2] ?? '', port }
  throw new CommandError('usage', `${flag} must be ADDRESS:PORT, such as 127.0.0.1:4801`)
}

function readRange(text: string): AddressRange {
  const range = parseAddressRange(text)
  if (range !== undefined) return range
  throw new CommandError('usage', `--trusted-proxies: ${text} is no CIDR range such as 10.0.0.0/8, without host bits`)
}

function start(server: Server, { host, port }: Listen, flag: string): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const why = error.code === 'EADDRINUSE' ? 'is taken' : `cannot be listened on (${error.code})`
      reject(new CommandError('error', `${host}:${port} ${why}: choose another with ${flag}`))
    })
    server.listen(port, host, () => {
      const { family, address, port: bound } = server.address() as AddressInfo
      resolve(`http://${family === 'IPv6' ? `[${address}]` : address}:${bound}`)
    })
  })
}

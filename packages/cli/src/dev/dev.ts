/** `countersign dev`: server, gateway and a guarded API in one process, from an empty folder. */
import { randomUUID } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { join, resolve } from 'node:path'
import { parseAddressRange, parseKey, Secret } from '@countersign/core'
import { createDemoApi, createGateway, demoDocument, type RequestEvent } from '@countersign/gateway'
import { type ApiDescription, deriveSlug } from '@countersign/openapi'
import {
  type CountersignServer,
  createOutbound,
  defaultTenantId,
  lockData,
  type Mail,
  openInstallation,
  type Provisioned,
  provisionApi,
  provisionOperator,
  serverLimits,
  signAssertion,
  silentLog,
} from '@countersign/server'
import { describeDocument, loadDocument } from '../document.ts'
import { CommandError } from '../exit.ts'
import { type FirstKey, readProfile, writeProfile } from '../profile.ts'
import { probeUpstream, readUpstream } from '../upstream.ts'
import { type Bound, bind, isLoopbackHost } from './bind.ts'
import { startPortalBuild } from './portal_build.ts'
import { bindWeb, startWeb, type Web } from './web/start.ts'

export interface DevOptions {
  readonly port: number
  readonly gatewayPort: number
  readonly data: string
  readonly openapi?: string
  readonly upstream?: string
  readonly basePath?: string
  readonly audience?: string
  readonly host?: string
  readonly reserve: boolean
  readonly version: string
  readonly onRequest?: (event: RequestEvent) => void
  /** A mail to a person, which `dev` shows instead of sending it. */
  readonly onMail: (mail: Mail) => void
  /** Something the operator should see, one line. */
  readonly onNotice: (line: string) => void
}

/** The line that docs/commands.md §3 shows when ready. */
export interface DevReady {
  readonly url: string
  readonly gatewayUrl: string
  readonly issuer: string
  /** Absolute. */
  readonly data: string
  readonly audience: string
  readonly adminKey: Secret | undefined
  readonly demo: {
    readonly key: Secret | undefined
    readonly scope: string
    readonly clientId: string | undefined
    readonly clientSecret: Secret | undefined
    /** The application that signs people in; absent where the API is the user's own, or not on loopback. */
    readonly web: Pick<Web, 'url' | 'clientId'> | undefined
  }
  /** Signs the operator in, once and within ten minutes. */
  readonly signInUrl: Secret
  readonly isDemo: boolean
  /** False once the first key was revoked, was disabled or has expired. */
  readonly isKeyLive: boolean
  /** The client of the first key, where it is known. */
  readonly clientId: string | undefined
  readonly title: string
  readonly description: ApiDescription
  /** Read besides `Authorization: Bearer` and `X-API-Key`, at the start. */
  readonly credentialHeaders: readonly string[]
  stop(): Promise<void>
}

export async function dev(options: DevOptions): Promise<DevReady> {
  const { openapi, upstream } = options
  if ((openapi === undefined) !== (upstream === undefined)) {
    throw new CommandError('usage', '--openapi and --upstream go together: name the document and where the API runs')
  }
  const upstreamUrl = upstream === undefined ? undefined : readUpstream(upstream)
  const text = openapi === undefined ? JSON.stringify(demoDocument()) : await loadDocument(openapi)
  const description = describeDocument(text, openapi ?? 'the demo document', options)
  const data = resolve(options.data)
  makeDirectory(data)
  const database = `sqlite:${join(data, 'countersign.db')}`
  const onLost = (error: Error): void => {
    options.onNotice(`${error.message}; the lock of the database was lost, this process ends`)
    process.exit(1)
  }
  const lock = await lockData(database, serverLimits.dataLockWaitMs, onLost).catch((error: unknown) => {
    throw isUnwritable(error) ? unwritable(data) : error
  })
  try {
    const { stop, ...ready } = await listen({ options, text, description, upstreamUrl, data, database })
    return {
      ...ready,
      async stop() {
        await stop()
        lock.release()
      },
    }
  } catch (error) {
    lock.release()
    throw error
  }
}

async function listen(prepared: Omit<Start, 'bound' | 'gatewayBound' | 'webBound'>): Promise<DevReady> {
  const { host, port, gatewayPort } = prepared.options
  const hasDemoApplication = prepared.upstreamUrl === undefined && (host === undefined || isLoopbackHost(host))
  const held: Bound[] = []
  const hold = (bound: Bound): Bound => {
    held.push(bound)
    return bound
  }
  try {
    // The ports are ours before anything is written.
    const bound = hold(await bind(port, host, '--port'))
    const gatewayBound = hold(await bind(gatewayPort, host, '--gateway-port'))
    const webBound = hasDemoApplication ? hold(await bindWeb(gatewayBound.port)) : undefined
    return await start({ ...prepared, bound, gatewayBound, webBound })
  } catch (error) {
    for (const bound of held) bound.close()
    throw error
  }
}

interface Start {
  readonly options: DevOptions
  readonly text: string
  readonly description: ApiDescription
  readonly upstreamUrl: URL | undefined
  readonly data: string
  readonly database: string
  readonly bound: Bound
  readonly gatewayBound: Bound
  /** Where the demo application is; absent where there is none. */
  readonly webBound: Bound | undefined
}

async function start(prepared: Start): Promise<DevReady> {
  const { options, text, description, upstreamUrl, data, database, bound, gatewayBound, webBound } = prepared
  const urlHost = options.host === undefined || isLoopbackHost(options.host) ? 'localhost' : formatHost(options.host)
  const url = `http://${urlHost}:${bound.port}`
  const gatewayUrl = `http://${urlHost}:${gatewayBound.port}`
  const allowedHosts = options.host === undefined ? { allowedHosts: isLoopbackHost } : {}
  const profileFile = join(data, 'profile.json')
  const profile = readProfile(profileFile)
  if (profile !== undefined && profile.url !== url) {
    options.onNotice(
      `The issuer is now ${url}; JWTs issued as ${profile.url} are refused (wrong_issuer), keys go on working.`,
    )
  }
  const portalBuild = startPortalBuild(options.onNotice)
  const server = await openInstallation({
    database,
    ...(options.reserve ? { reserveBytes: serverLimits.reserveBytes } : {}),
    baseUrl: url,
    version: options.version,
    log: { ...silentLog, error: (fields, message) => options.onNotice(`${message}: ${describeError(fields)}`) },
    onFatal: (error) => {
      options.onNotice(`${database.slice('sqlite:'.length)}: ${error.message}`)
      options.onNotice('this process ends: ask countersign doctor, and restore a backup when it says damaged')
      process.exit(1)
    },
    trustedProxies: loopbackRanges(),
    limitsFailures: false,
    openness: 'open',
    outbound: createOutbound({ callHosts: new Set([`${new URL(gatewayUrl).hostname}:${gatewayBound.port}`]) }),
    isPortalBuilding: portalBuild.isBuilding,
    hasPortalKit: true,
    mail: { probe: async () => {}, send: async (mail) => options.onMail(mail), close() {} },
    ...allowedHosts,
  })
  const isDemo = upstreamUrl === undefined
  const name = isDemo ? 'demo' : deriveSlug(description.title)
  const audience = options.audience ?? profile?.audiences[name] ?? (isDemo ? gatewayUrl : `urn:countersign:dev:${name}`)
  const keyScope = isDemo ? ['orders:read'] : description.scopes.map((scope) => scope.name)
  const provisioned = await provisionApi(server.services, {
    audience,
    name: description.title,
    description,
    documentText: text,
    gatewayUrl,
    keyScope,
  })
  const adminKey = server.adminKey ?? profile?.adminKey
  const firstKey = firstKeyOf(provisioned) ?? profile?.firstKeys[name]
  const web =
    webBound === undefined
      ? undefined
      : await startWeb(server, webBound, {
          issuer: url,
          apiId: provisioned.apiId,
          apiUrl: gatewayUrl,
          audience,
          clientId: profile?.webClients[audience],
        })
  writeProfile(profileFile, {
    url,
    adminKey,
    audiences: { ...profile?.audiences, [name]: audience },
    firstKeys: { ...profile?.firstKeys, ...(firstKey === undefined ? {} : { [name]: firstKey }) },
    webClients: { ...profile?.webClients, ...(web === undefined ? {} : { [audience]: web.clientId }) },
  })
  const isKeyLive = await isLive(server, firstKey)
  const signInUrl = await operatorLink(server)

  const demo = upstreamUrl === undefined ? await startDemoApi() : undefined
  const gateway = createGateway({
    ...gatewayPorts(server, provisioned),
    description,
    upstream: upstreamUrl ?? (demo as Demo).url,
    audience,
    issuer: url,
    trustedProxies: [],
    now: server.services.now,
    nextRequestId: () => `req_${randomUUID()}`,
    ...allowedHosts,
    ...(options.onRequest === undefined ? {} : { onRequest: options.onRequest }),
  })
  if (upstreamUrl !== undefined) probeUpstream(upstreamUrl, options.onNotice)
  const listener = server.createListener()
  bound.serve(listener)
  gatewayBound.serve(gateway.server)
  return {
    url,
    gatewayUrl,
    signInUrl,
    issuer: url,
    data,
    audience,
    adminKey: server.adminKey,
    demo: {
      key: provisioned.created?.key,
      scope: keyScope.join(' '),
      clientId: provisioned.created?.clientId,
      clientSecret: provisioned.created?.clientSecret,
      web,
    },
    isDemo,
    isKeyLive,
    clientId: firstKey?.clientId,
    title: description.title,
    description,
    credentialHeaders: provisioned.credentialHeaders,
    async stop() {
      bound.close()
      gatewayBound.close()
      for (const part of [portalBuild, demo, web]) part?.stop()
      server.services.streams.endAll()
      listener.close()
      await gateway.close()
      // The gateway had its time to drain; what asks the server itself is this machine's CLI, and asks again.
      listener.closeAllConnections()
      await server.close()
    },
  }
}

function firstKeyOf({ created }: Provisioned): FirstKey | undefined {
  const id = created === undefined ? undefined : parseKey(created.key.reveal())?.id
  return created === undefined || id === undefined ? undefined : { id, clientId: created.clientId }
}

async function isLive({ services }: CountersignServer, firstKey: FirstKey | undefined): Promise<boolean> {
  if (firstKey === undefined) return true
  const key = await services.store.read.keys.find(defaultTenantId, firstKey.id)
  const isOver = key?.expiresAt !== undefined && services.now() >= key.expiresAt
  return key?.status === 'active' && !isOver
}

interface Demo {
  readonly url: URL
  stop(): void
}

/** The demo API on a port of its own, for the gateway alone. */
async function startDemoApi(): Promise<Demo> {
  const api = createDemoApi()
  await new Promise<void>((listening) => api.listen(0, '127.0.0.1', listening))
  const { port } = api.address() as AddressInfo
  return {
    url: new URL(`http://127.0.0.1:${port}`),
    stop() {
      api.closeAllConnections()
      api.close()
    },
  }
}

/** The page sends the code by itself: whoever reads it on this terminal has the machine. */
async function operatorLink({ services }: CountersignServer): Promise<Secret> {
  const tenant = services.tenantById(defaultTenantId)
  if (tenant === undefined) throw new Error('the default tenant is missing')
  const { url } = await provisionOperator(services, tenant)
  return new Secret(url.reveal().replace('#', '#now.'))
}

/** The gateway's ports, joined to the server in this process. */
function gatewayPorts(server: CountersignServer, { apiId }: Provisioned) {
  const { services } = server
  const tenant = services.tenantById(defaultTenantId)
  if (tenant === undefined) throw new Error('the default tenant is missing')
  return {
    engine: tenant.engine,
    keeper: services.books.keeper(tenant.id),
    assertions: ({ grant }: { readonly grant: Parameters<typeof signAssertion>[2] }) =>
      signAssertion(services, tenant, grant, apiId),
  }
}

function makeDirectory(data: string): void {
  try {
    mkdirSync(data, { recursive: true, mode: 0o700 })
  } catch {
    throw new CommandError('error', `${data} cannot be made: choose another directory with --data`)
  }
}

/** By name and reason: the store, which throws it, is the server's alone. */
function isUnwritable(error: unknown): boolean {
  return error instanceof Error && 'reason' in error && error.reason === 'unwritable'
}

function unwritable(data: string): CommandError {
  return new CommandError('error', `${data} cannot be written by this user: choose another directory with --data`)
}

function loopbackRanges() {
  return ['127.0.0.0/8', '::1/128'].flatMap((text) => parseAddressRange(text) ?? [])
}

function formatHost(host: string): string {
  return host.includes(':') ? `[${host}]` : host
}

function describeError(fields: object): string {
  const { error } = fields as { readonly error?: unknown }
  return error instanceof Error ? error.message : 'the cause is unknown'
}

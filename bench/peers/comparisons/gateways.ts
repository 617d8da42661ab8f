/** Proxies that let only verified requests through, each beside the same proxy without the check, one upstream for all. */
import { type Comparison, ratioOf } from '../comparison.ts'
import type { Fixture } from '../fixture.ts'
import { programVersion } from '../installed.ts'
import { startSystem } from '../system_process.ts'
import { startHaproxy } from '../systems/haproxy.ts'
import { type StartedProxy, startNginx } from '../systems/nginx.ts'
import type { Target } from '../target.ts'
import type { Context } from './context.ts'
import { type HttpSystem, measureOverHttp } from './over_http.ts'
import { startBare } from './verify_over_http.ts'

interface Stage {
  readonly systems: readonly HttpSystem[]
  readonly stop: () => Promise<unknown>
}

const names = {
  ours: 'Countersign gateway',
  open: 'the same gateway without the engine',
  bare: 'bare node:http proxy',
  haproxy: 'HAProxy, jwt_verify',
  haproxyOpen: 'HAProxy, nothing verified',
  nginx: 'nginx, auth_request to our forward-auth',
  nginxOpen: 'nginx, nothing verified',
  upstream: 'the upstream itself, no proxy',
} as const

export async function compareGateways(context: Context): Promise<readonly Comparison[]> {
  const upstream = await startBare(context.server.told, 'orders')
  const stages = [
    await startOurs(context, upstream.told),
    await startHaproxies(context, upstream.told),
    await startNginxes(context, upstream.told),
  ]
  const direct: HttpSystem = {
    name: names.upstream,
    limit: names.upstream,
    target: targetOf(context.server.told, upstream.told, false),
    cpuMicros: upstream.cpuMicros,
  }
  const systems = await measureOverHttp([...stages.flatMap((stage) => stage.systems), direct], context.pace)
  await Promise.all([...stages.map(({ stop }) => stop()), upstream.stop()])
  const missing = ['haproxy', 'nginx'].filter((program) => programVersion(program) === undefined)
  return [
    {
      title: 'The gateway: GET through a proxy with a JWT (ES256)',
      systems,
      notes: [
        'The limit of a proxy that verifies is the same without the check; of one that does not, the upstream itself.',
        'CPU time is the proxy’s, for nginx with the server it asks; the upstream’s is not in it. Each runs on one thread.',
        ...missing.map((program) => `Left out: ${program} is not installed (Debian: apt-get install ${program}).`),
      ],
      goals: [
        {
          name: 'the gateway, of the same without the engine',
          unit: '×',
          value: ratioOf(systems, names.ours, names.open),
          atLeast: 0.7,
        },
      ],
    },
  ]
}

async function startOurs({ server: { told: fixture } }: Context, upstream: string): Promise<Stage> {
  const guarded = await startSystem<string>('systems/gateway', { fixture, upstream, open: false })
  const open = await startSystem<string>('systems/gateway', { fixture, upstream, open: true })
  const bare = await startSystem<string>('systems/bare_proxy', { upstream })
  const systems = [
    { name: names.ours, limit: names.open, process: guarded, verifies: true },
    { name: names.open, limit: names.upstream, process: open, verifies: false },
    { name: names.bare, limit: names.upstream, process: bare, verifies: false },
  ].map(({ name, limit, process, verifies }) => ({
    name,
    limit,
    target: targetOf(fixture, process.told, verifies),
    cpuMicros: process.cpuMicros,
  }))
  return { systems, stop: () => Promise.all([guarded.stop(), open.stop(), bare.stop()]) }
}

async function startHaproxies({ server, directory }: Context, upstream: string): Promise<Stage> {
  if (programVersion('haproxy') === undefined) return nothing
  const fixture = server.told
  const guarded = await startHaproxy({ fixture, upstream, directory, verifiesJwt: true })
  const open = await startHaproxy({ fixture, upstream, directory, verifiesJwt: false })
  return {
    systems: [
      systemOf(fixture, names.haproxy, names.haproxyOpen, guarded, true),
      systemOf(fixture, names.haproxyOpen, names.upstream, open, false),
    ],
    stop: () => Promise.all([guarded.stop(), open.stop()]),
  }
}

async function startNginxes({ server, directory }: Context, upstream: string): Promise<Stage> {
  if (programVersion('nginx') === undefined) return nothing
  const fixture = server.told
  const guarded = await startNginx({ fixture, upstream, directory, asksForwardAuth: true })
  const open = await startNginx({ fixture, upstream, directory, asksForwardAuth: false })
  const asking = systemOf(fixture, names.nginx, names.nginxOpen, guarded, true)
  return {
    systems: [
      { ...asking, cpuMicros: async () => sum(guarded.cpuMicros(), await server.cpuMicros()) },
      systemOf(fixture, names.nginxOpen, names.upstream, open, false),
    ],
    stop: () => Promise.all([guarded.stop(), open.stop()]),
  }
}

const nothing: Stage = { systems: [], stop: () => Promise.resolve() }

function systemOf(fixture: Fixture, name: string, limit: string, proxy: StartedProxy, verifies: boolean): HttpSystem {
  return {
    name,
    limit,
    target: targetOf(fixture, proxy.url, verifies),
    cpuMicros: async () => proxy.cpuMicros(),
  }
}

function targetOf({ jwt, refusedJwts }: Fixture, url: string, verifies: boolean): Target {
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` })
  return {
    url: `${url}/orders`,
    method: 'GET',
    headers: bearer(jwt),
    holds: '"orders":[]',
    ...(verifies ? { refused: [{ headers: {} }, ...refusedJwts.map((token) => ({ headers: bearer(token) }))] } : {}),
  }
}

function sum(a: number | undefined, b: number): number | undefined {
  return a === undefined ? undefined : a + b
}

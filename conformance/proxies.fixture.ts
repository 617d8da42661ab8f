/** The files of examples/proxies in the real proxies: nothing is replaced but what each file says is to be replaced. */

import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePort } from '../scripts/free_port.ts'

export const proxyNames = ['nginx', 'haproxy', 'caddy', 'traefik', 'envoy'] as const
export type ProxyName = (typeof proxyNames)[number]

export interface ProxySettings {
  /** Countersign's, host and port. */
  readonly countersign: string
  /** The API's, host and port. */
  readonly api: string
  readonly audience: string
  readonly verifierKey: string
}

export interface RunningProxy {
  readonly port: number
  stop(): Promise<void>
}

const versionFlags: Readonly<Record<ProxyName, string>> = {
  nginx: '-v',
  haproxy: '-v',
  caddy: 'version',
  traefik: 'version',
  envoy: '--version',
}

/** Debian keeps servers where the path of an ordinary user does not lead. */
const environment = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` }

/** The proxies that cannot be run here, and why. */
export function missingProxies(): ReadonlyMap<ProxyName, string> {
  const missing = new Map<ProxyName, string>()
  // Debian's writes below /var/lib/nginx before it reads where else it might.
  if (process.getuid?.() !== 0) missing.set('nginx', 'nginx needs root')
  for (const name of proxyNames) {
    const { error } = spawnSync(name, [versionFlags[name]], { stdio: 'ignore', env: environment })
    if (error !== undefined) missing.set(name, `${name} is not installed`)
  }
  return missing
}

export async function startProxy(name: ProxyName, settings: ProxySettings): Promise<RunningProxy> {
  const port = await freePort()
  const directory = mkdtempSync(join(tmpdir(), 'countersign-proxy-'))
  const command = commands[name](settings, port, directory)
  const child = spawn(name, [...command.parameters], {
    env: { ...environment, HOME: directory, ...command.environment },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let stderr = ''
  child.stderr?.on('data', (chunk) => {
    stderr += chunk
  })
  const exited = new Promise<void>((resolve) => child.once('close', () => resolve()))
  await serving(child, port, () => stderr)
  return {
    port,
    async stop() {
      child.kill('SIGTERM')
      // One that waits for an open request has had its time.
      const killing = setTimeout(() => child.kill('SIGKILL'), 3000)
      await exited
      clearTimeout(killing)
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

interface Command {
  readonly parameters: readonly string[]
  readonly environment: Readonly<Record<string, string>>
}

const commands: Readonly<Record<ProxyName, (settings: ProxySettings, port: number, directory: string) => Command>> = {
  nginx({ countersign, api, audience, verifierKey }, port, directory) {
    const verifierFile = join(directory, 'countersign_verifier.conf')
    writeFileSync(verifierFile, `proxy_set_header X-Countersign-Verifier "${verifierKey}";\n`, { mode: 0o600 })
    const file = copyExample('nginx.conf', directory, {
      '127.0.0.1:8080': `127.0.0.1:${port}`,
      '127.0.0.1:4800': countersign,
      '127.0.0.1:3000': api,
      'https%3A%2F%2Fapi.example.com': encodeURIComponent(audience),
      '/etc/nginx/countersign_verifier.conf': verifierFile,
    })
    // In the foreground, and nothing of it where an installed nginx would have the same.
    const global = `daemon off; pid ${directory}/nginx.pid;`
    return { parameters: ['-e', 'stderr', '-c', file, '-g', global], environment: {} }
  },
  haproxy: ({ countersign, api, audience, verifierKey }, port) => ({
    parameters: ['-db', '-f', exampleFile('haproxy.cfg')],
    environment: {
      COUNTERSIGN_ADDRESS: countersign,
      COUNTERSIGN_SOCKET: `countersign-${port}`,
      COUNTERSIGN_LUA: exampleFile('countersign.lua'),
      COUNTERSIGN_AUDIENCE: audience,
      COUNTERSIGN_VERIFIER_KEY: verifierKey,
      API_ADDRESS: api,
      LISTEN: `127.0.0.1:${port}`,
    },
  }),
  caddy: ({ countersign, api, audience, verifierKey }, port, directory) => ({
    parameters: ['run', '--adapter', 'caddyfile', '--config', exampleFile('Caddyfile')],
    environment: {
      XDG_CONFIG_HOME: directory,
      XDG_DATA_HOME: directory,
      COUNTERSIGN_ADDRESS: countersign,
      COUNTERSIGN_AUDIENCE: encodeURIComponent(audience),
      COUNTERSIGN_VERIFIER_KEY: verifierKey,
      API_ADDRESS: api,
      LISTEN_PORT: String(port),
    },
  }),
  traefik({ countersign, api, audience, verifierKey }, port, directory) {
    const routes = copyExample('traefik_dynamic.yaml', directory, {
      '127.0.0.1:4800': countersign,
      '127.0.0.1:3000': api,
      'https%3A%2F%2Fapi.example.com': encodeURIComponent(audience),
    })
    const file = copyExample('traefik.yaml', directory, {
      '127.0.0.1:8080': `127.0.0.1:${port}`,
      '/etc/traefik/traefik_dynamic.yaml': routes,
    })
    return { parameters: [`--configFile=${file}`], environment: { COUNTERSIGN_VERIFIER_KEY: verifierKey } }
  },
  envoy({ countersign, api, audience, verifierKey }, port, directory) {
    const file = copyExample('envoy.yaml', directory, {
      'port_value: 8080': `port_value: ${port}`,
      'port_value: 4800': `port_value: ${portOf(countersign)}`,
      'port_value: 3000': `port_value: ${portOf(api)}`,
      '127.0.0.1:4800': countersign,
      'https%3A%2F%2Fapi.example.com': encodeURIComponent(audience),
    })
    // Two on one machine would share what a hot restart hands over.
    const parameters = ['--config-path', file, '--disable-hot-restart', '--concurrency', '2']
    return { parameters, environment: { COUNTERSIGN_VERIFIER_KEY: verifierKey } }
  },
}

const portOf = (address: string): string => address.slice(address.lastIndexOf(':') + 1)

/** A copy with its placeholders replaced; its path. */
function copyExample(name: string, directory: string, placeholders: Readonly<Record<string, string>>): string {
  const copy = join(directory, name)
  writeFileSync(copy, replaceAll(readFileSync(exampleFile(name), 'utf8'), placeholders))
  return copy
}

export function exampleFile(name: string): string {
  return fileURLToPath(new URL(`../examples/proxies/${name}`, import.meta.url))
}

function replaceAll(text: string, placeholders: Readonly<Record<string, string>>): string {
  return Object.entries(placeholders).reduce((replaced, [from, to]) => {
    if (!replaced.includes(from)) throw new Error(`the example no longer holds ${from}`)
    return replaced.replaceAll(from, to)
  }, text)
}

/** It listens and has its routes: Traefik reads them later, and answers 404 until then. */
async function serving(child: ChildProcess, port: number, stderr: () => string): Promise<void> {
  for (let attempt = 0; attempt < 500; attempt++) {
    if (child.exitCode !== null) throw new Error(`the proxy ended with ${child.exitCode}: ${stderr()}`)
    const status = await fetch(`http://127.0.0.1:${port}/`).then(
      (response) => response.status,
      () => 404,
    )
    if (status !== 404) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  child.kill('SIGKILL')
  throw new Error(`the proxy does not serve: ${stderr()}`)
}

/** The peers of this run: packages of this folder's lockfile, and two programs of the machine's. */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const folder = fileURLToPath(new URL('.', import.meta.url))

/** `npm ci` here when anything of the lockfile is missing or of another version; touches nothing outside this folder. */
export function installPeers(): void {
  if (Object.entries(lockedVersions()).every(([name, version]) => installedVersion(name) === version)) return
  process.stdout.write('installing the peers into bench/peers/node_modules\n')
  // With dev dependencies, also where NODE_ENV says production. Never in the root, which `npm run` tells its children about.
  const { status } = spawnSync('npm', ['ci', '--include=dev', '--prefix', folder], {
    cwd: folder,
    stdio: ['ignore', 2, 2],
  })
  if (status !== 0) throw new Error('npm ci in bench/peers failed')
}

/** Name to version of every peer, and of nginx and HAProxy where the machine has them. */
export function peerVersions(): Readonly<Record<string, string>> {
  const programs = {
    nginx: programVersion('nginx', /nginx\/(\S+)/),
    haproxy: programVersion('haproxy', /version (\S+)/),
  }
  const found = Object.entries(programs).filter((entry): entry is [string, string] => entry[1] !== undefined)
  return { ...lockedVersions(), ...Object.fromEntries(found) }
}

/** Undefined when it is not installed. `nginx` and `haproxy` both know `-v`; nginx answers on standard error. */
export function programVersion(program: string, pattern = /(\d\S*)/): string | undefined {
  const { status, stdout, stderr } = spawnSync(program, ['-v'], { encoding: 'utf8' })
  return status === 0 ? (pattern.exec(`${stdout}${stderr}`)?.[1] ?? 'unknown') : undefined
}

function lockedVersions(): Readonly<Record<string, string>> {
  const manifest = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8')) as {
    readonly devDependencies: Readonly<Record<string, string>>
  }
  return manifest.devDependencies
}

function installedVersion(name: string): string | undefined {
  const path = `${folder}/node_modules/${name}/package.json`
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version : undefined
}

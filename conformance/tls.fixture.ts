/** The TLS proxy of docs/clients/tls.md with its CA, as the page prints both. */
import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { sampleOf } from './clients.fixture.ts'

export interface Tls {
  /** The CA that clients must believe, as a file. */
  readonly ca: string
  /** Puts an `https://localhost` of that port in front of `target`. */
  serve(port: number, target: string): Promise<void>
  stop(): void
}

export function makeTls(): Tls {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-tls-'))
  execFileSync('sh', ['-e', '-c', sampleOf('tls', 'sh')], { cwd: folder, stdio: 'ignore' })
  const children: ReturnType<typeof spawn>[] = []
  return {
    ca: join(folder, 'ca.pem'),
    async serve(port, target) {
      const env = { PATH: process.env.PATH, TARGET: target, PORT: String(port), FOLDER: folder }
      const parameters = ['--input-type=module', '--eval', sampleOf('tls', 'js')]
      const child = spawn(process.execPath, parameters, { env, stdio: ['ignore', 'pipe', 'inherit'] })
      children.push(child)
      await new Promise((ready) => createInterface({ input: child.stdout }).once('line', ready))
    },
    stop() {
      for (const child of children) child.kill()
      rmSync(folder, { recursive: true })
    },
  }
}

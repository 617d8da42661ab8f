import { spawn } from 'node:child_process'
import type { AddressInfo } from 'node:net'
import { connect, createServer, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Json, Product } from './product.fixture.ts'

const script = fileURLToPath(new URL('./sdk.fixture.ts', import.meta.url))

export interface Sdk {
  ask(token: string, scope?: string): Promise<Json>
  /** `verified`, or the rejection's code, or `unavailable`. */
  outcome(token: string, scope?: string): Promise<string>
  /** Cut the network between it and the server: nothing passes in either direction, nothing is told. */
  cut(): void
  stop(): void
}

/** A verifier process behind a wire of its own. */
export async function startSdk(product: Product, credential: string, maxStalenessSeconds = 10): Promise<Sdk> {
  const wire = await openWire(Number(new URL(product.url).port))
  const child = spawn(process.execPath, [script], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: {
      ...process.env,
      COUNTERSIGN_URL: `http://localhost:${wire.port}`,
      COUNTERSIGN_AUDIENCE: product.audience,
      COUNTERSIGN_KEY: credential,
      MAX_STALENESS: String(maxStalenessSeconds),
    },
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  await lines.next()
  const ask = async (token: string, scope?: string): Promise<Json> => {
    child.stdin.write(`${JSON.stringify({ token, ...(scope === undefined ? {} : { scope }) })}\n`)
    return JSON.parse((await lines.next()).value as string) as Json
  }
  return {
    ask,
    async outcome(token, scope) {
      const answer = await ask(token, scope)
      const outcome = String(answer.outcome)
      return outcome === 'rejected' ? String(answer.rejection?.code) : outcome
    },
    cut: wire.cut,
    stop() {
      child.stdin.end()
      child.kill()
      wire.close()
    },
  }
}

/** Bytes both ways until it is cut. */
async function openWire(target: number) {
  const sockets = new Set<Socket>()
  let isCut = false
  const server = createServer((near) => {
    const far = connect(target, '127.0.0.1')
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from)
      from.on('data', (chunk) => isCut || to.write(chunk))
      from.on('error', () => {})
      from.on('close', () => to.destroy())
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    cut() {
      isCut = true
    },
    close() {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  }
}

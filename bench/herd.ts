/** Ten thousand followers that lose their server at once, and what it takes until all of them are fresh again. */
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { type AddressRange, parseAddressRange } from '@countersign/core'
import { audience, startInstallation } from './installation.ts'
import type { Figure } from './run.ts'

const followers = Number(process.env.HERD ?? 10_000)
const groups = 4

/** One follower by its requests alone, as light as it can be: the server is what is measured. */
export async function benchHerd(): Promise<readonly Figure[]> {
  // One address may have half of the connections; ten thousand machines have more than one.
  const loopback = parseAddressRange('127.0.0.0/8') as AddressRange
  const installation = await startInstallation({ trustedProxies: [loopback] })
  const { url, verifierKey, server, call, clientId } = installation
  for (let made = 0; made < 1_000; made++) {
    const key = await call('POST', '/v1/keys', { clientId, audience, scope: 'orders:read', name: 'k' })
    await call('POST', `/v1/keys/${key.id}/revoke`)
  }
  let reads = 0
  const { feed } = server.services.store
  const { snapshot } = feed
  Object.assign(feed, {
    snapshot: (tenant: string) => {
      reads += 1
      return snapshot(tenant)
    },
  })
  const children = await Promise.all(
    Array.from({ length: groups }, () => startGroup(url, verifierKey, followers / groups)),
  )
  for (const child of children) await child.next('start')
  await new Promise((resolve) => setTimeout(resolve, 3_000))
  const steadyMb = process.memoryUsage.rss() / 1_048_576
  let peakMb = steadyMb
  const watch = setInterval(() => {
    peakMb = Math.max(peakMb, process.memoryUsage.rss() / 1_048_576)
  }, 50)
  reads = 0
  const beganAt = performance.now()
  // As a restart does to all of them at once.
  await Promise.all(children.map((child) => child.next('again')))
  const seconds = (performance.now() - beganAt) / 1000
  clearInterval(watch)
  for (const child of children) child.stop()
  await installation.stop()
  const name = `${followers.toLocaleString('en')} followers reconnect`
  return [
    { name: `${name}: all fresh`, value: seconds, unit: 's', goal: { atMost: 30 } },
    { name: `${name}: peak RSS, of steady`, value: peakMb / steadyMb, unit: '', goal: { atMost: 2 } },
    { name: `${name}: reads of the snapshot`, value: reads, unit: '' },
  ]
}

async function startGroup(url: string, credential: string, count: number) {
  const script = fileURLToPath(new URL('./herd_group.ts', import.meta.url))
  const child = spawn(process.execPath, [script, url, credential, String(count)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    async next(order: string): Promise<void> {
      child.stdin.write(`${order}\n`)
      await lines.next()
    },
    stop: () => void child.kill(),
  }
}

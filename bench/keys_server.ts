/** Fills a database with a million keys, then starts a server on it as new, in this process. */
import { randomBytes } from 'node:crypto'
import { createInterface } from 'node:readline'
import { digest, generateKey } from '@countersign/core'
import { openInstallation, silentLog } from '@countersign/server'
import { audience, startInstallation } from './installation.ts'
import type { Ready } from './keys.ts'

const count = Number(process.env.KEYS ?? 1_000_000)
const first = await startInstallation()
const { store } = first.server.services
const tenant = 'default'
const api = await store.read.apis.findByAudience(tenant, audience)
if (api === undefined) throw new Error('the API is missing')
const sample: string[] = []
for (let made = 0; made < count; made += 20_000) {
  await store.write(async (transaction) => {
    for (let index = made; index < made + 20_000; index++) {
      const { id, text } = generateKey({ prefix: 'cs', marker: 'live', randomBytes })
      if (index % 5 === 0) sample.push(text)
      await transaction.keys.insert({
        tenant,
        id,
        digest: await digest(text),
        prefix: 'cs',
        environment: 'live',
        clientId: first.clientId,
        apiId: api.id,
        scope: 'orders:read',
        name: 'k',
        status: 'active',
        metadata: {},
        version: 1,
        createdAt: 1_700_000_000 + index,
        updatedAt: 1_700_000_000,
      })
    }
  })
}
// The filling server goes on holding the port; the one that is measured is a new one over the same file.
globalThis.gc?.()
const beganAt = performance.now()
const server = await openInstallation({
  database: `sqlite:${first.directory}/countersign.db`,
  baseUrl: first.url,
  version: 'bench',
  log: silentLog,
})
const listener = server.createListener()
await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
const address = listener.address()
const port = typeof address === 'object' ? address?.port : undefined
const ready: Ready = {
  url: `http://127.0.0.1:${port}`,
  audience,
  verifierKey: first.verifierKey,
  readySeconds: (performance.now() - beganAt) / 1000,
  sample,
}
process.stdout.write(`${JSON.stringify(ready)}\n`)
for await (const _ of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify({ rssMb: process.memoryUsage.rss() / 1_048_576 })}\n`)
}

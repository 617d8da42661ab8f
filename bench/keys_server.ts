/** A server on a database that is there already: `keys_server.ts DIRECTORY`. Tells when it is ready, and its memory. */
import { createInterface } from 'node:readline'
import { openInstallation, silentLog } from '@countersign/server'
import { bind } from '../packages/cli/src/dev/bind.ts'
import { packedKeysMax, readMemoryBytes } from '../packages/server/src/run/packed_keys_max.ts'

const [directory] = process.argv.slice(2)
const bound = await bind(0, '127.0.0.1', '--port')
const url = `http://127.0.0.1:${bound.port}`
const beganAt = performance.now()
const server = await openInstallation({
  database: `sqlite:${directory}/countersign.db`,
  baseUrl: url,
  version: 'bench',
  log: silentLog,
  packedKeysMax: packedKeysMax(1, readMemoryBytes()),
})
bound.serve(server.createListener())
process.stdout.write(`${JSON.stringify({ url, readySeconds: (performance.now() - beganAt) / 1000 })}\n`)
await server.services.warming.settled()
process.stdout.write(`${JSON.stringify({ knownSeconds: (performance.now() - beganAt) / 1000 })}\n`)
for await (const _ of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify({ rssMb: process.memoryUsage.rss() / 1_048_576 })}\n`)
}

/** So many SDKs in one process: `followers_group.ts URL CREDENTIAL COUNT`. Tells when all are fresh, then what it is asked. */
import { createInterface } from 'node:readline'
import { connect } from '@countersign/verifier/engine'
import { audience } from './installation.ts'

const [url = '', credential = '', count = '0'] = process.argv.slice(2)
/**
 * By sequence: how many have it, and when the last one got it, by the clock that all processes share. In arrays, since this
 * runs for every change at every follower, beside what is measured.
 */
const have = new Uint16Array(1_000_000)
const lastAt = new Float64Array(have.length)
const connections = await Promise.all(
  Array.from({ length: Number(count) }, async () => {
    const connection = connect({ issuer: url, audience, credential, maxStalenessSeconds: 10 })
    await connection.ready()
    const { keeper } = connection
    let before = keeper.book?.place.sequence ?? 0
    keeper.subscribe(() => {
      const sequence = keeper.book?.place.sequence ?? 0
      if (sequence === before) return
      const now = performance.timeOrigin + performance.now()
      for (; before < sequence; before++) {
        have[before + 1] = (have[before + 1] as number) + 1
        lastAt[before + 1] = now
      }
    })
    return connection
  }),
)
process.stdout.write('{}\n')
for await (const line of createInterface({ input: process.stdin })) {
  if (line === 'applied') {
    const complete = [...lastAt.entries()].filter(([sequence]) => have[sequence] === connections.length)
    process.stdout.write(`${JSON.stringify(Object.fromEntries(complete))}\n`)
  } else {
    const fresh = connections.filter(({ keeper }) => keeper.isFresh()).length
    process.stdout.write(`${JSON.stringify({ fresh, rssMb: process.memoryUsage.rss() / 1_048_576 })}\n`)
  }
}

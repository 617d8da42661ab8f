/** So many SDKs in one process: `followers_group.ts URL CREDENTIAL COUNT`. Tells when all are fresh, then what it is asked. */
import { createInterface } from 'node:readline'
import { connect } from '@countersign/verifier'
import { audience } from './installation.ts'

const [url = '', credential = '', count = '0'] = process.argv.slice(2)
/** By sequence: how many have it, and when the last one got it, by the clock that all processes share. */
const have = new Map<number, number>()
const lastAt = new Map<number, number>()
const connections = await Promise.all(
  Array.from({ length: Number(count) }, async () => {
    const connection = connect({ issuer: url, audience, credential, maxStalenessSeconds: 10 })
    await connection.ready()
    const { keeper } = connection
    let before = keeper.book?.place.sequence ?? 0
    keeper.subscribe(() => {
      const sequence = keeper.book?.place.sequence ?? 0
      const now = performance.timeOrigin + performance.now()
      for (let each = before + 1; each <= sequence; each++) {
        have.set(each, (have.get(each) ?? 0) + 1)
        lastAt.set(each, now)
      }
      before = Math.max(before, sequence)
    })
    return connection
  }),
)
process.stdout.write('{}\n')
for await (const line of createInterface({ input: process.stdin })) {
  if (line === 'applied') {
    const complete = [...lastAt].filter(([sequence]) => have.get(sequence) === connections.length)
    process.stdout.write(`${JSON.stringify(Object.fromEntries(complete))}\n`)
  } else {
    const fresh = connections.filter(({ keeper }) => keeper.isFresh()).length
    process.stdout.write(`${JSON.stringify({ fresh, rssMb: process.memoryUsage.rss() / 1_048_576 })}\n`)
  }
}

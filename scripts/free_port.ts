// For tests that start processes: a port that a killed process finds free again.
import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'

/**
 * A TCP port of 127.0.0.1 on which nothing listens, from 20,000 to 29,999: below the range from which the system gives
 * ports to outgoing connections (32,768 on Linux), and low enough that the port ten thousand above it, on which the nodes
 * of a Redis cluster talk to each other, exists.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(20_000, 30_000)
    const probe = createServer()
    const isFree = await new Promise<boolean>((resolve) => {
      probe.once('error', () => resolve(false))
      probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)))
    })
    if (isFree) return port
  }
}

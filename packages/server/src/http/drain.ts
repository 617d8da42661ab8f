import type { Server } from 'node:http'
import { Server as NetServer } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'

/** Servers that are being drained: their answers end the connection. */
const draining = new WeakSet<Server>()

export function isDraining(server: Server): boolean {
  return draining.has(server)
}

/**
 * Takes no connection more, answers what comes on those there are and ends each with its answer, so that no request is
 * sent into a connection that is being closed. Idle ones are closed after `idleMs`, whatever still runs after `allMs`.
 */
export async function drain(server: Server, { idleMs, allMs }: Record<'idleMs' | 'allMs', number>): Promise<void> {
  draining.add(server)
  const closed = new Promise<void>((resolve) => server.once('close', resolve))
  // `close` of `node:net`: that of `node:http` closes idle connections at once, under requests that are on their way.
  NetServer.prototype.close.call(server)
  const pause = (ms: number): Promise<void> => wait(ms, undefined, { ref: false })
  await Promise.race([closed, pause(idleMs)])
  server.closeIdleConnections()
  await Promise.race([closed, pause(allMs - idleMs)])
  server.closeAllConnections()
  await closed
}

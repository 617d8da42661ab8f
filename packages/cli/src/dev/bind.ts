import type { Server as HttpServer } from 'node:http'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { CommandError } from '../exit.ts'

/** A port that is ours before anything else is begun: what connects meanwhile waits. */
export interface Bound {
  readonly port: number
  /** Hand every connection, those that wait too, to the HTTP server. */
  serve(server: HttpServer): void
  close(): void
}

/**
 * Take the port on 127.0.0.1 and ::1, or on `host` alone. Throws one line that names the flag when it is taken. Machines
 * without IPv6 are served on IPv4.
 */
export async function bind(port: number, host: string | undefined, flag: string): Promise<Bound> {
  const waiting: Socket[] = []
  let http: HttpServer | undefined
  const accept = (socket: Socket): void => {
    if (http === undefined) waiting.push(socket)
    else http.emit('connection', socket)
  }
  const first = await listen(port, host ?? '127.0.0.1', accept, flag)
  const servers = [first]
  const bound = (first.address() as AddressInfo).port
  if (host === undefined) {
    const second = await listen(bound, '::1', accept, flag).catch((error: unknown) => {
      if (error instanceof CommandError) {
        first.close()
        throw error
      }
      return undefined
    })
    if (second !== undefined) servers.push(second)
  }
  return {
    port: bound,
    serve(server) {
      http = server
      // It takes over the listening handle, so that its own time limits and its drain hold for every connection.
      server.listen(first)
      for (const socket of waiting.splice(0)) server.emit('connection', socket)
    },
    close() {
      // Once taken over, the handle is the HTTP server's to close.
      for (const server of http === undefined ? servers : servers.slice(1)) server.close()
    },
  }
}

function listen(port: number, host: string, accept: (socket: Socket) => void, flag: string): Promise<Server> {
  return new Promise((resolve, reject) => {
    // An HTTP server's own sockets are half-open too; without it, a client that ends its side would lose the answer.
    const server = createServer({ allowHalfOpen: true, noDelay: true }, accept)
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE')
        reject(new CommandError('error', `port ${port} is taken on ${host}: choose another with ${flag}`))
      else if (error.code === 'EACCES')
        reject(new CommandError('error', `port ${port} may not be used: choose another with ${flag}`))
      else reject(error)
    })
    server.listen(port, host, () => resolve(server))
  })
}

const loopbackNames = new Set(['localhost', '127.0.0.1', '[::1]'])

/** Whether a `Host` field names this machine: anything else may be a page that had its name point here. */
export function isLoopbackHost(host: string): boolean {
  return loopbackNames.has(host.replace(/:\d{1,5}$/, '').toLowerCase())
}

/** Single requests for the open loop, over kept connections: undici, the lightest client there is for Node. */
import { importPeer } from './peer.ts'
import { isRight, type Target } from './target.ts'

interface Undici {
  readonly Pool: new (origin: string, options: { readonly connections: number; readonly pipelining: number }) => Pool
}

interface Pool {
  dispatch(request: object, handler: Handler): boolean
  destroy(): Promise<void>
}

/** The part of undici's `DispatchHandler` that an answer needs. */
interface Handler {
  onRequestStart(): void
  onResponseStart(controller: unknown, status: number): void
  onResponseData(controller: unknown, chunk: Buffer): void
  onResponseEnd(): void
  onResponseError(controller: unknown, error: Error): void
}

export interface Sender {
  send(): Promise<void>
  close(): Promise<void>
}

/** Requests beyond the free connections wait here, and their waiting counts. */
const connections = 64

export async function openSender(target: Target): Promise<Sender> {
  const { Pool } = await importPeer<Undici>('undici')
  const { origin, pathname, search } = new URL(target.url)
  const pool = new Pool(origin, { connections, pipelining: 1 })
  const request = { path: pathname + search, method: target.method, headers: target.headers, body: target.body }
  const send = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const chunks: Buffer[] = []
      let answered = 0
      pool.dispatch(request, {
        onRequestStart: () => undefined,
        onResponseStart: (_, status) => {
          answered = status
        },
        onResponseData: (_, chunk) => void chunks.push(chunk),
        onResponseEnd: () => {
          const body = Buffer.concat(chunks).toString('utf8')
          if (isRight(target, answered, body)) resolve()
          else reject(new Error(`${target.url} answered ${answered}`))
        },
        onResponseError: (_, error) => reject(error),
      })
    })
  return { send, close: () => pool.destroy() }
}

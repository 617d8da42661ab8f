/** The redirect URI of a program on this machine (RFC 8252 §7.3): a listener for one answer, on a port of the system's choice. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { ApiError } from '../api_error.ts'

/** A listener that waits for the answer of one sign-in. */
export interface Loopback {
  readonly redirectUri: string
  /** The parameters of the answer that has this `state`. Whatever else comes is answered and ignored. */
  answer(state: string, signal: AbortSignal): Promise<URLSearchParams>
  close(): void
}

const path = '/callback'

const page = (text: string): string =>
  `<!doctype html><html lang="en"><meta charset="utf-8"><title>Sign-in</title><p>${text}</p></html>`

const headers = {
  'Content-Type': 'text/html; charset=utf-8',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
  'Referrer-Policy': 'no-referrer',
  'Cache-Control': 'no-store',
  Connection: 'close',
}

export async function openLoopback(): Promise<Loopback> {
  let waiting: { readonly state: string; readonly take: (answer: URLSearchParams) => void } | undefined
  const server = createServer((request, response) => {
    const url = URL.parse(request.url ?? '', 'http://127.0.0.1')
    const isOurs = url?.pathname === path && request.method === 'GET' && isOwnHost(request.headers.host)
    // A page that guesses the port cannot end the wait: it does not know the state.
    if (!isOurs || waiting === undefined || url.searchParams.get('state') !== waiting.state) {
      response.writeHead(404, headers).end(page('This address waits for the answer to a sign-in, and this is not it.'))
      return
    }
    response.writeHead(200, headers).end(page('You can close this window and go back to the program.'))
    waiting.take(url.searchParams)
    waiting = undefined
  })
  await new Promise<void>((listening, failed) => {
    server.once('error', failed)
    server.listen(0, '127.0.0.1', listening)
  })
  const { port } = server.address() as AddressInfo
  const isOwnHost = (host: string | undefined): boolean => host === `127.0.0.1:${port}`
  return {
    redirectUri: `http://127.0.0.1:${port}${path}`,
    answer: (state, signal) =>
      new Promise((take, reject) => {
        waiting = { state, take }
        const give = () => reject(new ApiError({ status: 0, code: 'timeout', detail: 'nobody finished the sign-in' }))
        if (signal.aborted) give()
        signal.addEventListener('abort', give, { once: true })
      }),
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
}

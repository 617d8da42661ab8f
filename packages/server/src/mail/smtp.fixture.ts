/** A mail server for tests: takes what RFC 5321 says, keeps it, and refuses what the test says. */
import { createServer, type Socket } from 'node:net'

export interface Taken {
  readonly from: string
  readonly to: readonly string[]
  /** Head and body as they came, without the last dot. */
  readonly data: string
}

export interface SmtpServer {
  readonly port: number
  readonly taken: readonly Taken[]
  /** All lines of clients. */
  readonly said: readonly string[]
  close(): Promise<void>
}

/** `refuses`: the answer to a line, instead of the usual one. `offers`: what EHLO offers. */
export async function startSmtp({
  refuses = () => undefined,
  offers = [],
}: {
  readonly refuses?: (line: string) => string | undefined
  readonly offers?: readonly string[]
} = {}): Promise<SmtpServer> {
  const taken: Taken[] = []
  const said: string[] = []
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => {})
    serve(socket)
  })

  function serve(socket: Socket): void {
    let from = ''
    let to: string[] = []
    let data: string[] | undefined
    let rest = ''
    const answer = (text: string): unknown => socket.write(`${text}\r\n`)
    answer('220 mail.test ESMTP')
    socket.setEncoding('latin1').on('data', (piece: string) => {
      const lines = (rest + piece).split('\r\n')
      rest = lines.pop() ?? ''
      for (const line of lines) take(line)
    })

    function take(line: string): unknown {
      if (data !== undefined) {
        if (line !== '.') return data.push(line)
        taken.push({ from, to, data: data.join('\r\n') })
        data = undefined
        to = []
        return answer('250 taken')
      }
      said.push(line)
      const refusal = refuses(line)
      if (refusal !== undefined) return answer(refusal)
      const word = line.slice(0, 4).toUpperCase()
      if (word === 'EHLO') return answer([...offers.map((each) => `250-${each}`), '250 8BITMIME'].join('\r\n'))
      if (word === 'MAIL') from = /<([^>]*)>/.exec(line)?.[1] ?? ''
      if (word === 'RCPT') to.push(/<([^>]*)>/.exec(line)?.[1] ?? '')
      if (word === 'DATA') {
        data = []
        return answer('354 go on')
      }
      if (word === 'AUTH') return answer('235 known')
      if (word === 'QUIT') socket.end()
      return answer('250 ok')
    }
  }

  const port = await new Promise<number>((listening) =>
    server.listen(0, '127.0.0.1', () => listening((server.address() as { readonly port: number }).port)),
  )
  return {
    port,
    taken,
    said,
    close: () =>
      new Promise((closed) => {
        server.close(() => closed())
        for (const socket of sockets) socket.destroy()
      }),
  }
}

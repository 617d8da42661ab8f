/** Single questions for the open loop, over kept connections. */
import { Connection, type Question, writeQuestion } from './connection.ts'

export interface Sender {
  /** Resolves when the whole answer was read and is right, else rejects. */
  send(): Promise<void>
  close(): void
}

export interface SenderOptions {
  /** The bytes of each question. Default: always those of `question`. */
  readonly next?: () => Buffer
  /** Questions beyond the free connections wait here, and their waiting counts. Default 64. */
  readonly connectionsMax?: number
}

export function openSender(
  question: Question,
  isRight: (status: number, body: string) => boolean,
  { next, connectionsMax = 64 }: SenderOptions = {},
): Sender {
  const bytes = writeQuestion(question)
  const free = Array.from({ length: connectionsMax }, () => openPlace(question.url))
  const waiting: Waiting[] = []

  function start(place: Place, { resolve, reject }: Waiting): void {
    place.reject = reject
    place.connection.ask(next?.() ?? bytes, (status, body) => {
      const following = waiting.shift()
      if (following === undefined) free.push(place)
      else start(place, following)
      if (isRight(status, body)) resolve()
      else reject(new Error(`${question.url} answered ${status}`))
    })
  }

  return {
    send: () =>
      new Promise((resolve, reject) => {
        // In turns, so that none is idle for so long that the server closes it.
        const place = free.shift()
        if (place === undefined) waiting.push({ resolve, reject })
        else start(place, { resolve, reject })
      }),
    close() {
      for (const { connection } of free) connection.close()
    },
  }
}

interface Waiting {
  resolve(): void
  reject(error: Error): void
}

interface Place {
  readonly connection: Connection
  reject: (error: Error) => void
}

function openPlace(url: string): Place {
  const place: Place = { connection: new Connection(url, (error) => place.reject(error)), reject: () => {} }
  return place
}

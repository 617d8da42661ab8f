/** As many requests as a server answers: each connection sends its next question when its answer has come. */
import { Connection } from './connection.ts'

export interface ClosedLoopOptions {
  readonly url: string
  /** Bytes of the next question; see `writeQuestion`. */
  readonly next: () => Buffer
  /** The first wrong answer ends the run. */
  readonly isRight: (status: number, body: string) => boolean
  readonly seconds: number
  /** Default 32. */
  readonly connections?: number
}

export interface ClosedLoopResult {
  readonly perSecond: number
  readonly answers: number
}

/** Rejects when an answer is not right, or does not come. */
export async function closedLoop(options: ClosedLoopOptions): Promise<ClosedLoopResult> {
  const { url, next, isRight, seconds, connections = 32 } = options
  const beganAt = performance.now()
  const endsAt = beganAt + seconds * 1000
  let answers = 0

  function run(): Promise<void> {
    return new Promise((resolve, reject) => {
      const connection = new Connection(url, reject)
      const ask = (): void =>
        connection.ask(next(), (status, body) => {
          if (!isRight(status, body)) reject(new Error(`${url} answered ${status}: ${body.slice(0, 200)}`))
          else if (performance.now() < endsAt) {
            answers++
            return ask()
          } else resolve()
          connection.close()
        })
      ask()
    })
  }

  await Promise.all(Array.from({ length: connections }, run))
  return { perSecond: (answers * 1000) / (performance.now() - beganAt), answers }
}

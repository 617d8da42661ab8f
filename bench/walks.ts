/** Walks of several requests, each made from the answer before: as many as a server lets people take. */
import { Connection } from './connection.ts'

export interface WalkAnswer {
  readonly status: number
  readonly head: string
  readonly body: string
}

/** One walk after the other, over one connection. */
export interface Walker {
  /** The bytes of its first question. */
  begin(): Buffer
  /** The bytes of the next one, from the answer to the one before; `undefined` where the walk is at its end. */
  next(answer: WalkAnswer): Buffer | undefined
}

export interface WalksOptions {
  readonly url: string
  readonly seconds: number
  /** One each for its own connection. */
  readonly walkers: readonly Walker[]
}

/** Rejects when a walker throws, or an answer does not come. */
export async function takeWalks({ url, seconds, walkers }: WalksOptions) {
  const beganAt = performance.now()
  const endsAt = beganAt + seconds * 1_000
  let answers = 0

  function run(walker: Walker): Promise<void> {
    return new Promise((resolve, reject) => {
      const connection = new Connection(url, reject)
      const ask = (question: Buffer): void =>
        connection.ask(question, (status, body, head) => {
          try {
            const further = walker.next({ status, head, body })
            if (further !== undefined) return ask(further)
            answers++
            if (performance.now() < endsAt) return ask(walker.begin())
            connection.close()
            resolve()
          } catch (error) {
            connection.close()
            reject(error)
          }
        })
      ask(walker.begin())
    })
  }

  await Promise.all(walkers.map(run))
  return { perSecond: (answers * 1_000) / (performance.now() - beganAt), answers }
}

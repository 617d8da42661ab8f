/**
 * The chores of a store, in a thread of their own: they take tens of milliseconds each, and the sync of a slow disk as long
 * again, in which the thread that verifies would answer nobody.
 *
 * SQLite has one writer at a time: each transaction of that thread asks this one for its turn among those made here.
 */
import { Worker } from 'node:worker_threads'
import type { Chores } from '../chores.ts'
import type { SqliteDatabase } from './database.ts'
import { receiveError, type SentError } from './sent_error.ts'

/** To the thread: a chore, the turn that it asked for, or the end. */
export type ToThread =
  | {
      readonly chore: keyof Chores
      readonly number: number
      /** The parameters as JSON, which passes between threads in a tenth of the time of objects. */
      readonly given: string
    }
  | { readonly turn: number }
  | 'end'

/** From the thread: what came of a chore, a turn it asks for, or one that is over. */
export type FromThread =
  | { readonly number: number; readonly value: unknown }
  | { readonly number: number; readonly error: SentError }
  | { readonly asks: number }
  | { readonly isOver: number }

export interface ChoreThread extends Chores {
  /** Waits for the transactions that have begun. */
  close(): Promise<void>
}

/** What of it was done is not known. The next chore starts another thread. */
export class ThreadEndedError extends Error {
  override readonly name = 'ThreadEndedError'

  constructor(cause: unknown) {
    super('the thread for the chores of the store has ended', { cause })
  }
}

interface Waiting {
  resolve(value: unknown): void
  reject(error: unknown): void
}

/** Its statements are few and its batches small: what Node would give it is more than all it does takes. */
const resourceLimits = { maxYoungGenerationSizeMb: 4, maxOldGenerationSizeMb: 128 }

/** What a worker thread offers of what is used here. */
export interface ChoreWorker {
  postMessage(message: ToThread): void
  on(event: 'message', listener: (message: FromThread) => void): unknown
  on(event: 'error' | 'exit', listener: (reason: unknown) => void): unknown
  ref(): void
  unref(): void
}

/**
 * Begins with the first chore, and keeps no process alive while there is none. Chores throw `ThreadEndedError` besides.
 * `startWorker`: by default a thread of this process.
 */
export function createChoreThread(
  file: string,
  database: Pick<SqliteDatabase, 'inTurn'>,
  startWorker: (file: string) => ChoreWorker = startThread,
): ChoreThread {
  let running: Running | undefined

  async function ask(chore: keyof Chores, ...given: readonly unknown[]): Promise<never> {
    running ??= start()
    return (await running.ask(chore, given)) as never
  }

  function start(): Running {
    try {
      const started = run(startWorker(file), database, () => {
        if (running === started) running = undefined
      })
      return started
    } catch (error) {
      throw new ThreadEndedError(error)
    }
  }

  return {
    countUsage: (batch) => ask('countUsage', batch),
    rollUpUsage: (...given) => ask('rollUpUsage', ...given),
    cleanUp: (...given) => ask('cleanUp', ...given),
    savePositions: (positions) => ask('savePositions', positions),
    async close() {
      const ending = running
      running = undefined
      await ending?.end()
    },
  }
}

interface Running {
  ask(chore: keyof Chores, given: readonly unknown[]): Promise<unknown>
  end(): Promise<void>
}

function startThread(file: string): ChoreWorker {
  // Beside this file, as source or as what was built from it.
  const name = import.meta.url.endsWith('.ts') ? './chore_worker.ts' : './chore_worker.js'
  return new Worker(new URL(name, import.meta.url), { workerData: file, resourceLimits })
}

function run(worker: ChoreWorker, database: Pick<SqliteDatabase, 'inTurn'>, onEnd: () => void): Running {
  const chores = new Map<number, Waiting>()
  const turns = new Map<number, () => void>()
  const ended = Promise.withResolvers<void>()
  let nextNumber = 0
  let hasEnded = false
  let isEnding = false
  worker.unref()

  const post = (message: ToThread): void => worker.postMessage(message)
  const giveTurn = (turn: number): Promise<void> =>
    database.inTurn(
      () =>
        new Promise((resolve) => {
          // It may have ended while it waited: nobody would give the turn back, and everybody would wait for it.
          if (hasEnded) return resolve()
          turns.set(turn, resolve)
          post({ turn })
        }),
    )
  worker.on('message', (message: FromThread) => {
    if ('asks' in message) void giveTurn(message.asks)
    else if ('isOver' in message) take(turns, message.isOver)?.()
    else settle(take(chores, message.number), message)
  })
  const stop = (reason: unknown): void => {
    hasEnded = true
    onEnd()
    for (const resolve of turns.values()) resolve()
    turns.clear()
    for (const { reject } of chores.values()) reject(new ThreadEndedError(reason))
    chores.clear()
    ended.resolve()
  }
  worker.on('error', stop)
  worker.on('exit', stop)

  function settle(waiting: Waiting | undefined, answer: Extract<FromThread, { readonly number: number }>): void {
    // Whoever ends it waits for that, and nothing else may keep the process.
    if (chores.size === 0 && !isEnding) worker.unref()
    if ('error' in answer) waiting?.reject(receiveError(answer.error))
    else waiting?.resolve(answer.value)
  }

  return {
    ask(chore, given) {
      return new Promise((resolve, reject) => {
        const number = nextNumber++
        chores.set(number, { resolve, reject })
        // The process must not end while this is under way.
        worker.ref()
        post({ chore, number, given: JSON.stringify(given) })
      })
    },
    end() {
      isEnding = true
      worker.ref()
      post('end')
      return ended.promise
    },
  }
}

function take<T>(from: Map<number, T>, number: number): T | undefined {
  const value = from.get(number)
  from.delete(number)
  return value
}

/** The chores of `thread`, done `here` when it ended: whatever of them it had committed is not done twice. */
export function orHere(thread: Chores, here: Chores): Chores {
  const either =
    <Given extends readonly unknown[], Value>(
      there: (...given: Given) => Promise<Value>,
      instead: (...given: Given) => Promise<Value>,
    ) =>
    async (...given: Given): Promise<Value> => {
      try {
        return await there(...given)
      } catch (error) {
        if (error instanceof ThreadEndedError) return await instead(...given)
        throw error
      }
    }
  return {
    countUsage: either(thread.countUsage, here.countUsage),
    rollUpUsage: either(thread.rollUpUsage, here.rollUpUsage),
    cleanUp: either(thread.cleanUp, here.cleanUp),
    savePositions: either(thread.savePositions, here.savePositions),
  }
}

/**
 * The chores of a store, in a thread of their own. Each takes tens of milliseconds, and the sync of a slow disk as long
 * again; meanwhile the thread that verifies could not answer.
 *
 * SQLite has one writer at a time: each transaction of that thread asks this one for its turn among those made here.
 */
import { Worker } from 'node:worker_threads'
import type { Chores } from '../chores.ts'
import type { SqliteDatabase } from './database.ts'
import { receiveError, type SentError } from './sent_error.ts'

/** A message to the thread: a chore, the turn that it asked for, or the end. */
export type ToThread =
  | {
      readonly chore: keyof Chores
      readonly number: number
      /** The parameters as JSON, which passes between threads in a tenth of the time of objects. */
      readonly given: string
    }
  | { readonly turn: number }
  | 'end'

/** A message from the thread: the result of a chore, a turn that it asks for, or a turn that is over. */
export type FromThread =
  | { readonly number: number; readonly value: unknown }
  | { readonly number: number; readonly error: SentError }
  | { readonly asks: number }
  | { readonly isOver: number }

export interface ChoreThread extends Chores {
  /** Waits for the transactions that have begun. */
  close(): Promise<void>
}

/** The outcome of the chore is not known. The next chore starts another thread. */
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

/** Less than Node's default, since the thread has few statements and small batches. */
const resourceLimits = { maxYoungGenerationSizeMb: 4, maxOldGenerationSizeMb: 128 }

/** The part of a worker thread that is used here. */
export interface ChoreWorker {
  postMessage(message: ToThread): void
  on(event: 'message', listener: (message: FromThread) => void): unknown
  on(event: 'error' | 'exit', listener: (reason: unknown) => void): unknown
  ref(): void
  unref(): void
}

/**
 * The thread starts with the first chore, and keeps the process alive only while a chore runs. Chores also throw
 * `ThreadEndedError`. `startWorker` starts a thread of this process by default.
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
      const started = new Running(startWorker(file), database, () => {
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

function startThread(file: string): ChoreWorker {
  // The worker is the file beside this one, as source or as built.
  const name = import.meta.url.endsWith('.ts') ? './chore_worker.ts' : './chore_worker.js'
  return new Worker(new URL(name, import.meta.url), { workerData: file, resourceLimits })
}

/** One thread, from its start to its end. */
class Running {
  readonly #worker: ChoreWorker
  readonly #database: Pick<SqliteDatabase, 'inTurn'>
  readonly #onEnd: () => void
  readonly #chores = new Map<number, Waiting>()
  /** Turns that the thread has, by number, with what gives each back. */
  readonly #turns = new Map<number, () => void>()
  readonly #ended = Promise.withResolvers<void>()
  #nextNumber = 0
  #hasEnded = false
  #isEnding = false

  constructor(worker: ChoreWorker, database: Pick<SqliteDatabase, 'inTurn'>, onEnd: () => void) {
    this.#worker = worker
    this.#database = database
    this.#onEnd = onEnd
    worker.unref()
    worker.on('message', (message: FromThread) => this.#receive(message))
    worker.on('error', (reason) => this.#stop(reason))
    worker.on('exit', (reason) => this.#stop(reason))
  }

  ask(chore: keyof Chores, given: readonly unknown[]): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const number = this.#nextNumber++
      this.#chores.set(number, { resolve, reject })
      // The process must not end while this is under way.
      this.#worker.ref()
      this.#post({ chore, number, given: JSON.stringify(given) })
    })
  }

  end(): Promise<void> {
    this.#isEnding = true
    this.#worker.ref()
    this.#post('end')
    return this.#ended.promise
  }

  #post(message: ToThread): void {
    this.#worker.postMessage(message)
  }

  #receive(message: FromThread): void {
    if ('asks' in message) void this.#giveTurn(message.asks)
    else if ('isOver' in message) take(this.#turns, message.isOver)?.()
    else this.#settle(take(this.#chores, message.number), message)
  }

  #giveTurn(turn: number): Promise<void> {
    return this.#database.inTurn(
      () =>
        new Promise((resolve) => {
          // A thread that ended while it waited would never give its turn back, and every other write would wait for it.
          if (this.#hasEnded) return resolve()
          this.#turns.set(turn, resolve)
          this.#post({ turn })
        }),
    )
  }

  #settle(waiting: Waiting | undefined, answer: Extract<FromThread, { readonly number: number }>): void {
    // A call of `end` keeps the process until the thread has ended; without one, an idle thread keeps nothing.
    if (this.#chores.size === 0 && !this.#isEnding) this.#worker.unref()
    if ('error' in answer) waiting?.reject(receiveError(answer.error))
    else waiting?.resolve(answer.value)
  }

  #stop(reason: unknown): void {
    this.#hasEnded = true
    this.#onEnd()
    for (const resolve of this.#turns.values()) resolve()
    this.#turns.clear()
    for (const { reject } of this.#chores.values()) reject(new ThreadEndedError(reason))
    this.#chores.clear()
    this.#ended.resolve()
  }
}

function take<T>(from: Map<number, T>, number: number): T | undefined {
  const value = from.get(number)
  from.delete(number)
  return value
}

/** The chores of `thread`, done `here` when it has ended. Chores that it had committed are not done twice. */
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

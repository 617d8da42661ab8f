/**
 * argon2id in threads of the lowest priority: a sign-in may wait, and a verification must not. What a thread cannot do is
 * done without one.
 */
import { type Argon2Parameters, argon2 } from 'node:crypto'
import { Worker } from 'node:worker_threads'

/** The parameters without what is the same for all: they pass between threads. */
export type HashOrder = Required<Pick<Argon2Parameters, 'message' | 'nonce' | 'memory' | 'passes'>> &
  Pick<Argon2Parameters, 'parallelism' | 'tagLength'>

/** Absent where the thread could not make it. */
export type HashAnswer = Uint8Array | undefined

/** The part of a worker thread that is used here. */
export interface HashWorker {
  postMessage(order: HashOrder): void
  on(event: 'message', listener: (answer: HashAnswer) => void): unknown
  on(event: 'error' | 'exit', listener: () => void): unknown
  ref(): void
  unref(): void
  terminate(): unknown
}

export interface HashThreads {
  /** Callers bound how many run at once: each has a thread of its own. */
  derive(order: HashOrder): Promise<Uint8Array>
  close(): void
}

/** `start`: default a thread of this process. */
export function createHashThreads(start: () => HashWorker = startWorker): HashThreads {
  const idle = new Set<HashThread>()
  let isClosed = false

  async function ask(order: HashOrder): Promise<HashAnswer> {
    const [waiting] = idle
    const thread = waiting ?? begin()
    if (thread === undefined) return undefined
    idle.delete(thread)
    const answer = await thread.ask(order)
    if (isClosed) thread.worker.terminate()
    else if (!thread.hasEnded) idle.add(thread)
    return answer
  }

  function begin(): HashThread | undefined {
    try {
      return new HashThread(start(), (thread) => idle.delete(thread))
    } catch {
      return undefined
    }
  }

  return {
    derive: async (order) => (await ask(order)) ?? deriveHere(order),
    close() {
      isClosed = true
      for (const { worker } of idle) worker.terminate()
      idle.clear()
    },
  }
}

/** One thread with one order at a time. While it has none, it keeps no process alive. */
class HashThread {
  readonly worker: HashWorker
  hasEnded = false
  #settle: ((answer: HashAnswer) => void) | undefined

  constructor(worker: HashWorker, onEnd: (thread: HashThread) => void) {
    this.worker = worker
    worker.unref()
    const end = (): void => {
      this.hasEnded = true
      onEnd(this)
      this.#settle?.(undefined)
    }
    worker.on('message', (answer) => this.#settle?.(answer))
    worker.on('error', end)
    worker.on('exit', end)
  }

  async ask(order: HashOrder): Promise<HashAnswer> {
    const { promise, resolve } = Promise.withResolvers<HashAnswer>()
    this.#settle = resolve
    this.worker.ref()
    this.worker.postMessage(order)
    const answer = await promise
    this.worker.unref()
    return answer
  }
}

/** In a thread of Node's pool, with the priority of the process. */
export function deriveHere(order: HashOrder): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    argon2('argon2id', order, (error, key) => (error === null ? resolve(key) : reject(error)))
  })
}

function startWorker(): HashWorker {
  // Beside this file, as source or as what was built from it.
  const name = import.meta.url.endsWith('.ts') ? './hash_worker.ts' : './hash_worker.js'
  return new Worker(new URL(name, import.meta.url))
}

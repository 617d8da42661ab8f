/**
 * Signatures: of one that is asked for alone in this thread, at the end of the turn of the event loop; of several in one of
 * their own, while this one reads and answers requests. What that thread cannot do is done here: it is never needed.
 */
import { Worker } from 'node:worker_threads'
import {
  type MaybePromise,
  type SentSigningKey,
  type SignInput,
  type SigningKey,
  sendSigningKey,
  signInput,
} from '@countersign/core'
import { serverLimits } from '../limits.ts'
import type { Log } from '../observe/log.ts'

/**
 * To the thread: sign these with that key, and, the first time, the key itself, before which it may forget all others.
 */
export interface SigningOrder {
  readonly keyNumber: number
  readonly key?: SentSigningKey
  readonly forgets?: boolean
  readonly inputs: readonly string[]
}

/** From the thread: what it was asked for, in that order. */
export type SigningAnswer = readonly string[]

/** The part of a worker thread that is used here. */
export interface SigningWorker {
  postMessage(order: SigningOrder): void
  on(event: 'message', listener: (answer: SigningAnswer) => void): unknown
  on(event: 'error' | 'exit', listener: (reason: unknown) => void): unknown
  unref(): void
  terminate(): unknown
}

export interface SigningThread {
  readonly sign: SignInput
  close(): void
}

interface Waiting {
  readonly input: string
  resolve(signature: MaybePromise<string>): void
  reject(error: unknown): void
}

interface Sent {
  readonly key: SigningKey
  readonly waiting: readonly Waiting[]
}

interface Running {
  readonly worker: SigningWorker
  /** Answers come in the order of questions. */
  readonly sent: Sent[]
  readonly keyNumbers: Map<SigningKey, number>
  /** Never used again: a number means one key, whatever the thread still has. */
  nextKeyNumber: number
}

export function createSigningThread(options: {
  readonly log: Log
  /** Monotonic milliseconds. */
  readonly nowMs: () => number
  /** Default: a thread of this process. */
  readonly start?: () => SigningWorker
}): SigningThread {
  const { log, nowMs, start = startWorker } = options
  let gathered = new Map<SigningKey, Waiting[]>()
  let gatheredCount = 0
  let running: Running | undefined
  let mayStartAt = 0
  let isClosed = false

  function sign(key: SigningKey, input: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const waiting = gathered.get(key)
      if (waiting === undefined) gathered.set(key, [{ input, resolve, reject }])
      else waiting.push({ input, resolve, reject })
      if (++gatheredCount >= serverLimits.signOrderMax) flush()
      // Requests that came in with this turn have been read by then.
      else if (gatheredCount === 1) setImmediate(flush)
    })
  }

  function flush(): void {
    const orders = gathered
    // A thread that is awake is asked again at once. Sharing the work with it would make this thread late.
    const isWorthIt =
      gatheredCount >= serverLimits.signTogetherMin || (running !== undefined && running.sent.length > 0)
    const thread = isWorthIt ? runningThread() : undefined
    gathered = new Map()
    gatheredCount = 0
    for (const [key, waiting] of orders) {
      const order = { key, waiting }
      if (thread === undefined || !send(thread, order)) signHere(order)
    }
  }

  /** `undefined` where it ended by itself not long ago, or is behind with what it was given. */
  function runningThread(): Running | undefined {
    if (isClosed || nowMs() < mayStartAt) return undefined
    try {
      running ??= begin()
    } catch (error) {
      rest(error)
      return undefined
    }
    return running.sent.length < serverLimits.signOrdersMax ? running : undefined
  }

  function rest(reason: unknown): void {
    mayStartAt = nowMs() + serverLimits.signThreadRestMs
    log.warn(
      { error: reason },
      'the thread that signs has ended: tokens are signed without it until another is started',
    )
  }

  function begin(): Running {
    const begun: Running = { worker: start(), sent: [], keyNumbers: new Map(), nextKeyNumber: 0 }
    const { worker, sent } = begun
    worker.unref()
    worker.on('message', (signatures) => {
      const order = sent.shift()
      for (const [index, { resolve }] of (order?.waiting ?? []).entries()) resolve(signatures[index] as string)
    })
    const ended = (reason: unknown): void => {
      if (running !== begun) return
      running = undefined
      rest(reason)
      for (const order of sent.splice(0)) signHere(order)
    }
    worker.on('error', ended)
    worker.on('exit', ended)
    return begun
  }

  /** False when it cannot be sent: who signs it here learns why. */
  function send(thread: Running, order: Sent): boolean {
    const { keyNumbers, sent, worker } = thread
    try {
      const known = keyNumbers.get(order.key)
      const key = known === undefined ? sendSigningKey(order.key) : undefined
      // In Node it never is; were it waited for, other orders would come between.
      if (key instanceof Promise) return false
      const forgets = known === undefined && keyNumbers.size >= serverLimits.signThreadKeysMax
      const keyNumber = known ?? thread.nextKeyNumber++
      const inputs = order.waiting.map(({ input }) => input)
      worker.postMessage(key === undefined ? { keyNumber, inputs } : { keyNumber, key, forgets, inputs })
      if (forgets) keyNumbers.clear()
      keyNumbers.set(order.key, keyNumber)
      sent.push(order)
      return true
    } catch {
      return false
    }
  }

  return {
    sign,
    close() {
      isClosed = true
      const ending = running
      running = undefined
      for (const order of ending?.sent.splice(0) ?? []) signHere(order)
      void ending?.worker.terminate()
    },
  }
}

function signHere({ key, waiting }: Sent): void {
  for (const { input, resolve, reject } of waiting) {
    try {
      resolve(signInput(key, input))
    } catch (error) {
      reject(error)
    }
  }
}

function startWorker(): SigningWorker {
  // Beside this file, as source or as what was built from it.
  const name = import.meta.url.endsWith('.ts') ? './signing_worker.ts' : './signing_worker.js'
  return new Worker(new URL(name, import.meta.url))
}

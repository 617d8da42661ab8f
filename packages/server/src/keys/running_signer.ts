import { type MaybePromise, type SentSigningKey, type SigningKey, sendSigningKey } from '@countersign/core'
import { serverLimits } from '../limits.ts'

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

/** One input of an order, and who waits for its signature. */
export interface Waiting {
  readonly input: string
  resolve(signature: MaybePromise<string>): void
  reject(error: unknown): void
}

/** Inputs to be signed with one key. */
export interface KeyOrder {
  readonly key: SigningKey
  readonly waiting: readonly Waiting[]
}

/** A thread that signs, and the orders that it has not answered yet. */
export class RunningSigner {
  readonly #worker: SigningWorker
  /** Answers come in the order of questions. */
  readonly #sent: KeyOrder[] = []
  readonly #keyNumbers = new Map<SigningKey, number>()
  /** Never used again: a number means one key, whatever the thread still has. */
  #nextKeyNumber = 0

  constructor(worker: SigningWorker, onEnd: (reason: unknown) => void) {
    this.#worker = worker
    worker.unref()
    worker.on('message', (signatures) => {
      const order = this.#sent.shift()
      for (const [index, { resolve }] of (order?.waiting ?? []).entries()) resolve(signatures[index] as string)
    })
    worker.on('error', onEnd)
    worker.on('exit', onEnd)
  }

  /** The number of orders that it has not answered yet. */
  get sentCount(): number {
    return this.#sent.length
  }

  /** False when it cannot be sent: who signs it here learns why. */
  send(order: KeyOrder): boolean {
    const keyNumbers = this.#keyNumbers
    try {
      const known = keyNumbers.get(order.key)
      const key = known === undefined ? sendSigningKey(order.key) : undefined
      // In Node it never is; were it waited for, other orders would come between.
      if (key instanceof Promise) return false
      const forgets = known === undefined && keyNumbers.size >= serverLimits.signThreadKeysMax
      const keyNumber = known ?? this.#nextKeyNumber++
      const inputs = order.waiting.map(({ input }) => input)
      this.#worker.postMessage(key === undefined ? { keyNumber, inputs } : { keyNumber, key, forgets, inputs })
      if (forgets) keyNumbers.clear()
      keyNumbers.set(order.key, keyNumber)
      this.#sent.push(order)
      return true
    } catch {
      return false
    }
  }

  /** The orders that it will not answer any more. */
  takeBack(): readonly KeyOrder[] {
    return this.#sent.splice(0)
  }

  terminate(): void {
    void this.#worker.terminate()
  }
}

/**
 * Signatures: of one that is asked for alone in this thread, at the end of the turn of the event loop; of several in one of
 * their own, while this one reads and answers requests. What that thread cannot do is done here: it is never needed.
 */
import { Worker } from 'node:worker_threads'
import { type SignInput, signInput } from '@countersign/core'
import { serverLimits } from '../limits.ts'
import type { Log } from '../observe/log.ts'
import { gatherInputs } from './gathered_inputs.ts'
import { type KeyOrder, RunningSigner, type SigningWorker } from './running_signer.ts'

export interface SigningThread {
  readonly sign: SignInput
  close(): void
}

export function createSigningThread(options: {
  readonly log: Log
  /** Monotonic milliseconds. */
  readonly nowMs: () => number
  /** Default: a thread of this process. */
  readonly start?: () => SigningWorker
}): SigningThread {
  const { log, nowMs, start = startWorker } = options
  let running: RunningSigner | undefined
  let mayStartAt = 0
  let isClosed = false

  function signAll(orders: readonly KeyOrder[], count: number): void {
    // A thread that is awake is asked again at once. Sharing the work with it would make this thread late.
    const isWorthIt = count >= serverLimits.signTogetherMin || (running !== undefined && running.sentCount > 0)
    const thread = isWorthIt ? runningThread() : undefined
    for (const order of orders) if (thread === undefined || !thread.send(order)) signHere(order)
  }

  /** `undefined` where it ended by itself not long ago, or is behind with what it was given. */
  function runningThread(): RunningSigner | undefined {
    if (isClosed || nowMs() < mayStartAt) return undefined
    try {
      running ??= begin()
    } catch (error) {
      rest(error)
      return undefined
    }
    return running.sentCount < serverLimits.signOrdersMax ? running : undefined
  }

  function rest(reason: unknown): void {
    mayStartAt = nowMs() + serverLimits.signThreadRestMs
    log.warn(
      { error: reason },
      'the thread that signs has ended: tokens are signed without it until another is started',
    )
  }

  function begin(): RunningSigner {
    const begun = new RunningSigner(start(), (reason) => {
      if (running !== begun) return
      running = undefined
      rest(reason)
      for (const order of begun.takeBack()) signHere(order)
    })
    return begun
  }

  return {
    sign: gatherInputs(signAll),
    close() {
      isClosed = true
      const ending = running
      running = undefined
      for (const order of ending?.takeBack() ?? []) signHere(order)
      ending?.terminate()
    },
  }
}

function signHere({ key, waiting }: KeyOrder): void {
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

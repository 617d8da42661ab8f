/**
 * Counts of usage, written in a thread of their own: thousands of them take tens of milliseconds each second, and the sync
 * of a slow disk as long again, in which the thread that verifies would answer nobody.
 */
import { Worker } from 'node:worker_threads'
import type { Seconds } from '@countersign/core'
import type { UsageBatch, UsageCount } from '../records.ts'
import type { Store } from '../store.ts'
import type { SqliteDatabase } from './database.ts'
import { receiveError, type SentError } from './sent_error.ts'

/** To the thread: a `UsageBatch`, one at a time. `end` closes its connection to the file, and then it ends. */
export type UsageOrder = SentBatch | 'end'

export interface SentBatch {
  readonly id: string
  readonly now: Seconds
  /** As text, which passes between threads in a tenth of the time of objects. */
  readonly counts: string
}

/** From the thread. */
export type UsageAnswer = { readonly isNew: boolean } | { readonly error: SentError }

export interface UsageThread {
  /** One call at a time. Throws as `Store.countUsage`, and `ThreadEndedError`. */
  count(batch: UsageBatch): Promise<boolean>
  close(): Promise<void>
}

/** Whether the batch was counted is not known. The next call starts another thread. */
export class ThreadEndedError extends Error {
  override readonly name = 'ThreadEndedError'

  constructor(cause: unknown) {
    super('the thread that counts usage has ended', { cause })
  }
}

/** Its statements are few and its batches small: what Node would give it is more than all it does takes. */
const resourceLimits = { maxYoungGenerationSizeMb: 4, maxOldGenerationSizeMb: 128 }

export function createUsageThread(file: string): UsageThread {
  let worker: Worker | undefined

  function start(): Worker {
    // Beside this file, as source or as what was built from it.
    const name = import.meta.url.endsWith('.ts') ? './usage_worker.ts' : './usage_worker.js'
    const started = new Worker(new URL(name, import.meta.url), { workerData: file, resourceLimits })
    const ended = (): void => {
      if (worker === started) worker = undefined
    }
    started.on('error', ended)
    started.on('exit', ended)
    return started
  }

  return {
    async count(batch) {
      try {
        worker ??= start()
      } catch (error) {
        throw new ThreadEndedError(error)
      }
      const answer = await ask(worker, batch)
      if ('isNew' in answer) return answer.isNew
      throw receiveError(answer.error)
    },
    async close() {
      const ending = worker
      if (ending === undefined) return
      worker = undefined
      await new Promise((resolve) => {
        ending.ref()
        ending.once('exit', resolve)
        ending.postMessage('end' satisfies UsageOrder)
      })
    },
  }
}

/** Only what a count has: a counter's rows hold more, and one another. */
function sendCounts(counts: readonly UsageCount[]): string {
  return JSON.stringify(
    counts.map((each) => [
      each.tenant,
      each.credentialId,
      each.clientId,
      each.scope,
      each.outcome,
      each.minuteAt,
      each.count,
      each.lastAt ?? each.minuteAt,
    ]),
  )
}

export function receiveCounts(counts: string): readonly UsageCount[] {
  type Row = readonly [string, string, string, string, string, Seconds, number, Seconds]
  return (JSON.parse(counts) as readonly Row[]).map(
    ([tenant, credentialId, clientId, scope, outcome, minuteAt, count, lastAt]) => ({
      tenant,
      credentialId,
      clientId,
      scope,
      outcome,
      minuteAt,
      count,
      lastAt,
    }),
  )
}

function ask(worker: Worker, { id, counts, now }: UsageBatch): Promise<UsageAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<UsageAnswer>()
  const ended = (reason: unknown): void => reject(new ThreadEndedError(reason))
  // The process must not end while this is under way, and need not stay for it otherwise.
  worker.ref()
  worker.once('message', resolve)
  worker.once('error', ended)
  worker.once('exit', ended)
  worker.postMessage({ id, now, counts: sendCounts(counts) } satisfies UsageOrder)
  return promise.finally(() => {
    worker.unref()
    worker.off('message', resolve)
    worker.off('error', ended)
    worker.off('exit', ended)
  })
}

/** The store, whose counts are written by the thread, or here when that ended. */
export function withUsageThread(store: Store, database: Pick<SqliteDatabase, 'inTurn'>, thread: UsageThread): Store {
  return {
    ...store,
    async countUsage(batch) {
      try {
        return await database.inTurn(() => thread.count(batch))
      } catch (error) {
        if (!(error instanceof ThreadEndedError)) throw error
        // Whatever it had committed counts once.
        return await store.countUsage(batch)
      }
    },
    async close() {
      await database.inTurn(() => thread.close())
      await store.close()
    },
  }
}

/**
 * Several processes on one machine behind one port (`--workers N`): each a whole server over the same database. This one
 * serves nothing: it starts them, replaces one that ends, and restarts them one after the other on SIGHUP.
 */
import cluster, { type Worker } from 'node:cluster'
import { setTimeout as wait } from 'node:timers/promises'
import { serverLimits } from '../limits.ts'
import type { Log } from '../observe/log.ts'
import { answerMetrics } from '../observe/worker_metrics.ts'

export interface Workers {
  /** The address that the first ready worker listens on. */
  readonly address: string
  /** Every worker drains; resolves when all have ended. */
  stop(): Promise<void>
}

interface Ready {
  readonly ready: { readonly address: string }
}

/** A worker could not start, and has said why: the whole ends as it did. */
export class WorkerStartError extends Error {
  override readonly name = 'WorkerStartError'
  readonly exitCode: number

  constructor(exitCode: number) {
    super('a worker could not start')
    this.exitCode = exitCode
  }
}

/** Tells the primary that this worker can be sent requests. */
export function tellReady(address: string): void {
  process.send?.({ ready: { address } } satisfies Ready)
}

/** Starts `count` workers, the first alone: a fault that all of them have is said once. */
export async function startWorkers(count: number, log: Log): Promise<Workers> {
  const group = new WorkerGroup(log)
  const restart = (): void => group.restart()
  const stop = (): Promise<void> => {
    process.off('SIGHUP', restart)
    return group.stop()
  }
  try {
    const address = await group.start().ready
    await Promise.all(Array.from({ length: count - 1 }, () => group.start().ready))
    process.on('SIGHUP', restart)
    // In the next turn, as in serve.ts.
    setImmediate(() => log.info({ workers: count, address }, 'ready'))
    return { address, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

interface Started {
  readonly worker: Worker
  /** The address it listens on. */
  readonly ready: Promise<string>
}

class WorkerGroup {
  readonly #log: Log
  readonly #running = new Set<Worker>()
  /** Workers that were told to go, and workers begun beside one that is to go. They are not replaced. */
  readonly #unreplaced = new WeakSet<Worker>()
  #isStopping = false
  #isRestarting = false

  constructor(log: Log) {
    this.#log = log
  }

  /** `failures`: how often in a row the workers before it ended soon. */
  start(failures = 0): Started {
    const worker = cluster.fork()
    this.#running.add(worker)
    worker.on('message', (message) => answerMetrics(worker, message))
    const ready = readyOf(worker)
    void this.#keep(worker, performance.now(), failures)
    return { worker, ready }
  }

  /** A worker that ends by itself is replaced. One that ends again and again is started later and later. */
  async #keep(worker: Worker, beganAt: number, failures: number): Promise<void> {
    const { code, signal } = await endOf(worker)
    this.#running.delete(worker)
    if (this.#isStopping || worker.exitedAfterDisconnect || this.#unreplaced.has(worker)) return
    const lived = performance.now() - beganAt
    const failed = lived < serverLimits.workerStableMs ? failures + 1 : 0
    this.#log.error({ pid: worker.process.pid, code, signal }, 'a worker ended: another takes its place')
    await wait(Math.min(serverLimits.workerPauseMaxMs, failed === 0 ? 0 : 100 * 2 ** failed), undefined, { ref: false })
    if (!this.#isStopping) this.start(failed).ready.catch(() => {})
  }

  /** Replaces all, one after the other. Nothing while it is at it already. */
  restart(): void {
    if (this.#isRestarting) return
    this.#isRestarting = true
    void this.#replaceAll().finally(() => {
      this.#isRestarting = false
    })
  }

  async #replaceAll(): Promise<void> {
    for (const worker of [...this.#running]) {
      const next = this.start()
      this.#unreplaced.add(next.worker)
      try {
        await next.ready
      } catch {
        this.#log.error({}, 'the new worker did not start: the others go on as they are')
        return
      }
      this.#unreplaced.delete(next.worker)
      this.#unreplaced.add(worker)
      worker.process.kill('SIGTERM')
      await endOf(worker)
    }
    this.#log.info({ workers: this.#running.size }, 'every worker was replaced')
  }

  async stop(): Promise<void> {
    this.#isStopping = true
    const running = [...this.#running]
    for (const worker of running) worker.process.kill('SIGTERM')
    await Promise.all(running.map(endOf))
  }
}

function readyOf(worker: Worker): Promise<string> {
  return new Promise((resolve, reject) => {
    worker.on('message', (message: Partial<Ready>) => {
      if (message.ready !== undefined) resolve(message.ready.address)
    })
    worker.once('exit', (code) => reject(new WorkerStartError(code ?? 1)))
  })
}

function endOf(worker: Worker): Promise<{ readonly code: number | null; readonly signal: string | null }> {
  const { exitCode, signalCode } = worker.process
  if (exitCode !== null || signalCode !== null) return Promise.resolve({ code: exitCode, signal: signalCode })
  return new Promise((resolve) => worker.once('exit', (code, signal) => resolve({ code, signal })))
}

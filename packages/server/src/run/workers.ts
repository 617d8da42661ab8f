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

/** Starts `count` workers, the first alone: what is wrong with all of them is said once. */
export async function startWorkers(count: number, log: Log): Promise<Workers> {
  const running = new Set<Worker>()
  /** Workers that were told to go, and workers begun beside one that is to go. They are not replaced. */
  const unreplaced = new WeakSet<Worker>()
  let isStopping = false
  let isRestarting = false

  /** Replaced when it ends by itself; one that ends again and again is not started faster and faster. */
  async function keep(worker: Worker, beganAt: number, failures: number): Promise<void> {
    const { code, signal } = await endOf(worker)
    running.delete(worker)
    if (isStopping || worker.exitedAfterDisconnect || unreplaced.has(worker)) return
    const lived = performance.now() - beganAt
    const failed = lived < serverLimits.workerStableMs ? failures + 1 : 0
    log.error({ pid: worker.process.pid, code, signal }, 'a worker ended: another takes its place')
    await wait(Math.min(serverLimits.workerPauseMaxMs, failed === 0 ? 0 : 100 * 2 ** failed), undefined, { ref: false })
    if (!isStopping) start(failed).ready.catch(() => {})
  }

  function start(failures = 0): { readonly worker: Worker; readonly ready: Promise<string> } {
    const worker = cluster.fork()
    running.add(worker)
    worker.on('message', (message) => answerMetrics(worker, message))
    const ready = readyOf(worker)
    void keep(worker, performance.now(), failures)
    return { worker, ready }
  }

  async function replaceAll(): Promise<void> {
    for (const worker of [...running]) {
      const next = start()
      unreplaced.add(next.worker)
      try {
        await next.ready
      } catch {
        log.error({}, 'the new worker did not start: the others go on as they are')
        return
      }
      unreplaced.delete(next.worker)
      unreplaced.add(worker)
      worker.process.kill('SIGTERM')
      await endOf(worker)
    }
    log.info({ workers: running.size }, 'every worker was replaced')
  }

  const restart = (): void => {
    if (isRestarting) return
    isRestarting = true
    void replaceAll().finally(() => {
      isRestarting = false
    })
  }

  const first = start()
  const stop = async (): Promise<void> => {
    isStopping = true
    process.off('SIGHUP', restart)
    await Promise.all(
      [...running].map((worker) => {
        worker.process.kill('SIGTERM')
        return endOf(worker)
      }),
    )
  }
  try {
    const address = await first.ready
    await Promise.all(Array.from({ length: count - 1 }, () => start().ready))
    process.on('SIGHUP', restart)
    log.info({ workers: count, address }, 'ready')
    return { address, stop }
  } catch (error) {
    await stop()
    throw error
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

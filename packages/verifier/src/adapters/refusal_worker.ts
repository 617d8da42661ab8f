/** The thread that sleeps until a refusal may leave: see `refusal_times.ts`. */
import { parentPort, workerData } from 'node:worker_threads'
import type { RefusalMoment } from './refusal_times.ts'

const moment = workerData as RefusalMoment
let told = 0n

for (;;) {
  const at = Atomics.load(moment, 0)
  const leftMs = Number(at - process.hrtime.bigint()) / 1e6
  // Waits on the cell itself: writing another moment ends the wait.
  if (at === told) Atomics.wait(moment, 0, at)
  else if (leftMs > 0) Atomics.wait(moment, 0, at, leftMs)
  else {
    told = at
    parentPort?.postMessage(undefined)
  }
}

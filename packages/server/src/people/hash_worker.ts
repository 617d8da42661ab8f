/** A thread that hashes passwords: see `hash_thread.ts`. */
import { argon2Sync } from 'node:crypto'
import { constants, setPriority } from 'node:os'
import { parentPort } from 'node:worker_threads'
import type { HashAnswer, HashOrder } from './hash_thread.ts'

// Linux sets the priority of this thread alone (setpriority(2), "C library/kernel differences"), others that of the process.
if (process.platform === 'linux') setPriority(constants.priority.PRIORITY_LOW)

parentPort?.on('message', (order: HashOrder) => parentPort?.postMessage(derive(order)))

/** The other thread tries again, and says what is wrong. */
function derive(order: HashOrder): HashAnswer {
  try {
    return argon2Sync('argon2id', order)
  } catch {
    return undefined
  }
}

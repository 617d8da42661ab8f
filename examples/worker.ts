/** Verify in a worker thread: each worker has a verifier of its own, which follows the feed by itself. */
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { createVerifier } from '@countersign/verifier'

if (isMainThread) {
  const worker = new Worker(new URL(import.meta.url), { workerData: process.env.KEY })
  worker.once('message', (outcome) => console.log(outcome))
} else {
  const {
    COUNTERSIGN_URL: issuer = '',
    COUNTERSIGN_AUDIENCE: audience = '',
    COUNTERSIGN_KEY: credential = '',
  } = process.env
  const verifier = createVerifier({ issuer, audience, credential })
  const outcome = await verifier.verify(workerData as string, { scope: 'orders:read' })
  parentPort?.postMessage(outcome.outcome)
  verifier.close()
}

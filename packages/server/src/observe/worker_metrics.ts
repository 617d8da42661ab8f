/** Metrics of several workers as those of one server: whichever is asked has the first process add them all up. */
import cluster, { type Worker } from 'node:cluster'
import { AggregatorRegistry, type Registry } from 'prom-client'

interface Asked {
  readonly metricsFor: number
}
interface Answered extends Asked {
  readonly text?: string
}

const waitMs = 2_000
let asked = 0

/** In a worker: what is to be added up, and the sum, or `undefined` when this is no worker. */
export function shareMetrics(registry: Registry): () => Promise<string | undefined> {
  if (!cluster.isWorker) return async () => undefined
  AggregatorRegistry.setRegistries([registry])
  // Its listener answers the first process when that asks.
  new AggregatorRegistry()
  return () =>
    new Promise((resolve) => {
      const metricsFor = ++asked
      const settle = (text: string | undefined): void => {
        clearTimeout(timer)
        process.off('message', listen)
        resolve(text)
      }
      const listen = (message: Partial<Answered>): void => {
        if (message.metricsFor === metricsFor) settle(message.text)
      }
      const timer = setTimeout(settle, waitMs, undefined)
      process.on('message', listen)
      process.send?.({ metricsFor } satisfies Asked)
    })
}

/** In the first process: the sum over all workers, for the one that asks. */
export function answerMetrics(worker: Worker, message: Partial<Asked>): void {
  const { metricsFor } = message
  if (metricsFor === undefined) return
  aggregator ??= new AggregatorRegistry()
  aggregator.clusterMetrics().then(
    (text) => worker.isConnected() && worker.send({ metricsFor, text } satisfies Answered),
    () => worker.isConnected() && worker.send({ metricsFor } satisfies Answered),
  )
}

let aggregator: AggregatorRegistry<'text/plain; version=0.0.4; charset=utf-8'> | undefined

import { type Clock, elapsedMs, type Stamp } from '../clock.ts'

/** The server forgets the id of a batch after 6 h: sent again later, the batch would count twice. */
const batchLifeMs = 5 * 3_600_000

interface Batch<R> {
  readonly id: string
  readonly rows: readonly R[]
  readonly since: Stamp
}

/** As in `UsageReporterOptions`. */
interface BatchesOptions<R> {
  readonly send: (batchId: string, rows: readonly R[]) => Promise<void>
  readonly isHopeless: (error: unknown) => boolean
  readonly newBatchId: () => string
  readonly clock: Clock
  readonly batchRowsMax: number
  readonly onDropped: (rows: readonly R[], error: unknown) => void
  readonly onProblem?: (error: unknown) => void
}

/** Rows on their way, in batches that keep their id until they are acknowledged or given up. */
export class Batches<R> {
  readonly #options: BatchesOptions<R>
  #taken: readonly R[] = []
  #batch: Batch<R> | undefined
  #failures = 0

  constructor(options: BatchesOptions<R>) {
    this.#options = options
  }

  get isEmpty(): boolean {
    return this.#batch === undefined && this.#taken.length === 0
  }

  /** The number of failures since the last success. */
  get failures(): number {
    return this.#failures
  }

  /** Sends the rows that are there when it begins, in as many batches as needed; those of `take` where none are. */
  async sendAll(take: () => readonly R[]): Promise<void> {
    if (this.isEmpty) this.#taken = take()
    for (;;) {
      this.#batch ??= this.#next()
      if (this.#batch === undefined) return
      await this.#send(this.#batch)
      this.#batch = undefined
    }
  }

  #next(): Batch<R> | undefined {
    if (this.#taken.length === 0) return undefined
    const { batchRowsMax, newBatchId, clock } = this.#options
    const rows = this.#taken.slice(0, batchRowsMax)
    this.#taken = this.#taken.slice(batchRowsMax)
    return { id: newBatchId(), rows, since: clock.stamp() }
  }

  async #send({ id, rows, since }: Batch<R>): Promise<void> {
    const { send, isHopeless, clock, onDropped, onProblem } = this.#options
    try {
      await send(id, rows)
      this.#failures = 0
    } catch (error) {
      if (isHopeless(error) || elapsedMs(since, clock.stamp()) > batchLifeMs) {
        onDropped(rows, error)
        return
      }
      if (this.#failures++ === 0) onProblem?.(error)
      throw error
    }
  }
}

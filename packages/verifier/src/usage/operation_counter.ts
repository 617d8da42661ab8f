import type { Seconds } from '@countersign/core'
import type { OutcomeCode } from '../outcome.ts'

/** An operation as a description has it: the same object for each request. */
export interface CountedOperation {
  /** The HTTP method. */
  readonly method: string
  /** The path before all operations; empty for none. */
  readonly basePath: string
  /** The path as a template. */
  readonly path: string
}

/** The count of one operation of an API and one outcome on one day. */
export interface OperationRow {
  /** The audience of the API. */
  readonly audience: string
  /** The HTTP method; empty for operations that were too many to be told apart. */
  readonly method: string
  /** The path with its base path, as a template; `(other)` for operations that were too many to be told apart. */
  readonly route: string
  /** The outcome that is counted. */
  readonly outcome: OutcomeCode
  /** The start of the day, in UTC, in seconds. */
  readonly dayAt: Seconds
  /** The number of verifications. */
  readonly count: number
}

interface Cell extends OperationRow {
  count: number
  /** Another cell of the same operation. */
  readonly next: Cell | undefined
}

/** The route of counts of operations that were too many to be told apart. */
export const otherRoute = '(other)'

const other: CountedOperation = { method: '', basePath: '', path: otherRoute }
/** A fifth of the rows that a counter has: callers of many operations leave room for the counts of credentials. */
const rowsMax = 2_000
const daySeconds = 86_400
const routeCharactersMax = 255
const methodCharactersMax = 32

/** Counts verifications by operation, in memory of bounded size. Counting again in a row allocates nothing. */
export class OperationCounter {
  readonly #takeRoom: () => boolean
  #cells: Cell[] = []
  readonly #byOperation = new Map<CountedOperation, Cell>()
  #dayAt = Number.NaN

  /** `takeRoom`: takes room for one more row; false when there is none. */
  constructor(takeRoom: () => boolean) {
    this.#takeRoom = takeRoom
  }

  /** Counts one verification. */
  count(now: Seconds, audience: string, operation: CountedOperation, outcome: OutcomeCode): void {
    const sinceDay = now - this.#dayAt
    if (!(sinceDay >= 0 && sinceDay < daySeconds)) this.#turnDay(now)
    const first = this.#byOperation.get(operation)
    for (let cell = first; cell !== undefined; cell = cell.next) {
      if (cell.outcome !== outcome || cell.audience !== audience) continue
      cell.count++
      return
    }
    this.#begin(audience, operation, outcome, first)
  }

  /** Takes all rows and begins anew. Whoever gave room for them takes it back. */
  take(): readonly OperationRow[] {
    const cells = this.#cells
    this.#cells = []
    this.#byOperation.clear()
    return cells
  }

  #turnDay(now: Seconds): void {
    this.#dayAt = now - (now % daySeconds)
    this.#byOperation.clear()
  }

  #begin(audience: string, operation: CountedOperation, outcome: OutcomeCode, next: Cell | undefined): void {
    const { method, basePath, path } = operation
    const route = `${basePath}${path}`
    const isTold = isPlain(method, methodCharactersMax) && isPlain(route, routeCharactersMax)
    if (operation !== other && (this.#cells.length >= rowsMax || !isTold)) {
      this.count(this.#dayAt, audience, other, outcome)
      return
    }
    // A verification that finds no room here is counted by credential all the same.
    if (!this.#takeRoom()) return
    const cell = { audience, method, route, outcome, dayAt: this.#dayAt, count: 1, next }
    this.#byOperation.set(operation, cell)
    this.#cells.push(cell)
  }
}

/** Whether a text may be reported: a description has any, and none may make a batch unreadable. */
function isPlain(text: string, charactersMax: number): boolean {
  return text.length <= charactersMax && text.isWellFormed() && !text.includes('\0')
}

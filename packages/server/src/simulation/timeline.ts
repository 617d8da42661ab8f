/** Virtual time: events in order, promises settled after each. Nothing here reads a clock or sleeps. */
import type { Clock, Stamp } from '@countersign/verifier/engine'

/** Numbers from a seed, the same on every machine. */
export interface Random {
  /** In [0, 1). */
  next(): number
  /** A whole number in [from, to]. */
  between(from: number, to: number): number
  chance(probability: number): boolean
  pick<T>(items: readonly T[]): T
}

export function createRandom(seed: number): Random {
  let state = (seed ^ 0x9e3779b9) >>> 0
  function next(): number {
    // Mulberry32.
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000
  }
  return {
    next,
    between: (from, to) => from + Math.floor(next() * (to - from + 1)),
    chance: (probability) => next() < probability,
    pick: (items) => items[Math.floor(next() * items.length)] as (typeof items)[number],
  }
}

interface Event {
  at: number
  readonly order: number
  readonly run: () => void
}

/** The events of a run in their order. `now` is true time, in milliseconds. */
export class Timeline {
  now = 0
  #order = 0
  readonly #heap: Event[] = []
  readonly #cancelled = new Set<number>()

  /** Gives a function that cancels. */
  after(delayMs: number, run: () => void): () => void {
    const event = { at: this.now + Math.max(0, delayMs), order: this.#order++, run }
    this.#push(event)
    return () => this.#cancelled.add(event.order)
  }

  /**
   * Time passes in which nothing runs anywhere: whatever is due comes as much later. A week is as cheap as a second.
   */
  skip(ms: number): void {
    this.now += ms
    for (const event of this.#heap) event.at += ms
  }

  /** Run everything until `end`; false from `isGoing` stops it. Each event is followed by all promises it settles. */
  async runUntil(end: number, isGoing: () => boolean): Promise<void> {
    while (isGoing()) {
      const event = this.#heap[0]
      if (event === undefined || event.at > end) break
      this.#pop()
      if (this.#cancelled.delete(event.order)) continue
      this.now = event.at
      event.run()
      await settled()
    }
    this.now = Math.max(this.now, end)
  }

  #push(event: Event): void {
    const heap = this.#heap
    let at = heap.push(event) - 1
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!isBefore(event, heap[parent] as Event)) break
      heap[at] = heap[parent] as Event
      at = parent
    }
    heap[at] = event
  }

  #pop(): void {
    const heap = this.#heap
    const last = heap.pop() as Event
    if (heap.length === 0) return
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && isBefore(heap[child + 1] as Event, heap[child] as Event)) child++
      if (!isBefore(heap[child] as Event, last)) break
      heap[at] = heap[child] as Event
      at = child
    }
    heap[at] = last
  }
}

function isBefore(a: Event, b: Event): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order)
}

function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** The clocks of one machine. Its monotonic clock stands still while it is suspended; its wall clock may be set. */
export class MachineClock implements Clock {
  wallOffsetMs: number
  #suspendedMs = 0
  #suspendedAt: number | undefined
  readonly #timeline: Timeline

  constructor(timeline: Timeline, wallOffsetMs: number) {
    this.#timeline = timeline
    this.wallOffsetMs = wallOffsetMs
  }

  get isSuspended(): boolean {
    return this.#suspendedAt !== undefined
  }

  stamp(): Stamp {
    const { now } = this.#timeline
    return { monotonicMs: (this.#suspendedAt ?? now) - this.#suspendedMs, wallMs: now + this.wallOffsetMs }
  }

  suspend(): void {
    this.#suspendedAt ??= this.#timeline.now
  }

  resume(): void {
    if (this.#suspendedAt !== undefined) this.#suspendedMs += this.#timeline.now - this.#suspendedAt
    this.#suspendedAt = undefined
  }

  /** A timer of this machine: it does not run, and its time does not pass, in suspend. */
  readonly schedule = (delayMs: number, run: () => void): (() => void) => {
    let isCancelled = false
    const due = this.stamp().monotonicMs + delayMs
    const wait = (): void => {
      if (isCancelled) return
      const leftMs = due - this.stamp().monotonicMs
      if (this.isSuspended) this.#timeline.after(Math.max(leftMs, 50), wait)
      else if (leftMs > 1e-6) this.#timeline.after(leftMs, wait)
      else run()
    }
    this.#timeline.after(delayMs, wait)
    return () => {
      isCancelled = true
    }
  }
}

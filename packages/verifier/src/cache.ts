/**
 * The one cache class: bounded, so that a flood of distinct keys takes a fixed amount of memory. It has two
 * generations: an entry used since the last turn survives it. Reads and writes take constant time and move no list.
 *
 * Keys that are new strings for each question are better turned into numbers first: V8 puts every string that a `Map`
 * is asked about into its table of strings, which takes longer than the look-up, and a flood of unknown ones leaves
 * garbage.
 */
export class Cache<V, K extends string | number = string> {
  readonly #entriesMax: number
  #young = new Map<K, V>()
  #old = new Map<K, V>()

  /** Holds at most `entriesMax` entries, at least the most recent half of them. */
  constructor(entriesMax: number) {
    this.#entriesMax = Math.max(2, entriesMax)
  }

  /** The value of a key, which counts as used by this; `undefined` when it is not there. */
  get(key: K): V | undefined {
    const young = this.#young.get(key)
    // Skipped while it is empty, so that an unknown key is searched for once.
    if (young !== undefined || this.#old.size === 0) return young
    const old = this.#old.get(key)
    if (old !== undefined) this.set(key, old)
    return old
  }

  /** Keeps a value, and perhaps drops entries that were not used for long. */
  set(key: K, value: V): void {
    // The older generation's entry of this key is never read again.
    this.#young.set(key, value)
    if (this.#young.size < this.#entriesMax / 2) return
    this.#old = this.#young
    this.#young = new Map()
  }

  /** Drops an entry. */
  delete(key: K): void {
    this.#young.delete(key)
    this.#old.delete(key)
  }

  /** Drops every entry. */
  clear(): void {
    this.#young.clear()
    this.#old.clear()
  }

  /** Every value, in no order. */
  *values(): Iterable<V> {
    yield* this.#young.values()
    for (const [key, value] of this.#old) if (!this.#young.has(key)) yield value
  }

  /** Whether there is no entry. */
  get isEmpty(): boolean {
    return this.#young.size === 0 && this.#old.size === 0
  }
}

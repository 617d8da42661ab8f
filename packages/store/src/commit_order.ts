/**
 * Answers to commits may arrive in another order than the commits happened: on PostgreSQL each comes over a connection
 * of its own. A position is known before its commit is sent, and no later position exists before that commit, so
 * whoever is registered with a smaller position has committed before, or never will.
 */
export class CommitOrder {
  readonly #underWay = new Map<number, Promise<void>>()

  /** Registers a position whose commit is about to be sent. What it returns is called when its listeners have run. */
  begin(position: number): () => void {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#underWay.set(position, promise)
    return () => {
      this.#underWay.delete(position)
      resolve()
    }
  }

  /** Resolves when nothing with a smaller position is under way. */
  async turn(position: number): Promise<void> {
    for (;;) {
      const earlier = [...this.#underWay].filter(([other]) => other < position)
      if (earlier.length === 0) return
      await Promise.all(earlier.map(([, done]) => done))
    }
  }
}

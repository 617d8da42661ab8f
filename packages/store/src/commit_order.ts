/**
 * Keeps the order of commits. Their answers may arrive in another order: on PostgreSQL each comes over its own
 * connection.
 *
 * A position is known before its commit is sent, and no later position exists before that commit. So a commit
 * registered with a smaller position has happened before, or never will.
 */
export class CommitOrder {
  readonly #underWay = new Map<number, Promise<void>>()

  /** Registers a position whose commit is about to be sent. Call the given function when its listeners have run. */
  begin(position: number): () => void {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#underWay.set(position, promise)
    return () => {
      this.#underWay.delete(position)
      resolve()
    }
  }

  /** Resolves when no smaller position is under way. */
  async turn(position: number): Promise<void> {
    for (;;) {
      const earlier = [...this.#underWay].filter(([other]) => other < position)
      if (earlier.length === 0) return
      await Promise.all(earlier.map(([, done]) => done))
    }
  }
}

/** Says what keeps a verifier from working: once for each cause, never for each request. */

/** The causes that were said, until they are over. */
export interface Problems {
  /** Says a cause, unless it was said and has not been over since, or was said within the last minute. */
  tell(problem: string): void
  /** The server has answered: what was said is over. */
  mended(): void
}

/** A cause that comes and goes is said at most this often. */
const sameProblemMs = 60_000
/** Causes that are remembered. Their texts are ours and few; a flaw here must not grow. */
const problemsMax = 100

/** `monotonicMs` gives the time since any fixed moment. */
export function createProblems(say: (problem: string) => void, monotonicMs: () => number): Problems {
  const said = new Map<string, { readonly atMs: number; isOver: boolean }>()
  return {
    tell(problem) {
      const before = said.get(problem)
      if (before !== undefined && !(before.isOver && monotonicMs() - before.atMs >= sameProblemMs)) return
      if (said.size >= problemsMax) said.clear()
      said.set(problem, { atMs: monotonicMs(), isOver: false })
      say(problem)
    },
    mended() {
      for (const cause of said.values()) cause.isOver = true
    },
  }
}

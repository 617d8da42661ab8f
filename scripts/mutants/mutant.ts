/** One rule taken out: the text that is replaced must stand in the file once. */
export interface Mutant {
  /** Short, unique; what `npm run mutants` takes. */
  readonly id: string
  /** The rule that is left out. */
  readonly what: string
  /** From the root of the repository. */
  readonly file: string
  readonly find: string
  readonly replace: string
  /** Arguments of Vitest: test files, and perhaps `-t` with a name. Each passes without the mutant. */
  readonly tests: readonly string[]
}

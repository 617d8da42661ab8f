/** Exit codes of every command: docs/commands.md §1. */
export const exitCodes = {
  ok: 0,
  error: 1,
  usage: 2,
  notFound: 3,
  denied: 4,
  conflict: 5,
  unavailable: 6,
  no: 7,
} as const

/** A command cannot go on: one line that says why, and the code to exit with. */
export class CommandError extends Error {
  override readonly name = 'CommandError'
  readonly exitCode: number

  constructor(exitCode: keyof typeof exitCodes, message: string) {
    super(message)
    this.exitCode = exitCodes[exitCode]
  }
}

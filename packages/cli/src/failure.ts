import { CommandError, exitCodes } from './exit.ts'

/** Names of errors of packages that are loaded only when they are needed, and what each means to a shell. */
const byName: Readonly<Record<string, number>> = {
  ConfigError: exitCodes.usage,
  ListenError: exitCodes.error,
  DatabaseOpenError: exitCodes.unavailable,
  StoreUnavailableError: exitCodes.unavailable,
  SchemaTooNewError: exitCodes.conflict,
  FatalStoreError: exitCodes.error,
}

/** One clear line and an exit code; what nobody expected shows its stack, since only that helps. */
export function describeFailure(error: unknown): { readonly message: string; readonly exitCode: number } {
  if (error instanceof CommandError) return { message: error.message, exitCode: error.exitCode }
  if (!(error instanceof Error)) return { message: 'failed for a reason unknown', exitCode: exitCodes.error }
  const known = byName[error.name]
  if (known !== undefined) return { message: error.message, exitCode: known }
  return { message: error.stack ?? error.message, exitCode: exitCodes.error }
}

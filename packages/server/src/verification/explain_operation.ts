import { type Check, checkNames } from '@countersign/core'

/** The method and path that a credential is judged for. */
export interface RequestedOperation {
  readonly method: string
  readonly uri: string
}

export const skippedChecks: readonly Check[] = checkNames.map((name) => ({ name, result: 'skipped' }))

/** The checks with that of the operation, which is made before all others. */
export function explainOperation(
  operation: RequestedOperation | undefined,
  result: 'passed' | 'failed',
  checks: readonly Check[],
): readonly Check[] {
  if (operation === undefined) return checks
  const has = `${operation.method} ${operation.uri}`
  return checks.map((check) => (check.name === 'operation' ? { name: 'operation', result, has } : check))
}

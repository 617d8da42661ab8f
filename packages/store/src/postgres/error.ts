import { ConflictError, StoreUnavailableError } from '../errors.ts'
import { isOutOfDate } from './statement_names.ts'

/** SQLSTATE codes (PostgreSQL, appendix A). */
const uniqueViolation = '23505'
const outOfSpace = new Set(['53000', '53100', '53200'])
/** Rolled back because of other transactions, or for taking too long. */
const rolledBack = new Set(['40001', '40P01', '55P03', '57014', '25P03'])

/** Translates an error of `pg` into one of the store. A lost answer to COMMIT leaves the outcome unknown. */
export function readPostgresError(error: unknown, isCommit: boolean): unknown {
  if (error instanceof StoreUnavailableError) return error
  const { code, constraint, table, severity } = error as {
    code?: string
    constraint?: string
    table?: string
    severity?: string
  }
  if (code === uniqueViolation) return new ConflictError((constraint ?? 'id').slice((table?.length ?? -1) + 1))
  if (code !== undefined && outOfSpace.has(code)) return new StoreUnavailableError('full', error)
  if (isOutOfDate(error)) return new StoreUnavailableError('busy', error)
  if (code !== undefined && rolledBack.has(code)) return new StoreUnavailableError(isCommit ? 'timeout' : 'busy', error)
  // Errors that the server sent have a severity. Classes 08, 57 and 53 are about the connection.
  if (severity !== undefined && !/^(08|57|53)/.test(code ?? '')) return error
  return new StoreUnavailableError(isCommit ? 'timeout' : 'unreachable', error)
}

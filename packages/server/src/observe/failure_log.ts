/** The log with a bound for errors: while a database is away every request fails, which must not fill the disk. */
import { StoreUnavailableError } from '@countersign/store'
import { serverLimits } from '../limits.ts'
import type { Log } from './log.ts'

interface Said {
  second: number
  lines: number
  leftOut: number
}

/**
 * Errors have so many lines a second and message, and one where the database cannot be used: its lines all say the same.
 * The next line of that message has the number that was left out, as `leftOut`. Lines without an error pass.
 */
export function limitFailures(log: Log, nowMs: () => number): Log {
  /** By message and reason, which are texts of ours: their number is small. */
  const saidOf = new Map<string, Said>()

  return {
    ...log,
    error(fields, message) {
      const error = 'error' in fields ? fields.error : undefined
      if (error === undefined) return log.error(fields, message)
      const isStore = error instanceof StoreUnavailableError
      const key = isStore ? `${message} ${error.reason}` : message
      const said = saidOf.get(key) ?? { second: -1, lines: 0, leftOut: 0 }
      saidOf.set(key, said)
      const second = Math.floor(nowMs() / 1_000)
      if (second !== said.second) {
        said.second = second
        said.lines = 0
      }
      if (said.lines >= (isStore ? serverLimits.storeFailureLinesPerSecond : serverLimits.failureLinesPerSecond)) {
        said.leftOut++
        return
      }
      said.lines++
      const { leftOut } = said
      said.leftOut = 0
      log.error(leftOut === 0 ? fields : { ...fields, leftOut }, message)
    },
  }
}

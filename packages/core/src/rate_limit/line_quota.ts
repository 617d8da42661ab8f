/** How many lines a log may have: whoever sends much must not fill a disk, nor hide the others. */

/** The lines of a log that were not written, as their number by code. */
export interface LeftOut {
  /** The number of lines. */
  readonly lines: number
  /** The same by code. */
  readonly byCode: Readonly<Record<string, number>>
}

/** Decides line by line. */
export interface LineQuota {
  /** Whether a line about this code may be written now; else it is counted. `address` is asked for only where it decides. */
  take(code: string, address: () => string | undefined): boolean
}

const linesPerSecond = 200
const linesPerAddressAndCode = 20

/**
 * At most 200 lines a second, and 20 of them for one address and code. What is left out is told a second later, in one
 * call.
 */
export function createLineQuota(options: {
  readonly nowMs: () => number
  readonly schedule: (delayMs: number, run: () => void) => unknown
  readonly onLeftOut: (leftOut: LeftOut) => void
}): LineQuota {
  const { nowMs, schedule, onLeftOut } = options
  let second = 0
  let lines = 0
  /** Never more than the lines of one second. */
  const taken = new Map<string, number>()
  let left = new Map<string, number>()

  function leaveOut(code: string): false {
    if (left.size === 0) schedule(1_000, tell)
    left.set(code, (left.get(code) ?? 0) + 1)
    return false
  }

  function tell(): void {
    const byCode = Object.fromEntries(left)
    const sum = [...left.values()].reduce((a, b) => a + b, 0)
    left = new Map()
    onLeftOut({ lines: sum, byCode })
  }

  return {
    take(code, address) {
      const now = Math.floor(nowMs() / 1_000)
      if (now !== second) {
        second = now
        lines = 0
        taken.clear()
      }
      if (lines >= linesPerSecond) return leaveOut(code)
      const key = `${code} ${address() ?? ''}`
      const before = taken.get(key) ?? 0
      if (before >= linesPerAddressAndCode) return leaveOut(code)
      taken.set(key, before + 1)
      lines++
      return true
    },
  }
}

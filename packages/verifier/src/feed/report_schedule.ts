/**
 * When a follower tells its server what it has applied. Receipts wait for these reports, but each is a question that
 * costs more than all the changes it is about: report 500 ms after a change, ±50 %; while changes continue, double the
 * delay up to 3 s.
 */
import { type Clock, elapsedMs, type Stamp } from '../clock.ts'
import type { Schedule } from './feed_source.ts'

const reportMs = 500
const reportMsMax = 3_000

export interface ReportSchedule {
  /** Something was applied: `report` is called soon, once for all that is applied until then. */
  applied(): void
  /** A question goes out now; it says what was applied, so no report is due any more. */
  asked(at: Stamp): void
  close(): void
}

/** Calls `report` when what was applied should be said. `random` gives a number in [0, 1). */
export function createReportSchedule(options: {
  readonly clock: Clock
  readonly schedule: Schedule
  readonly random: () => number
  readonly report: () => void
}): ReportSchedule {
  const { clock, schedule, random, report } = options
  let isDue = false
  let reportedAt: Stamp | undefined
  /** Reports with less than `reportMsMax` between each two. */
  let inRow = 0
  let cancel: () => void = () => {}

  return {
    applied() {
      if (isDue) return
      isDue = true
      if (reportedAt === undefined || elapsedMs(reportedAt, clock.stamp()) >= reportMsMax) inRow = 0
      const delayMs = Math.min(reportMsMax, reportMs * 2 ** Math.min(inRow, 10))
      cancel = schedule(delayMs * (0.5 + random()), report)
    },
    asked(at) {
      if (isDue) {
        reportedAt = at
        inRow++
      }
      cancel()
      isDue = false
    },
    close: () => cancel(),
  }
}

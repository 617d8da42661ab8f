import type { HistoryClaim } from '@countersign/store'
import type { LogReader } from './log_reader.ts'
import type { OwnHistory } from './own_history.ts'

/** Hears claims one after the other: the second of two finds the epoch that the first has begun. */
export function createClaims({
  history,
  reader,
}: {
  readonly history: OwnHistory
  readonly reader: LogReader
}): (claim: HistoryClaim) => Promise<void> {
  let claiming: Promise<void> = Promise.resolve()

  async function hear(claim: HistoryClaim): Promise<void> {
    // Another process may be ahead of this one, and told the claimant so.
    if (!(await reader.poll()) || !(await history.isLost(claim))) return
    if (await history.leave([claim])) await reader.poll()
  }

  return (claim) => {
    claiming = claiming.catch(() => {}).then(() => hear(claim))
    return claiming
  }
}

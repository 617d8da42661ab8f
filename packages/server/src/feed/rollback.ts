/**
 * Says that the database went back within its epoch (docs/protocol/feed.md §7.2): a line of the log, and a metric that
 * alerts.
 */
import type { EpochBegun } from '@countersign/store'
import type { Log } from '../observe/log.ts'
import type { Metrics } from '../observe/metrics.ts'

const raisedNamedMax = 100

export function sayRollback(log: Log, metrics: Pick<Metrics, 'gauge'>): (begun: EpochBegun) => void {
  let count = 0
  metrics.gauge({
    name: 'countersign_database_rollbacks',
    help: 'Times that this process found the database gone back to an earlier state and began another epoch',
    aggregator: 'sum',
    read: () => count,
  })
  return ({ epoch, lost, raised }) => {
    count++
    const cutOffs = raised.slice(0, raisedNamedMax).map(({ tenant, type, id }) => `${tenant} ${type} ${id}`)
    const fields = { epoch, tenant: lost.tenant, lostSequence: lost.sequence, cutOffs, cutOffCount: raised.length }
    log.error(fields, wentBack)
  }
}

const wentBack =
  'the database went back to an earlier state: what was changed since is lost, another epoch begins, verifiers hand back what was revoked; see docs/operations/backup.md'

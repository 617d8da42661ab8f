/** A line for a request at a gateway (docs/operations/monitoring.md): what was decided, why, and for whom. */
import { createLineQuota } from '@countersign/core'
import type { RequestEvent } from '@countersign/gateway'

export const loggedRequests = ['refused', 'all', 'none'] as const

const refusals: ReadonlySet<number> = new Set([401, 403, 404, 405, 429])

export function createGatewayLog(options: {
  /** The requests that have a line. Failures (5xx) always have one, with their cause. */
  readonly requests: (typeof loggedRequests)[number]
  readonly asJson: boolean
  readonly write: (line: string) => void
  readonly nowMs?: () => number
  readonly schedule?: (delayMs: number, run: () => void) => unknown
}): (event: RequestEvent) => void {
  const { requests, asJson, write, nowMs = Date.now } = options
  const quota = createLineQuota({
    nowMs,
    schedule: options.schedule ?? ((delayMs, run) => setTimeout(run, delayMs).unref()),
    onLeftOut({ lines, byCode }) {
      const msg = 'requests left out of the log'
      const codes = Object.entries(byCode).map(([code, count]) => `${count} ${code}`)
      write(asJson ? JSON.stringify({ time: timeOf(nowMs()), msg, lines, byCode }) : `${msg}: ${codes.join(', ')}`)
    },
  })

  return (event) => {
    const { method, path, status, decision, why, address, requestId, callerRequestId } = event
    if (!(status >= 500 || requests === 'all' || (requests === 'refused' && refusals.has(status)))) return
    if (!quota.take(decision, () => address)) return
    const ids = callerRequestId === undefined ? requestId : `${requestId} (${callerRequestId})`
    write(
      asJson
        ? JSON.stringify({ time: timeOf(nowMs()), msg: 'request', code: decision, ...event })
        : `${method} ${path}  ${status} ${decision}  ${why}  ${address ?? '-'}  ${ids}`,
    )
  }
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString()
}

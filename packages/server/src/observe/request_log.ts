/** A line for a request (docs/operations/monitoring.md): without query, body or header, and without any credential. */
import { type AddressRange, createLineQuota } from '@countersign/core'
import type { Answer } from '../http/answer.ts'
import { callerRequestId, clientAddress } from '../http/client_address.ts'
import type { HttpRequest } from '../http/request.ts'
import { type KeptAddresses, keptAddress } from './kept_address.ts'
import type { Log } from './log.ts'

export const loggedRequests = ['refused', 'all', 'none'] as const

export interface RequestLogOptions {
  /** The requests that have a line. Failures of the server (5xx) always have one. */
  readonly requests: (typeof loggedRequests)[number]
  /** How much of a caller's address stands in it. */
  readonly addresses: KeptAddresses
}

/** Takes each answer when its head is known. `route` is the template; `undefined` where none matched. */
export type RequestLog = (request: HttpRequest, route: string | undefined, answer: Answer, seconds: number) => void

const refusals: ReadonlySet<number> = new Set([401, 403, 404, 405, 429])

export function createRequestLog(options: {
  readonly log: Log
  readonly options: RequestLogOptions
  readonly trustedProxies: readonly AddressRange[]
  readonly nowMs: () => number
  readonly schedule: (delayMs: number, run: () => void) => unknown
}): RequestLog {
  const { log, trustedProxies, nowMs, schedule } = options
  const { requests, addresses } = options.options
  const quota = createLineQuota({
    nowMs,
    schedule,
    onLeftOut: ({ lines, byCode }) => log.info({ lines, byCode }, 'requests left out of the log'),
  })

  function isLogged(status: number): boolean {
    return status >= 500 || requests === 'all' || (requests === 'refused' && refusals.has(status))
  }

  return (request, route, answer, seconds) => {
    const { status, code = String(status) } = answer
    if (!isLogged(status)) return
    let address: string | undefined
    const isTaken = quota.take(code, () => {
      address = clientAddress(request, trustedProxies)
      return address
    })
    if (!isTaken) return
    const theirs = callerRequestId(request)
    const shownAddress = keptAddress(address, addresses)
    const line = {
      requestId: request.requestId,
      ...(theirs === undefined ? {} : { callerRequestId: theirs }),
      method: request.method,
      route: route ?? null,
      status,
      code: answer.code ?? null,
      credentialId: request.caller?.credential ?? null,
      ...(shownAddress === undefined ? {} : { address: shownAddress }),
      durationMs: Math.round(seconds * 10_000) / 10,
    }
    if (status >= 500) log.warn(line, 'request')
    else log.info(line, 'request')
  }
}

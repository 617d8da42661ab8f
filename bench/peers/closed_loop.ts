/** As many requests as a server answers: 32 connections, each sends its next request when its answer has come. */
import autocannon from 'autocannon'
import type { Target } from './target.ts'

export interface ClosedLoopResult {
  readonly perSecond: number
  readonly answers: number
}

/** Rejects when any answer is not 200 or does not hold what the target says. */
export async function closedLoop(target: Target, seconds: number): Promise<ClosedLoopResult> {
  const { url, method, headers, body, holds } = target
  const result = await autocannon({
    url,
    method,
    headers: { ...headers },
    connections: 32,
    pipelining: 1,
    duration: seconds,
    verifyBody: (text) => String(text).includes(holds),
    ...(body === undefined ? {} : { body }),
  })
  const wrong = result.non2xx + result.errors + result.mismatches
  if (wrong > 0) throw new Error(`${url}: ${wrong} of ${result.requests.total} answers were wrong`)
  return { perSecond: result.requests.total / result.duration, answers: result.requests.total }
}

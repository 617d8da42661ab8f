import type { Holder } from '@countersign/core'

/** One request as the endpoints see it: nothing parsed that was not asked for. */
export interface HttpRequest {
  readonly method: string
  /** As received, without query; the tenant's prefix is still there. */
  readonly path: string
  readonly query: string
  /** Name, value, name, value, … as received. */
  readonly rawHeaders: readonly string[]
  /** The socket's other end; undefined where there is no socket. */
  readonly peer: string | undefined
  readonly requestId: string
  /** The issuer whose pages, below `/errors`, tell about the codes of problems. Absent: problems name no page. */
  readonly errorPages?: string | undefined
  /** Reads the body once. Throws `ProblemError` 413 when it is longer, 400 when it breaks off. */
  readBody(bytesMax: number): Promise<Uint8Array>
  /** When it was read, by `performance.now()`: what came before was the caller's time. Absent before, and where nobody says. */
  readonly bodyReadAt?: number
  /** Whose it is, as far as is known by now: shared resources count by it. */
  caller?: Pick<Holder, 'tenant' | 'credential'>
  /** Aborted when the caller has gone. */
  readonly signal: AbortSignal
}

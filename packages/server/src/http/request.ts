import type { Holder } from '@countersign/core'
import { ProblemError } from './problem.ts'

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
  /** Reads the body once. Throws `ProblemError` 413 when it is longer, 400 when it breaks off. */
  readBody(bytesMax: number): Promise<Uint8Array>
  /** When it was read, by `performance.now()`: what came before was the caller's time. Absent before, and where nobody says. */
  readonly bodyReadAt?: number
  /** Whose it is, as far as is known by now: shared resources count by it. */
  caller?: Pick<Holder, 'tenant' | 'credential'>
  /** Aborted when the caller has gone. */
  readonly signal: AbortSignal
}

/** The values of one header field, in the order they came. */
export function headerValues(request: HttpRequest, name: string): readonly string[] {
  const values: string[] = []
  const { rawHeaders } = request
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const field = rawHeaders[index] as string
    // The length first: most fields are another, and lower case costs more than all else here.
    if (field.length === name.length && field.toLowerCase() === name) values.push(rawHeaders[index + 1] as string)
  }
  return values
}

/** The one value, or undefined. Throws 400 when the field came more than once. */
export function header(request: HttpRequest, name: string): string | undefined {
  const values = headerValues(request, name)
  if (values.length > 1) throw new ProblemError(400, 'invalid_request', `The header ${name} must come once.`)
  return values[0]
}

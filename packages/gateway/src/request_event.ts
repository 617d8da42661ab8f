import type { RejectionCode } from '@countersign/core'

/** The gateway's decision about a request, or the fate of one that it let through. */
export type Decision =
  | 'verified'
  | 'public'
  | 'preflight'
  | 'not_found'
  | 'method_not_allowed'
  | 'ambiguous_path'
  | 'bad_request'
  | 'host_not_allowed'
  | RejectionCode
  | 'unavailable'
  | 'bad_gateway'
  | 'gateway_timeout'
  | 'request_timeout'
  | 'client_gone'
  | 'cut'
  | 'internal_error'

/**
 * One request, reported when the head of its answer is known. A second event with `decision: 'cut'` follows when an
 * exchange that was let through is ended later. It holds no credential, no query, no header and no body.
 */
export interface RequestEvent {
  readonly method: string
  /** The path in visible ASCII; empty when the target was no path. */
  readonly path: string
  /** The path of the operation as the document has it, with its base path; absent where none matched. */
  readonly route?: string
  /** The status answered; 499 where the caller had gone before there was an answer. */
  readonly status: number
  readonly decision: Decision
  /** The reason, for people. */
  readonly why: string
  readonly credentialId?: string
  readonly clientId?: string
  readonly durationMs: number
  /**
   * Milliseconds from sending it to the upstream to the answer's head or the end of waiting; absent when it was not
   * sent.
   */
  readonly upstreamMs?: number
  readonly requestId: string
  /** The `X-Request-Id` that the caller sent, where it is 1 to 128 visible ASCII characters. */
  readonly callerRequestId?: string
  /** The address of the caller, as trusted proxies name it; absent where nobody does. */
  readonly address?: string
}

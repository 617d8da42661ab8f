import type { RejectionCode } from '@countersign/core'

/** What the gateway decided about a request, or what became of one that it let through. */
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
 * One request, told when the head of its answer is known. A second event with `decision: 'cut'` follows when an exchange
 * that was let through is ended later. Holds no credential, no query, no header, no body.
 */
export interface RequestEvent {
  readonly method: string
  /** Visible ASCII; empty when the target was no path. */
  readonly path: string
  /** As answered; 499 where the caller had gone before there was an answer. */
  readonly status: number
  readonly decision: Decision
  /** For people. */
  readonly why: string
  readonly credentialId?: string
  readonly clientId?: string
  readonly durationMs: number
  /** From its going to the upstream to the answer's head, or to the end of waiting; absent when it never went. */
  readonly upstreamMs?: number
  readonly requestId: string
}

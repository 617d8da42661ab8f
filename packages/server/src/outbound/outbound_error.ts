/** The reason why nothing was fetched. The texts hold no URL, since a URL may hold a secret in its query. */
export type OutboundFault =
  | 'busy'
  | 'encoded'
  | 'invalid_url'
  | 'not_public'
  | 'redirect'
  | 'timeout'
  | 'tls'
  | 'too_large'
  | 'unknown_host'
  | 'unreachable'

const messages: Readonly<Record<OutboundFault, string>> = {
  busy: 'too many fetches are under way',
  encoded: 'the answer is compressed, which was not asked for',
  invalid_url: 'the URL must be https, without user name, password and fragment',
  not_public: 'the host has an address that is not of the public internet',
  redirect: 'the answer is a redirect, and redirects are not followed',
  timeout: 'no whole answer came in time',
  tls: 'no TLS connection could be made',
  too_large: 'the answer is too large',
  unknown_host: 'the host name is not known',
  unreachable: 'the host could not be reached',
}

/** Nothing was fetched. */
export class OutboundError extends Error {
  override readonly name = 'OutboundError'
  readonly fault: OutboundFault

  constructor(fault: OutboundFault, cause?: unknown) {
    super(messages[fault], cause === undefined ? {} : { cause })
    this.fault = fault
  }
}

import type { ProblemCode } from '../codes.ts'
import type { ProblemHelp } from './help.ts'

type CallProblemCode = Extract<
  ProblemCode,
  'api_address_not_allowed' | 'api_name_unknown' | 'api_timeout' | 'api_tls_failed' | 'api_unreachable'
>

/** Why an API that the server calls has given no answer. */
export const callHelp: Readonly<Record<CallProblemCode, ProblemHelp>> = {
  api_address_not_allowed: {
    status: 502,
    example: 'The API is at an address that calls of this server may not reach.',
    cause:
      'A call from the API reference goes over https to a public address, or to a network that whoever runs the server has named. The callUrl of the API leads elsewhere.',
    mend: [
      'Whoever runs the API looks at its callUrl: countersign apis show ID.',
      'An API in a private network, or over plain http, is reached once its network stands in COUNTERSIGN_CALL_NETWORKS of the server.',
    ],
  },
  api_name_unknown: {
    status: 502,
    example: 'The host name of the API is not known to this server.',
    cause: 'The server looked the name in the callUrl of the API up, and no address came.',
    mend: [
      'Whoever runs the API looks for a slip in its callUrl: countersign apis show ID.',
      'A name of a private network must be known to the resolver of the server.',
    ],
  },
  api_timeout: {
    status: 504,
    example: 'The API did not answer within 60 seconds.',
    cause: 'A call from the API reference has 60 seconds in all. The API took longer.',
    mend: [
      'Ask for less at a time, or call the API from your own machine.',
      'See whether the API is overloaded. What the call should change may have been changed.',
    ],
  },
  api_tls_failed: {
    status: 502,
    example: 'No TLS connection to the API could be made, or its certificate is not valid for its name.',
    cause:
      'The API accepted the connection, and then TLS failed: its certificate has expired, is for another name or of an unknown authority, or what answers there does not speak TLS.',
    mend: [
      'Whoever runs the API renews its certificate, or mends the scheme, host and port in its callUrl.',
      'An authority of your own is named by COUNTERSIGN_OUTBOUND_CA of the server.',
    ],
  },
  api_unreachable: {
    status: 502,
    example: 'The API refused the connection, or closed it before it had answered.',
    cause:
      'Nothing listens at the callUrl of the API, the way to it is blocked, or the connection broke off before there was a whole answer in HTTP/1.1.',
    mend: [
      'See whether the API is running, and whether its callUrl has the right host and port: countersign apis show ID.',
      'Where the call should change something, see whether it did before you send it again.',
    ],
  },
}

/** The text of the pages below `/errors`: what each code of a problem means to the person who gets it, and what to do. */
import type { ProblemCode } from '../codes.ts'
import { callHelp } from './call_help.ts'

/** The codes of problems that a gateway answers of itself: docs/protocol/errors.md §3. */
export type GatewayProblemCode =
  | 'ambiguous_path'
  | 'bad_gateway'
  | 'bad_request'
  | 'gateway_timeout'
  | 'header_too_large'
  | 'host_not_allowed'
  | 'request_timeout'

/** The page of one code. */
export interface ProblemHelp {
  /** The status that it is mostly answered with. */
  readonly status: number
  /** The `detail` of an example. */
  readonly example: string
  /** Why it is answered. */
  readonly cause: string
  /** The steps that help, a sentence each. */
  readonly mend: readonly string[]
}

/** Every code of a problem. */
export const problemHelp: Readonly<Record<ProblemCode | GatewayProblemCode, ProblemHelp>> = {
  account_mismatch: {
    status: 403,
    example: 'Somebody else is signed in at this browser now.',
    cause: 'The page belongs to another account than the session: somebody else has signed in at this browser.',
    mend: ['Load the page again. It then shows what the present account may see.'],
  },
  address_not_allowed: {
    status: 403,
    example: 'The credential must not be used from this address.',
    cause:
      'The API key is restricted to addresses (ipAllow), and the request came from another one, or from one that is not known.',
    mend: [
      'Call from an address that the key names, or add yours to the key: countersign keys update ID --ip-allow RANGE.',
      'Behind a proxy, its owner lists the proxy as trusted. Otherwise the proxy’s own address is judged.',
    ],
  },
  ambiguous_path: {
    status: 400,
    example: 'The path can be read in two ways.',
    cause: 'The path has dots, slashes or percent signs that two programs would read differently.',
    mend: ['Send the path in its plain form: no “..”, no “//”, no encoded slash, no encoding of letters and digits.'],
  },
  ...callHelp,
  api_disabled: {
    status: 409,
    example: 'The API is disabled.',
    cause: 'The API that the request names is switched off. Nothing is issued for it.',
    mend: ['Whoever runs the API enables it: PATCH /v1/apis/ID with {"status": "active"}.'],
  },
  bad_gateway: {
    status: 502,
    example: 'The API behind the gateway cannot be reached.',
    cause: 'The credential was good. The API behind the gateway refused the connection, or broke it off.',
    mend: [
      'Try again in a moment.',
      'Whoever runs the gateway looks whether the upstream runs, and whether its URL and certificate are right.',
    ],
  },
  bad_request: {
    status: 400,
    example: 'This is not one well-formed HTTP/1.1 request.',
    cause: 'The bytes of the request are no single well-formed HTTP/1.1 request.',
    mend: [
      'Use an HTTP library instead of writing the request yourself, and look at what a proxy on the way makes of it.',
    ],
  },
  built_in: {
    status: 409,
    example: 'This client is built in: it can be revoked, and nothing else.',
    cause: 'The object belongs to Countersign itself and has a fixed shape.',
    mend: ['Make an object of your own and change that one.'],
  },
  client_disabled: {
    status: 409,
    example: 'The client is disabled.',
    cause: 'The client that should hold the credential is switched off.',
    mend: ['Enable it first: countersign clients update ID --status active. Or name another client.'],
  },
  conflict: {
    status: 409,
    example: 'An API with this audience exists.',
    cause:
      'Something that must be unique is taken, the object has changed since you read it, or it lacks what the request needs, such as the callUrl of an API.',
    mend: ['Read what is there, and choose another value or send the change for the present state.'],
  },
  content_too_large: {
    status: 413,
    example: 'The body has more than 1 MiB.',
    cause: 'A body has at most 1 MiB, an OpenAPI document 16 MiB.',
    mend: ['Send less at a time.'],
  },
  default_tenant: {
    status: 409,
    example: 'The default tenant cannot be changed.',
    cause: 'The tenant that the installation began with stays as it is.',
    mend: ['Make a tenant of your own: countersign tenants create.'],
  },
  disabled: {
    status: 409,
    example: 'A disabled key cannot be rolled.',
    cause: 'The credential is switched off, and this change needs one that is in use.',
    mend: ['Enable it first, for example countersign keys enable ID. Or make a new one.'],
  },
  expired: {
    status: 409,
    example: 'An expired key cannot be rolled.',
    cause: 'The credential has reached its end, and this change needs one that is in use.',
    mend: ['Make a new one. To go on with the same, move its end before it is reached.'],
  },
  forbidden: {
    status: 403,
    example: 'Only an owner of the team may do this.',
    cause:
      'The caller is known and may not do this: its role in the team is too small, or the page that sent the request is another site’s.',
    mend: ['Ask an owner of the team, or an operator.', 'A page sends such requests from its own origin.'],
  },
  gateway_timeout: {
    status: 504,
    example: 'The API behind the gateway did not answer in time.',
    cause: 'The credential was good. The API behind the gateway took too long.',
    mend: ['Ask for less at a time, or try again.', 'Whoever runs the gateway may raise its time limit.'],
  },
  header_too_large: {
    status: 431,
    example: 'The header section of a request has at most 16 KiB here.',
    cause: 'The fields of the request’s header are longer than 16 KiB together.',
    mend: ['Send fewer or shorter fields. Large cookies are the usual cause.'],
  },
  host_not_allowed: {
    status: 421,
    example: 'This gateway does not answer for that host.',
    cause:
      'The gateway of “countersign dev” answers for names of this machine only, so that no web page can reach it by a name of its own.',
    mend: ['Call it as localhost or 127.0.0.1.'],
  },
  idempotency_in_progress: {
    status: 409,
    example: 'A request with this Idempotency-Key is under way.',
    cause: 'The same Idempotency-Key is in use by a request that has no answer yet.',
    mend: ['Wait a second and send the request again with the same key.'],
  },
  idempotency_mismatch: {
    status: 409,
    example: 'This Idempotency-Key was used with another body.',
    cause: 'An Idempotency-Key stands for one request. This one came with another body before.',
    mend: ['Use a new key for a new request, and the same key with the same body for a retry.'],
  },
  insufficient_scope: {
    status: 403,
    example: 'The credential lacks the scope orders:write.',
    cause:
      'The credential is good, and it may not do this: a scope that the operation needs is missing. “requires” has every way that is enough.',
    mend: [
      'Use a credential that has the scope, or give this one the scope if its client may have it.',
      'If your team may not have it, ask for it: POST /v1/access-requests.',
    ],
  },
  internal_error: {
    status: 500,
    example: 'The server failed. Its log has the cause under the request id.',
    cause: 'The server, or the gateway, has a fault. Nobody can tell from here whether it did what was asked.',
    mend: [
      'Look whether it was done before you send it again, or send it with the same Idempotency-Key.',
      'Give the requestId to whoever runs the server: its log has the cause.',
    ],
  },
  invalid_document: {
    status: 400,
    example: 'The document is neither OpenAPI 3 nor Swagger 2.',
    cause: 'The text is no OpenAPI 3.0, 3.1 or 3.2 or Swagger 2.0 document in JSON or YAML.',
    mend: [
      'Look at “errors”: each names a place and what is wrong there.',
      'Try it first with ?dryRun=true, which changes nothing.',
    ],
  },
  invalid_request: {
    status: 400,
    example: 'The request body is invalid: /name must not be empty.',
    cause:
      'A member, parameter or header field is missing, unknown or of a wrong form, or two credentials came at once.',
    mend: [
      'Look at “errors”: each has a pointer to the place (RFC 6901) and says what is wanted there.',
      'Send one credential, as Authorization: Bearer …',
    ],
  },
  invalid_token: {
    status: 401,
    example: 'The credential is not valid.',
    cause:
      'The credential is unknown, expired, revoked, disabled, for another API, or it was changed on its way. An outsider is not told which.',
    mend: [
      'Look whether the whole text was sent, without spaces or quotes around it, and to the API that it was made for.',
      'Its owner sees the reason among the recent refusals of the portal, and by POST /v1/inspections.',
      'A token that has expired is replaced by a new one. Do not try the old one again.',
    ],
  },
  last_administrator: {
    status: 409,
    example: 'Nobody could manage this tenant afterwards.',
    cause: 'The change would take the last credential that can manage everything.',
    mend: ['Make another administrator’s key first. Then repeat the change.'],
  },
  method_not_allowed: {
    status: 405,
    example: 'This path has no such method.',
    cause: 'The path exists, and not with this method. The field Allow names those that there are.',
    mend: ['Use one of the methods in Allow.'],
  },
  misdirected_request: {
    status: 421,
    example: 'This server does not answer for that host.',
    cause:
      '“countersign dev” answers for names of this machine only, so that no web page can reach it by a name of its own.',
    mend: ['Call it as localhost or 127.0.0.1. To serve other names, run countersign serve.'],
  },
  missing_credential: {
    status: 401,
    example: 'This operation needs a credential.',
    cause: 'The request carries no credential, or carries it where nobody looks.',
    mend: ['Send it as Authorization: Bearer … An API may name other fields in its description.'],
  },
  no_secret: {
    status: 409,
    example: 'A client of type spa has no secret.',
    cause: 'An application that runs at its user’s, in a browser or on a phone, can keep no secret.',
    mend: [
      'Use the authorization code flow with PKCE for it. Make a client of type web or service where a server calls.',
    ],
  },
  not_found: {
    status: 404,
    example: 'There is no such key.',
    cause: 'There is no such object, it was deleted, or it is out of the caller’s reach. The answer is the same.',
    mend: [
      'Look at the id, and whether the credential is of the same tenant and team.',
      'Look at the path: it is matched letter by letter.',
    ],
  },
  origin_not_allowed: {
    status: 403,
    example: 'The credential must not be used from this origin.',
    cause:
      'The API key is restricted to web origins (originAllow), and the request came from another one or named none.',
    mend: ['Call from a page of one of these origins, or add yours to the key.'],
  },
  rate_limited: {
    status: 429,
    example: 'The rate limit is used up.',
    cause:
      'A limit of the key, its client or the API is used up: RateLimit says which one. Without RateLimit, too many credentials from your address were refused within a minute.',
    mend: [
      'Wait for the seconds in Retry-After. Spread calls over time.',
      'Look for a program at your address that goes on with a credential that is refused.',
      'Without Retry-After the call costs more than the limit ever allows: ask for less, or for a higher limit.',
    ],
  },
  request_timeout: {
    status: 408,
    example: 'The rest of the request did not arrive in time.',
    cause: 'The request began and its rest did not come.',
    mend: ['Send it again. Look at the connection if it happens often.'],
  },
  revoked: {
    status: 409,
    example: 'A revoked key cannot be changed.',
    cause: 'The credential was ended for good. That cannot be taken back.',
    mend: ['Make a new one.'],
  },
  rotation_in_progress: {
    status: 409,
    example: 'A new key is published already and has not begun to sign.',
    cause: 'The next signing key is waiting until every verifier knows it.',
    mend: ['Wait until it signs: GET /v1/signing-keys says when. In an emergency, revoke the present one.'],
  },
  scope_in_use: {
    status: 409,
    example: 'Credentials hold the scope orders:read.',
    cause: 'A scope that should go is held by credentials. “errors” names up to 100 of them.',
    mend: ['Take it from them first, or send force, which takes it from all of them at once.'],
  },
  step_up_required: {
    status: 403,
    example: 'Prove anew who you are.',
    cause: 'The change is sensitive, and the last proof of who sits at the browser is too old.',
    mend: ['Open stepUpUrl, sign in there, and send the request again.'],
  },
  storage_full: {
    status: 507,
    example: 'The disk of the database is full. Credentials can be revoked; nothing else can be changed.',
    cause: 'The disk of the database is full. Verification and revocation go on.',
    mend: ['Whoever runs the server makes room, and asks countersign doctor.'],
  },
  too_many_changes: {
    status: 409,
    example: 'The feed holds as many subjects of this tenant as it may.',
    cause: 'The change would have to reach more credentials one by one than every verifier keeps in mind.',
    mend: ['Revoke the client instead, or wait until older entries have ended.'],
  },
  unavailable: {
    status: 503,
    example: 'The credential cannot be judged at this moment. Try again.',
    cause:
      'The verifier has not heard from the server, or the server not from its database, for longer than the bound. Nobody passes on old knowledge.',
    mend: [
      'Wait for the seconds in Retry-After and try again.',
      'Whoever runs it looks at /readyz and at countersign verifiers list.',
    ],
  },
  unknown_proxy: {
    status: 400,
    example: 'Only a known proxy may ask here.',
    cause: 'Forward-auth answers a proxy that names itself or whose address is trusted. This one is neither.',
    mend: ['Set X-Countersign-Verifier in the proxy, or list its address in COUNTERSIGN_TRUSTED_PROXIES.'],
  },
  unsupported_media_type: {
    status: 415,
    example: 'Send application/json.',
    cause: 'The body is of a type that is not read here.',
    mend: ['Set Content-Type: application/json. An OpenAPI document may also come as application/yaml.'],
  },
}

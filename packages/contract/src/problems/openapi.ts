import { problemAnswer } from '@countersign/core'
import { z } from 'zod'
import { conflictCodes, openText, type ProblemCode, problemCodes } from '../codes.ts'
import type { DocumentSchemas, JsonSchema } from '../openapi_schemas.ts'
import type { Route } from '../route.ts'
import { nameSchemas } from '../schema_names.ts'

/** A refusal that many operations share: `components/responses`. */
interface Refusal {
  readonly status: number
  readonly when: string
  readonly codes: readonly ProblemCode[]
  /** The `detail` of the example. */
  readonly detail: string
  readonly errors?: readonly { readonly pointer: string; readonly detail: string }[]
  /** Header fields by name; true for those that are always there. */
  readonly headers?: Readonly<Record<string, boolean>>
  readonly isOf: (route: Route) => boolean
}

const always = (): boolean => true
const hasBody = (route: Route): boolean => route.body !== undefined || route.takesDocument === true
const changes = ({ method, scope }: Route): boolean =>
  method !== 'GET' && (scope === undefined || (scope.endsWith(':write') && scope !== 'usage:write'))

/** The operation that calls an API. */
const calls = ({ operationId }: Route): boolean => operationId === 'callApi'

/** Operations whose body can name something that is not there. */
const namesOthers: ReadonlySet<string> = new Set(['acceptInvitation', 'createAssertion', 'createRevocation'])

/** Every status of an error, and the operations that answer it. docs/protocol/errors.md §2 is the same for people. */
const refusals: Readonly<Record<string, Refusal>> = {
  BadRequest: {
    status: 400,
    when: 'The path, the query or the body is wrong, or two credentials were presented',
    codes: ['invalid_request', 'invalid_document'],
    detail: 'The request body is invalid: /name is not a known name.',
    errors: [{ pointer: '/name', detail: 'is not a known name' }],
    headers: { 'WWW-Authenticate': false },
    isOf: always,
  },
  Unauthorized: {
    status: 401,
    when: 'No credential, or none that is valid here',
    codes: ['invalid_token', 'missing_credential'],
    detail: 'The credential is not valid here.',
    headers: { 'WWW-Authenticate': true },
    isOf: always,
  },
  Forbidden: {
    status: 403,
    when: 'The credential lacks the scope, may not be used from there, touches what has more than it has, is a session whose person must first prove anew who it is, or is a session of another account than the request names',
    codes: [
      'insufficient_scope',
      'forbidden',
      'step_up_required',
      'account_mismatch',
      'address_not_allowed',
      'origin_not_allowed',
    ],
    detail: 'This needs the scope keys:write.',
    headers: { 'WWW-Authenticate': false },
    isOf: always,
  },
  NotFound: {
    status: 404,
    when: 'Nothing is there: the same for an unknown object, a deleted one, another tenant’s and another team’s',
    codes: ['not_found'],
    detail: 'There is no such key.',
    isOf: ({ path, isDefaultTenantOnly, operationId }) =>
      path.includes('{') || isDefaultTenantOnly === true || namesOthers.has(operationId),
  },
  Conflict: {
    status: 409,
    when: 'The state of an object, or another request, is in the way',
    codes: conflictCodes,
    detail: 'A revoked key cannot be changed.',
    isOf: (route) => changes(route) || calls(route) || route.operationId === 'handBackRevocations',
  },
  ContentTooLarge: {
    status: 413,
    when: 'The body is too long: 1 MiB, and 16 MiB for an OpenAPI document',
    codes: ['content_too_large'],
    detail: 'The body may have at most 1048576 bytes.',
    isOf: hasBody,
  },
  UnsupportedMediaType: {
    status: 415,
    when: 'The body is in another format than JSON',
    codes: ['unsupported_media_type'],
    detail: 'The body must be application/json.',
    isOf: ({ body }) => body !== undefined,
  },
  MisdirectedRequest: {
    status: 421,
    when: '`countersign dev` answers for this machine’s names only',
    codes: ['misdirected_request'],
    detail: 'This server answers for another host.',
    isOf: always,
  },
  UnprocessableContent: {
    status: 422,
    when: 'The credential in the body is refused; the code says why, as docs/protocol/errors.md §1 has it',
    codes: ['invalid_token'],
    detail: 'The credential is not valid here.',
    isOf: ({ operationId }) => operationId === 'createAssertion',
  },
  TooManyRequests: {
    status: 429,
    when: 'A rate limit of the credential, its client or the API is used up',
    codes: ['rate_limited'],
    detail: 'Too many requests.',
    headers: { RateLimit: true, 'RateLimit-Policy': true, 'Retry-After': false },
    isOf: always,
  },
  InternalError: {
    status: 500,
    when: 'The server failed; its log has the cause under the request id',
    codes: ['internal_error'],
    detail: 'The server failed. Its log has the cause under the request id.',
    isOf: always,
  },
  BadGateway: {
    status: 502,
    when: 'The API could not be called; the code says why',
    codes: ['api_unreachable', 'api_name_unknown', 'api_tls_failed', 'api_address_not_allowed'],
    detail: 'The API refused the connection, or closed it before it had answered.',
    isOf: calls,
  },
  Unavailable: {
    status: 503,
    when: 'Nobody can tell or do it at this moment',
    codes: ['unavailable'],
    detail: 'The credential cannot be judged at this moment. Try again.',
    headers: { 'Retry-After': false },
    isOf: always,
  },
  GatewayTimeout: {
    status: 504,
    when: 'The API did not begin to answer within 60 seconds',
    codes: ['api_timeout'],
    detail: 'The API did not answer within 60 seconds.',
    isOf: calls,
  },
  StorageFull: {
    status: 507,
    when: 'The disk of the database is full: credentials can be revoked, and nothing else can be changed',
    codes: ['storage_full'],
    detail: 'The disk of the database is full. Credentials can be revoked; nothing else can be changed.',
    headers: { 'Retry-After': true },
    isOf: changes,
  },
}

const requestId = 'req_4b1e0c9d2f7a'

/** The header fields of answers: `components/headers`. */
export const documentHeaders: Readonly<Record<string, JsonSchema>> = {
  'X-Request-Id': {
    description: 'The id of the request, by which the log has it',
    required: true,
    schema: { type: 'string', minLength: 1, maxLength: 128 },
    example: requestId,
  },
  'WWW-Authenticate': {
    description: 'The challenge (RFC 6750 §3)',
    schema: { type: 'string' },
    example: 'Bearer error="insufficient_scope", scope="keys:write"',
  },
  'Retry-After': {
    description: 'Seconds to wait before another try; absent where waiting does not help',
    schema: { type: 'integer', minimum: 1 },
    example: 1,
  },
  RateLimit: {
    required: true,
    description: 'For each limit, the rest (`r`) and the seconds until all of it is available again (`t`)',
    schema: { type: 'string' },
    example: '"default";r=0;t=60',
  },
  'RateLimit-Policy': {
    required: true,
    description: 'For each limit, its calls (`q`) and the seconds of its window (`w`)',
    schema: { type: 'string' },
    example: '"default";q=100;w=60',
  },
}

/** References to the header fields that an answer has. */
export function headersOf(names: readonly string[]): JsonSchema {
  return Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]))
}

/** The refusals of an operation, by status. */
export function problemResponses(route: Route): JsonSchema {
  const own = Object.entries(refusals).filter(([, { isOf }]) => isOf(route))
  return Object.fromEntries(own.map(([name, { status }]) => [status, { $ref: `#/components/responses/${name}` }]))
}

/** Every refusal with an example: `components/responses`. */
export function sharedResponses(schemas: DocumentSchemas): JsonSchema {
  const schema = schemas.ofAnswer(problem)
  return Object.fromEntries(Object.entries(refusals).map(([name, refusal]) => [name, sharedResponse(refusal, schema)]))
}

function sharedResponse(
  { status, when, codes, detail, errors, headers = {} }: Refusal,
  schema: JsonSchema,
): JsonSchema {
  const { body } = problemAnswer(status, codes[0] as string, detail)
  const example = { ...body, requestId, ...(errors === undefined ? {} : { errors }) }
  return {
    description: `${when}. Codes: ${codes.map((code) => `\`${code}\``).join(', ')}`,
    headers: { ...headersOf(['X-Request-Id', ...Object.keys(headers)]), ...requiredOf(headers) },
    content: { 'application/problem+json': { schema, example } },
  }
}

/** Here always, in other answers sometimes. */
function requiredOf(headers: Readonly<Record<string, boolean>>): JsonSchema {
  const names = Object.keys(headers).filter(
    (name) => headers[name] === true && documentHeaders[name]?.required !== true,
  )
  return Object.fromEntries(names.map((name) => [name, { ...documentHeaders[name], required: true }]))
}

const fieldProblem = z
  .object({
    pointer: z.string().describe('A JSON pointer into the body (RFC 6901), or `?name` of the query'),
    detail: z.string().describe('One sentence that says what is wrong there'),
  })
  .describe('A flaw of the input, with its place')

/** The body of every refusal. */
const problem = z
  .object({
    type: z.string().describe('The URL of a page about the code: its cause, and what to do'),
    title: z.string().describe('The reason phrase of the status'),
    status: z.int().describe('The status of the answer'),
    detail: z.string().describe('One sentence for people: what is wrong, and what to do'),
    code: openText(
      problemCodes,
      'Stable, for programs. A later version may answer others: judge an unknown one by its status',
    ),
    requestId: z.string().describe('The X-Request-Id of the answer, by which the log has it'),
    errors: z.array(fieldProblem).optional().describe('The flaws of the input, each with its place'),
    requires: z
      .array(z.array(z.string()))
      .optional()
      .describe('With `insufficient_scope`: every alternative, each a list of scope tokens needed together'),
    maxAgeSeconds: z.int().optional().describe('With `step_up_required`: how old the proof of the person may be'),
    stepUpUrl: z.string().optional().describe('With `step_up_required`: the page on which the person proves it'),
  })
  .describe('A problem (RFC 9457)')

nameSchemas({ FieldProblem: fieldProblem, Problem: problem })

import { apiDescription } from './apis.ts'
import { examples } from './examples/index.ts'
import { type DocumentSchemas, documentSchemas, type JsonSchema } from './openapi_schemas.ts'
import { documentHeaders, headersOf, problemResponses, sharedResponses } from './problems/openapi.ts'
import type { ManagementScope, Route } from './route.ts'
import { allRoutes, type OperationId } from './routes.ts'

/** The management API as an OpenAPI 3.1 document, made from the same routes and schemas that the server mounts. */
export function openapiDocument(options: { readonly issuer: string; readonly version: string }): object {
  const schemas = documentSchemas()
  const paths: Record<string, Record<string, unknown>> = {}
  for (const route of allRoutes) {
    paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: operation(route, schemas) }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Countersign management API',
      version: options.version,
      description: aboutText,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: options.issuer, description: 'The issuer of the tenant' }],
    security: [{ countersign: [] }],
    tags: Object.entries(tagTexts).map(([name, description]) => ({ name, description })),
    paths,
    components: {
      responses: sharedResponses(schemas),
      headers: documentHeaders,
      parameters: { IdempotencyKey: idempotencyKey },
      // Last: by now everything that is referred to is known.
      schemas: schemas.components,
      securitySchemes: {
        countersign: {
          type: 'oauth2',
          description: 'An API key or access token for the audience <issuer>/v1, as `Authorization: Bearer`',
          flows: {
            clientCredentials: {
              tokenUrl: `${options.issuer}/oauth/token`,
              scopes: scopeTexts,
            },
          },
        },
      },
    },
  }
}

const aboutText = `Credentials of an API, their clients and what becomes of them.

Times are RFC 3339. Lists answer \`{data, next}\`; \`next\` is \`after\` of the next page, and null on the last one. A member
that a body does not know is refused, and so is a NUL in any text; an answer may gain members, and codes and kinds may come
that are not listed here. Every refusal is a \`Problem\` (RFC 9457). A method that a path does not have is 405, with \`Allow\`.`

const tagTexts: Readonly<Record<string, string>> = {
  apis: 'Resource servers: their audience, scopes, token policy and operations',
  'signing keys': 'The keys that this issuer signs with',
  clients: 'The parties that hold credentials, and the scopes that each may ever have',
  keys: 'API keys: long-lived credentials of a client',
  tokens: 'JWTs used as API keys, opaque tokens, and the revocation of any credential',
  verification: 'Judging credentials, and the feed by which verifiers learn of changes',
  issuers: 'Other issuers whose JWTs are taken, and what they may do',
  usage: 'Counts of verifications',
  audit: 'The log of changes',
  tenants: 'The customers of one installation, each with an issuer of its own',
  accounts: 'People who can sign in, and the sessions of their browsers',
  teams: 'People who share clients, and the most that a client of theirs can have',
  'portal links': 'Links that sign a customer of yours in to the portal',
  'access requests': 'What teams ask for beyond their ceiling, and what came of it',
  settings: 'What people see of the tenant, and how they come in',
}

const scopeTexts: { readonly [Scope in ManagementScope]: string } = {
  'apis:read': 'Read APIs and signing keys; have the server call the operations of an API',
  'apis:write': 'Create, change and delete APIs; rotate and revoke signing keys',
  'clients:read': 'Read clients',
  'clients:write': 'Create, change, revoke and delete clients; ask for access',
  'keys:read': 'Read API keys, and receipts of changes',
  'keys:write': 'Create, change, roll and revoke API keys',
  'tokens:read': 'Read minted and opaque tokens',
  'tokens:write': 'Mint, change and revoke tokens',
  'credentials:verify': 'Verify credentials for the audiences that the client guards, and follow the feed',
  'usage:read': 'Read counts of verifications',
  'usage:write': 'Report counts of verifications, about any credential',
  'audit:read': 'Read the audit log',
  'issuers:read': 'Read trusted issuers, and test JWTs of theirs',
  'issuers:write': 'Trust issuers, and change their rules and keys',
  'tenants:read': 'Read tenants',
  'tenants:write': 'Create, change and delete tenants',
  'accounts:read': 'Read accounts and their sessions',
  'accounts:write': 'Create, change, sign out and delete accounts',
  'teams:read': 'Read teams, their members, invitations and requests for access',
  'teams:write': 'Create, change and delete teams; invite and remove members; decide requests for access',
  'settings:read': 'Read the settings of the tenant',
  'settings:write': 'Change what people see of the tenant, and how they come in',
}

function operation(route: Route, schemas: DocumentSchemas): object {
  const example = exampleOf(route)
  return {
    operationId: route.operationId,
    summary: route.summary,
    description: descriptionOf(route),
    tags: [route.tag],
    security: securityOf(route),
    parameters: [
      ...pathParameters(route, example),
      ...(route.query === undefined ? [] : queryParameters(schemas.query(route), example)),
      ...(route.isIdempotent === true ? [{ $ref: '#/components/parameters/IdempotencyKey' }] : []),
    ],
    ...requestBody(route, example, schemas),
    responses: {
      [route.answer.status]: {
        description: 'Done',
        headers: headersOf(['X-Request-Id']),
        content: answerContent(route, example, schemas),
      },
      ...problemResponses(route),
    },
  }
}

function securityOf({ scope, orScope }: Route): readonly object[] {
  if (scope === undefined) return [{ countersign: [] }]
  return [scope, ...(orScope === undefined ? [] : [orScope])].map((each) => ({ countersign: [each] }))
}

function descriptionOf({ scope, orScope, isDefaultTenantOnly, isIdempotent }: Route): string {
  const needs = orScope === undefined ? `\`${scope}\`` : `\`${scope}\` or \`${orScope}\``
  return [
    scope === undefined ? 'Needs no scope.' : `Needs the scope ${needs}.`,
    ...(isDefaultTenantOnly === true ? ['Only the default tenant has it.'] : []),
    ...(isIdempotent === true ? ['With an `Idempotency-Key`, it can be sent again safely.'] : []),
  ].join(' ')
}

/** OpenAPI 3.1 has no word for the items of a stream: they are the content of its text, as OpenAPI 3.2 reads them. */
function answerContent({ answer }: Route, example: AnyExample, schemas: DocumentSchemas): JsonSchema {
  const { contentType = 'application/json', line, stream } = answer
  const schema = schemas.ofAnswer(answer.schema)
  const lines = line && { contentMediaType: contentType, contentSchema: listOf(schemas.ofAnswer(line)) }
  if (stream === undefined) return { [contentType]: { schema: { ...schema, ...lines }, example: example.answer } }
  const { description, event } = stream
  const id = { type: 'string', description: 'The sequence of the entry' }
  const content = { contentMediaType: 'application/json', contentSchema: schemas.ofAnswer(event) }
  const data = { type: 'string', description: 'The entry', ...content }
  const item = { type: 'object', required: ['id', 'data'], properties: { id, data } }
  const events = { type: 'string', description, contentMediaType: stream.contentType, contentSchema: listOf(item) }
  return { [contentType]: { schema, example: example.answer }, [stream.contentType]: { schema: events } }
}

function listOf(items: JsonSchema): JsonSchema {
  return { type: 'array', items }
}

const pathTexts: Readonly<Record<string, string>> = {
  id: 'The id of the object',
  accountId: 'The id of the account',
  invitationId: 'The id of the invitation',
  clientId: 'The id of the client',
  jti: 'The id of the token',
  kid: 'The id of the signing key in the JWK Set',
  feedSequence: 'The feedSequence that the change answered',
}

/** An example of whichever operation; the types of `examples` tell them apart. */
interface AnyExample {
  readonly params?: Readonly<Record<string, string>>
  readonly query?: Readonly<Record<string, unknown>>
  readonly body?: unknown
  readonly document?: unknown
  readonly answer: unknown
}

function exampleOf({ operationId }: Route): AnyExample {
  return examples[operationId as OperationId]
}

function pathParameters(route: Route, { params }: AnyExample): object[] {
  return [...route.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    description: pathTexts[name as string],
    ...(name === 'feedSequence'
      ? { schema: { type: 'integer', minimum: 1 }, example: Number(params?.[name]) }
      : { schema: { type: 'string', maxLength: 255 }, example: params?.[name as string] }),
  }))
}

function queryParameters(
  { properties, required }: ReturnType<DocumentSchemas['query']>,
  { query }: AnyExample,
): object[] {
  return Object.entries(properties).map(([name, { description, ...schema }]) => ({
    name,
    in: 'query',
    required: required.includes(name),
    ...(description === undefined ? {} : { description }),
    schema,
    ...(query?.[name] === undefined ? {} : { example: exampleValue(query[name], schema) }),
  }))
}

/** A query is text on the wire; the document shows numbers as numbers. */
function exampleValue(text: unknown, schema: JsonSchema): unknown {
  return schema.type === 'integer' ? Number(text) : text
}

const idempotencyKey = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  description: 'The same header and body get the same answer for 24 hours, secrets included',
  schema: { type: 'string', minLength: 1, maxLength: 255, pattern: '^[\\x21-\\x7e]+$' },
}

const documentText = 'An OpenAPI 3.0, 3.1 or 3.2 or Swagger 2.0 document'

function requestBody(route: Route, { body, document }: AnyExample, schemas: DocumentSchemas): object {
  if (route.takesDocument === true) {
    const content = {
      'application/json': { schema: schemas.ofAnswer(apiDescription), example: document },
      'application/yaml': { schema: { type: 'string', description: documentText } },
      'text/yaml': { schema: { type: 'string', description: documentText } },
    }
    return { requestBody: { required: true, content } }
  }
  if (route.body === undefined) return {}
  // No body is the same as an empty one.
  const required = !route.body.safeParse({}).success
  return { requestBody: { required, content: { 'application/json': { schema: schemas.body(route), example: body } } } }
}

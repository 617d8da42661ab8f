import { z } from 'zod'
import { knownValues, problemCodes } from './codes.ts'
import { examples } from './examples/index.ts'
import type { ManagementScope, Route } from './route.ts'
import { allRoutes, type OperationId } from './routes.ts'

/** The management API as an OpenAPI 3.1 document, made from the same routes and schemas that the server mounts. */
export function openapiDocument(options: { readonly issuer: string; readonly version: string }): object {
  const paths: Record<string, Record<string, unknown>> = {}
  for (const route of allRoutes) {
    paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: operation(route) }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Countersign management API',
      version: options.version,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: options.issuer }],
    security: [{ countersign: [] }],
    paths,
    components: {
      schemas: { Problem: problem },
      securitySchemes: {
        countersign: {
          type: 'oauth2',
          description: 'An API key or access token for the audience <issuer>/v1',
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

const scopeTexts: { readonly [Scope in ManagementScope]: string } = {
  'apis:read': 'Read APIs and signing keys',
  'apis:write': 'Create, change and delete APIs; rotate and revoke signing keys',
  'clients:read': 'Read clients',
  'clients:write': 'Create, change, revoke and delete clients',
  'keys:read': 'Read API keys, and receipts of changes',
  'keys:write': 'Create, change, roll and revoke API keys',
  'tokens:read': 'Read minted and opaque tokens',
  'tokens:write': 'Mint, change and revoke tokens',
  'credentials:verify': 'Verify credentials for the audiences that the client guards, and follow the feed',
  'usage:read': 'Read counts of verifications',
  'usage:write': 'Report counts of verifications, about any credential',
  'audit:read': 'Read the audit log',
  'tenants:read': 'Read tenants',
  'tenants:write': 'Create, change and delete tenants',
}

function operation(route: Route): object {
  const { answer } = route
  const example = exampleOf(route)
  return {
    operationId: route.operationId,
    summary: route.summary,
    tags: [route.tag],
    security: [route.scope, route.orScope].flatMap((scope) => (scope === undefined ? [] : [{ countersign: [scope] }])),
    parameters: [...pathParameters(route, example), ...queryParameters(route, example), ...idempotencyParameter(route)],
    ...requestBody(route, example),
    responses: {
      [answer.status]: {
        description: 'Done',
        content: {
          [answer.contentType ?? 'application/json']: {
            schema: schemaOf(answer.schema, 'output'),
            example: example.answer,
          },
        },
      },
      default: {
        description: 'Not done',
        content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
      },
    },
  }
}

const pathTexts: Readonly<Record<string, string>> = {
  id: 'The id of the object',
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

function queryParameters(route: Route, { query }: AnyExample): object[] {
  if (route.query === undefined) return []
  // The input schema says what may be sent; a member with a default need not be.
  const { properties } = schemaOf(route.query, 'output') as { properties?: Record<string, { readonly type?: string }> }
  const { required } = schemaOf(route.query, 'input') as { required?: string[] }
  return Object.entries(properties ?? {}).map(([name, property]) => ({
    name,
    in: 'query',
    required: required?.includes(name) ?? false,
    schema: property,
    ...(query?.[name] === undefined ? {} : { example: exampleValue(query[name], property) }),
  }))
}

/** A query is text on the wire; the document shows numbers as numbers. */
function exampleValue(text: unknown, schema: { readonly type?: string }): unknown {
  return schema.type === 'integer' ? Number(text) : text
}

function idempotencyParameter(route: Route): object[] {
  if (route.isIdempotent === undefined) return []
  return [
    {
      name: 'Idempotency-Key',
      in: 'header',
      required: false,
      description: 'The same header and body get the same answer for 24 hours, secrets included',
      schema: { type: 'string', minLength: 1, maxLength: 255, pattern: '^[\\x21-\\x7e]+$' },
    },
  ]
}

function requestBody(route: Route, { body, document }: AnyExample): object {
  if (route.takesDocument === true) {
    const content = {
      'application/json': { schema: {}, example: document },
      'application/yaml': { schema: {} },
      'text/yaml': { schema: {} },
    }
    return { requestBody: { required: true, content } }
  }
  if (route.body === undefined) return {}
  const schema = schemaOf(route.body, 'input') as { required?: string[] }
  const required = (schema.required ?? []).length > 0
  return { requestBody: { required, content: { 'application/json': { schema, example: body } } } }
}

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): object {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, {
    io,
    unrepresentable: 'any',
    target: 'draft-2020-12',
  }) as Record<string, unknown>
  return rest
}

const problem = {
  type: 'object',
  description: 'A problem (RFC 9457)',
  required: ['type', 'title', 'status', 'detail', 'code', 'requestId'],
  properties: {
    type: { type: 'string', description: 'Always `about:blank`: `code` says what went wrong' },
    title: { type: 'string', description: 'The reason phrase of the status' },
    status: { type: 'integer', description: 'The status of the answer' },
    detail: { type: 'string', description: 'One sentence for people: what is wrong, and what to do' },
    code: {
      type: 'string',
      description: 'Stable, for programs. A later version may answer others: judge an unknown one by its status',
      ...knownValues(problemCodes),
    },
    requestId: { type: 'string', description: 'The X-Request-Id of the answer, by which the log has it' },
    errors: {
      type: 'array',
      description: 'The flaws of the input, each with its place',
      items: {
        type: 'object',
        required: ['pointer', 'detail'],
        properties: {
          pointer: { type: 'string', description: 'A JSON pointer into the body (RFC 6901), or `?name` of the query' },
          detail: { type: 'string', description: 'One sentence that says what is wrong there' },
        },
      },
    },
  },
}

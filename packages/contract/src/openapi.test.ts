import { validate } from '@readme/openapi-parser'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import * as contract from './index.ts'
import { resolved } from './resolved.fixture.ts'
import * as values from './values.ts'

const { allRoutes, managementScopes, openapiDocument } = contract

interface Parameter {
  readonly name: string
  readonly in: string
  readonly required: boolean
  readonly schema: { readonly type?: string; readonly maximum?: number }
  readonly example?: unknown
  readonly description?: string
}
interface Content {
  readonly content: Readonly<Record<string, { readonly schema: object; readonly example?: unknown }>>
  readonly headers?: object
}
interface Operation {
  readonly operationId: string
  readonly parameters: readonly Parameter[]
  readonly security: readonly { readonly countersign: readonly string[] }[]
  readonly requestBody?: Content
  readonly responses: Readonly<Record<string, Content>>
}
interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: {
    readonly schemas: Readonly<Record<string, object>>
    readonly responses: Readonly<Record<string, Content & { readonly description: string }>>
  }
}
const written = openapiDocument({ issuer: 'https://auth.example', version: '1.2.3' }) as Document
const document = resolved(written) as Document
const operations = Object.values(document.paths).flatMap((methods) => Object.values(methods))

describe('the OpenAPI document', () => {
  it('is a valid OpenAPI 3.1 document', async () => {
    const result = await validate(structuredClone(written) as unknown as Parameters<typeof validate>[0])
    expect(result, JSON.stringify(result).slice(0, 500)).toMatchObject({ valid: true })
  })

  it('has every route once, with the one scope it needs and what it answers', () => {
    expect(operations.map(({ operationId }) => operationId)).toEqual(allRoutes.map(({ operationId }) => operationId))
    for (const route of allRoutes) {
      const operation = document.paths[route.path]?.[route.method.toLowerCase()] as Operation
      const scopes = [route.scope, route.orScope].filter((scope) => scope !== undefined)
      const needed = scopes.length === 0 ? [[]] : scopes.map((scope) => [scope])
      expect(operation.security).toEqual(needed.map((each) => ({ countersign: each })))
      const [success, ...refusals] = Object.keys(operation.responses)
      expect(success).toBe(String(route.answer.status))
      expect(refusals, 'no status but those that are listed').not.toContain('default')
      expect(refusals).toEqual(expect.arrayContaining(['400', '401', '403', '429', '500', '503']))
    }
  })

  it('says of query parameters what may be written there', () => {
    const limit = document.paths['/v1/keys']?.get?.parameters.find(({ name }) => name === 'limit')
    expect(limit).toMatchObject({
      in: 'query',
      required: false,
      schema: { type: 'integer', minimum: 1, maximum: 100, default: 25 },
    })
    const after = document.paths['/v1/feed']?.get?.parameters.find(({ name }) => name === 'after')
    expect(after).toMatchObject({ required: true, schema: { type: 'integer', minimum: 0 } })
  })
})

describe('names', () => {
  const { schemas } = written.components

  it('every body and answer is a schema with a name, and no name says how it is sent', () => {
    for (const { operationId } of operations) {
      const operation = Object.values(written.paths)
        .flatMap((methods) => Object.values(methods))
        .find((it) => it.operationId === operationId) as Operation
      const isNamed = expect.stringMatching(/^#\/components\/schemas\/[A-Z][A-Za-z]+$/)
      const body = operation.requestBody?.content['application/json']?.schema
      if (operationId !== 'importOpenapi' && body !== undefined) expect(body, operationId).toEqual({ $ref: isNamed })
      const answer = Object.values(operation.responses)[0]?.content['application/json']?.schema
      if (!['feedSnapshot', 'callApi'].includes(operationId)) expect(answer, operationId).toEqual({ $ref: isNamed })
    }
    // A request for access is a thing of its own.
    const named = Object.keys(schemas).map((name) => name.replace(/^AccessRequest/, 'Access'))
    expect(named.filter((name) => /Query|Request|Response|Body|\d/.test(name))).toEqual([])
  })

  it('bodies refuse unknown members and answers may gain some', () => {
    for (const { operationId, requestBody, responses } of operations) {
      const body = requestBody?.content['application/json']?.schema
      if (operationId !== 'importOpenapi' && body !== undefined)
        expect(body, operationId).toHaveProperty('additionalProperties', false)
      expect(JSON.stringify(responses), operationId).not.toContain('"additionalProperties":false')
    }
  })
})

describe('forms', () => {
  const { KeyCreate, ApiCreate } = (written.components.schemas ?? {}) as Record<
    string,
    { properties: Record<string, Form> }
  >
  const { Cidr, Origin } = written.components.schemas as unknown as Record<string, Form>

  it.each([
    [
      'an audience',
      ApiCreate?.properties.audience,
      values.audience,
      ['https://a.example', 'urn:x:y', 'http://[::1]:4801'],
    ],
    ['an address range', Cidr, values.cidr, ['192.0.2.0/24', '192.0.2.7', '2001:db8::/32', '::ffff:192.0.2.0/120']],
    [
      'an origin',
      Origin,
      values.origin,
      ['https://app.example', 'http://localhost:3000', 'http://[::1]:8080', 'ws://a_b.example'],
    ],
    ['a subject', KeyCreate?.properties.subject, values.subject, ['customer-17', 'x']],
  ])('%s has the pattern that the document says, and the server takes nothing beyond it', (_, form, schema, good) => {
    const pattern = new RegExp(form?.pattern ?? '^$')
    for (const text of good)
      expect([text, pattern.test(text), schema.safeParse(text).success]).toEqual([text, true, true])
    fc.assert(
      fc.property(fc.oneof(spoiledOf(good), fc.string()), (text) => {
        if (schema.safeParse(text).success) expect(text).toMatch(pattern)
      }),
    )
  })

  it('an audience of characters that no URI has is refused, as strict readers of answers do', () => {
    for (const text of ['EJ:{', 'x:"', 'https://a.example/<id>', 'x:%zz', 'x:a b', 'x:a#b', 'x'])
      expect(values.audience.safeParse(text).success, text).toBe(false)
  })
})

interface Form {
  readonly pattern?: string
}

/** Good texts with one character more or another. */
function spoiledOf(good: readonly string[]): fc.Arbitrary<string> {
  return fc
    .tuple(fc.constantFrom(...good), fc.nat(40), fc.string({ maxLength: 1 }))
    .map(([text, at, put]) => text.slice(0, at) + put + text.slice(at + 1))
}

describe('refusals', () => {
  const { responses } = written.components

  it('each has an example that its schema allows, and every code of the management API is in one', () => {
    const codes = new Set<string>()
    for (const { description, content } of Object.values(document.components.responses)) {
      const { schema, example } = content['application/problem+json'] ?? {}
      expectFits(schema, example, description)
      const named = [...description.matchAll(/`(\w+)`/g)].map(([, code]) => code as string)
      expect(named).toContain((example as { readonly code: string }).code)
      for (const code of named) codes.add(code)
    }
    // A path without such an operation answers the one, and forward-auth, which is not in the document, the other.
    const elsewhere = ['method_not_allowed', 'unknown_proxy']
    expect(contract.problemCodes.filter((code) => !codes.has(code) && !elsewhere.includes(code))).toEqual([])
  })

  it('401 has its challenge and 429 its limits', () => {
    expect(responses.Unauthorized?.headers).toHaveProperty('WWW-Authenticate.required', true)
    expect(Object.keys(responses.TooManyRequests?.headers ?? {})).toEqual([
      'X-Request-Id',
      'RateLimit',
      'RateLimit-Policy',
      'Retry-After',
    ])
  })
})

describe('examples', () => {
  const { examples } = contract
  it.each(operations.map((operation) => [operation.operationId, operation] as const))(
    '%s shows a request and an answer that its schemas allow',
    (operationId, { parameters, requestBody, responses }) => {
      for (const { name, in: where, required, schema, example } of parameters) {
        if (where === 'path' || required) expect(example, name).toBeDefined()
        if (example !== undefined) expectFits(schema, example, name)
      }
      const sent = requestBody?.content['application/json']
      if (sent !== undefined) expectFits(sent.schema, sent.example, 'body')
      const [answer] = Object.values(Object.values(responses)[0]?.content ?? {})
      expectFits(answer?.schema, answer?.example, 'answer')
      expect(answer?.example).toBeDefined()
      // The server checks more than the document can say.
      const route = contract.routes[operationId as contract.OperationId] as contract.Route
      const example = examples[operationId as contract.OperationId] as { query?: unknown; body?: unknown }
      if (example.query !== undefined) expect(route.query?.safeParse(example.query)).toMatchObject({ success: true })
      if (route.body !== undefined) expect(route.body.safeParse(example.body)).toMatchObject({ success: true })
    },
  )
})

/** Against the schema as the document has it, not the one that it was made from. */
function expectFits(schema: object | undefined, value: unknown, what: string): void {
  const result = z.fromJSONSchema((schema ?? false) as Parameters<typeof z.fromJSONSchema>[0]).safeParse(value)
  expect(result.error?.issues, what).toBeUndefined()
}

describe('descriptions', () => {
  it('every member of every body and answer has one, and every parameter', () => {
    const members = membersOf(document)
    const parameters = operations.flatMap((operation) =>
      operation.parameters.map(({ name, schema, description }) => [
        `${operation.operationId} ${name}`,
        { description, ...schema },
      ]),
    ) as [string, Described][]
    expect(members.length).toBeGreaterThan(500)
    const bare = [...members, ...parameters].filter(([, schema]) => !isDescribed(schema))
    expect(bare.map(([name, schema]) => `${name}: ${JSON.stringify(schema).slice(0, 80)}`)).toEqual([])
  })
})

interface Described {
  readonly description?: string
  readonly anyOf?: readonly Described[]
}

/** The description of what may be null stands beside the null. */
function isDescribed({ description = '', anyOf = [] }: Described): boolean {
  return /\w/.test(description) || anyOf.some(isDescribed)
}

describe('codes', () => {
  it('a client does not break when a code or a kind is added: none is a closed list', () => {
    const codes = ['code', 'kind', 'outcome', 'action', 'objectType', 'purpose']
    // The code of an invitation is a secret, of which there is no list.
    const isSecret = (schema: Described): boolean => schema.description?.startsWith('The code of the link') === true
    const found = membersOf(document).filter(([name, schema]) => codes.includes(name) && !isSecret(schema))
    expect([...new Set(found.map(([name]) => name))].sort()).toEqual([...codes].sort())
    for (const [name, schema] of found) {
      expect(schema, name).toMatchObject({ type: 'string', anyOf: [{ enum: expect.any(Array) }, { type: 'string' }] })
      expect(schema, name).not.toHaveProperty('enum')
    }
  })
})

/** Every member of every object that the document describes. */
function membersOf(node: unknown): (readonly [name: string, schema: object])[] {
  if (typeof node !== 'object' || node === null) return []
  const own = (node as { readonly type?: unknown }).type === 'object' ? (node as { properties?: object }) : {}
  const inner = Object.entries(node).flatMap(([name, child]) => (/examples?$/.test(name) ? [] : membersOf(child)))
  return [...(Object.entries(own.properties ?? {}) as [string, object][]), ...inner]
}

describe('routes', () => {
  it('every POST that creates or rolls takes an Idempotency-Key, and nothing else does', () => {
    for (const route of allRoutes) {
      const makes = route.method === 'POST' && route.answer.status === 201
      expect(route.isIdempotent === true, route.operationId).toBe(makes)
    }
  })

  it('every scope of the management API is needed by a route, and no other is', () => {
    const needed = allRoutes.flatMap(({ scope }) => scope ?? [])
    expect([...new Set(needed)].sort()).toEqual([...managementScopes].sort())
  })

  it('tenants are the default tenant’s business', () => {
    for (const route of allRoutes) {
      expect(route.isDefaultTenantOnly === true, route.operationId).toBe(route.scope?.startsWith('tenants:') === true)
    }
  })
})

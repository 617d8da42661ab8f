import { validate } from '@readme/openapi-parser'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import * as contract from './index.ts'

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
}
interface Operation {
  readonly operationId: string
  readonly parameters: readonly Parameter[]
  readonly security: readonly { readonly countersign: readonly string[] }[]
  readonly requestBody?: Content
  readonly responses: Readonly<Record<string, Content>>
}
const document = openapiDocument({ issuer: 'https://auth.example', version: '1.2.3' }) as {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
}
const operations = Object.values(document.paths).flatMap((methods) => Object.values(methods))

describe('the OpenAPI document', () => {
  it('is a valid OpenAPI 3.1 document', async () => {
    const result = await validate(structuredClone(document) as unknown as Parameters<typeof validate>[0])
    expect(result, JSON.stringify(result).slice(0, 500)).toMatchObject({ valid: true })
  })

  it('has every route once, with the one scope it needs and what it answers', () => {
    expect(operations.map(({ operationId }) => operationId)).toEqual(allRoutes.map(({ operationId }) => operationId))
    for (const route of allRoutes) {
      const operation = document.paths[route.path]?.[route.method.toLowerCase()] as Operation
      const scopes = route.orScope === undefined ? [route.scope] : [route.scope, route.orScope]
      expect(operation.security).toEqual(scopes.map((scope) => ({ countersign: [scope] })))
      expect(Object.keys(operation.responses)).toEqual([String(route.answer.status), 'default'])
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
    const found = membersOf(document).filter(([name]) => codes.includes(name))
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
    expect([...new Set(allRoutes.map(({ scope }) => scope))].sort()).toEqual([...managementScopes].sort())
  })

  it('tenants are the default tenant’s business', () => {
    for (const route of allRoutes) {
      expect(route.isDefaultTenantOnly === true, route.operationId).toBe(route.scope.startsWith('tenants:'))
    }
  })
})

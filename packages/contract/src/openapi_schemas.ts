import { z } from 'zod'
import type { Route } from './route.ts'
import { allRoutes } from './routes.ts'
import { nameSchemas, schemaNames, schemaPlace } from './schema_names.ts'

/** A JSON schema, as a part of the document. */
export type JsonSchema = { readonly [keyword: string]: unknown }

/** The schemas of the document by their names: `components/schemas`. */
export interface DocumentSchemas {
  /** The schemas that operations refer to, in the order of their names. */
  readonly components: Readonly<Record<string, JsonSchema>>
  /** A reference to the body of an operation. */
  readonly body: (route: Route) => JsonSchema
  /** A reference to a part of an answer; the part itself where it has no name. */
  readonly ofAnswer: (schema: z.ZodType) => JsonSchema
  /** The parameters of its query. */
  readonly query: (route: Route) => { readonly properties: Readonly<Record<string, JsonSchema>>; required: string[] }
}

/**
 * A body, an answer or a shared part is one schema with a name. A part that is stricter in a body than in an answer, since
 * bodies refuse unknown members, has the suffix `Input` there.
 */
export function documentSchemas(): DocumentSchemas {
  for (const route of allRoutes) nameSchemas(derivedNames(route))
  const answers = convert('output')
  const bodies = withSuffix(convert('input'), answers)
  const all = { ...answers, ...bodies.schemas }
  const reached = new Set<string>()
  const refer = (name: string): JsonSchema => {
    reach(name, all, reached)
    return { $ref: schemaPlace + name }
  }
  return {
    get components() {
      return Object.fromEntries([...reached].sort().map((name) => [name, all[name] as JsonSchema]))
    },
    body: (route) => refer(bodies.nameOf(nameOf(route.body as z.ZodObject))),
    ofAnswer: (schema) => (schemaNames.has(schema) ? refer(nameOf(schema)) : inline(schema)),
    query(route) {
      const name = nameOf(route.query as z.ZodObject)
      const { required = [] } = bodies.schemas[bodies.nameOf(name)] as { readonly required?: string[] }
      const { properties } = answers[name] as { readonly properties: Readonly<Record<string, JsonSchema>> }
      for (const used of referencesIn(properties)) reach(used, all, reached)
      return { properties, required }
    },
  }
}

function nameOf(schema: z.ZodType): string {
  return schemaNames.get(schema)?.id as string
}

/** `createKey`: `KeyCreate` is its body and `CreatedKey` its answer. `listKeys`: `KeyPage`. */
function derivedNames({ operationId, body, query, answer }: Route): Readonly<Record<string, z.ZodType>> {
  const [, verb = '', noun = ''] = /^([a-z]+)(.*)$/.exec(operationId) as RegExpExecArray
  const title = verb.charAt(0).toUpperCase() + verb.slice(1)
  const names: Record<string, z.ZodType> = {}
  const name = (id: string, schema: z.ZodType | undefined): void => {
    if (schema !== undefined && !schemaNames.has(schema)) names[id] = schema
  }
  name(noun + title, body)
  name(`${operationId}Query`, query)
  if (!(answer.schema instanceof z.ZodString)) name(answerName(verb, title, noun, answer.schema), answer.schema)
  return names
}

function answerName(verb: string, title: string, noun: string, schema: z.ZodType): string {
  if (verb !== 'list') return `${title}${verb.endsWith('e') ? 'd' : 'ed'}${noun}`
  const isPaged = schema instanceof z.ZodObject && 'next' in schema.shape
  return noun.replace(/s$/, '') + (isPaged ? 'Page' : 'List')
}

/** An answer may gain members, so that it never says `additionalProperties: false`. */
function convert(io: 'input' | 'output'): Readonly<Record<string, JsonSchema>> {
  const { schemas } = z.toJSONSchema(schemaNames, {
    io,
    unrepresentable: 'any',
    target: 'draft-2020-12',
    uri: (id) => schemaPlace + id,
    override({ jsonSchema }) {
      if (io === 'output' && jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties
      // Generators look for the description of a nullable value beside the null.
      const [{ description, ...value } = {}, none] = (jsonSchema.anyOf ?? []) as readonly JsonSchema[]
      if (none?.type !== 'null' || description === undefined || jsonSchema.description !== undefined) return
      Object.assign(jsonSchema, { description, anyOf: [value, none] })
    },
  })
  return Object.fromEntries(
    Object.entries(schemas).map(([name, { $schema: _, $id: __, ...schema }]) => [name, schema as JsonSchema]),
  )
}

function inline(schema: z.ZodType): JsonSchema {
  const { $schema: _, ...rest } = z.toJSONSchema(schema) as JsonSchema
  return rest
}

/** Gives the suffix to what answers have in another form, and to what refers to such a part. */
function withSuffix(
  bodies: Readonly<Record<string, JsonSchema>>,
  answers: Readonly<Record<string, JsonSchema>>,
): { readonly schemas: Readonly<Record<string, JsonSchema>>; readonly nameOf: (name: string) => string } {
  const inAnswers = new Set<string>()
  for (const { answer } of allRoutes)
    if (schemaNames.has(answer.schema)) reach(nameOf(answer.schema), answers, inAnswers)
  const names = Object.keys(bodies)
  const differing = new Set(
    names.filter((name) => inAnswers.has(name) && JSON.stringify(bodies[name]) !== JSON.stringify(answers[name])),
  )
  const isAffected = (name: string): boolean =>
    inAnswers.has(name) && !differing.has(name) && referencesIn(bodies[name]).some((used) => differing.has(used))
  for (let more = names.filter(isAffected); more.length > 0; more = names.filter(isAffected))
    for (const name of more) differing.add(name)
  const suffixed = (name: string): string => (differing.has(name) ? `${name}Input` : name)
  const text = JSON.stringify(Object.fromEntries(names.map((name) => [suffixed(name), bodies[name]])))
  const renamed = text.replaceAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g, (_, name: string) =>
    JSON.stringify({ $ref: schemaPlace + suffixed(name) }).slice(1, -1),
  )
  return { schemas: JSON.parse(renamed) as Readonly<Record<string, JsonSchema>>, nameOf: suffixed }
}

function reach(name: string, schemas: Readonly<Record<string, JsonSchema>>, reached: Set<string>): void {
  if (reached.has(name)) return
  reached.add(name)
  for (const used of referencesIn(schemas[name])) reach(used, schemas, reached)
}

function referencesIn(schema: unknown): readonly string[] {
  return [...JSON.stringify(schema).matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)].map(
    ([, name]) => name as string,
  )
}

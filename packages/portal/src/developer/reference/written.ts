/** An operation as its document describes it: OpenAPI 3 and Swagger 2.0 in one shape. What cannot be read is left out. */
import { follow } from './follow.ts'
import { entriesOf, isObject, type JsonObject, listOf, member, textOf } from './json.ts'
import type { Named } from './operation_names.ts'

export const places = ['path', 'query', 'header', 'cookie'] as const

export interface Parameter {
  readonly name: string
  readonly in: (typeof places)[number]
  readonly isRequired: boolean
  readonly description: string | undefined
  readonly schema: unknown
  readonly example: unknown
}

export interface Media {
  /** `application/json`. */
  readonly type: string
  readonly schema: unknown
  /** `undefined` where the document has none. */
  readonly example: unknown
}

export interface WrittenBody {
  readonly isRequired: boolean
  readonly description: string | undefined
  readonly media: readonly Media[]
}

export interface WrittenAnswer {
  /** `200`, `4XX`, `default`. */
  readonly status: string
  readonly description: string | undefined
  readonly headers: readonly { readonly name: string; readonly description: string | undefined }[]
  readonly media: readonly Media[]
}

export interface Written {
  readonly description: string | undefined
  readonly isDeprecated: boolean
  readonly parameters: readonly Parameter[]
  readonly body: WrittenBody | undefined
  readonly answers: readonly WrittenAnswer[]
  /** References that lead nowhere. */
  readonly broken: readonly string[]
}

/** `undefined` where the document does not have it: it was imported anew meanwhile. */
export function findWritten(document: JsonObject, operation: Named): Written | undefined {
  for (const [key, entry] of entriesOf(member(document, 'paths'))) {
    if (`/${key.replace(/[#?].*$/s, '').replace(/^\//, '')}` !== operation.path) continue
    const item = follow(document, entry).value
    const found = methodsOf(document, item).find(
      ([method, value]) => method === operation.method && textOf(value, 'operationId') === idOf(operation),
    )
    if (found !== undefined) return readOperation(document, item, found[1])
  }
  return undefined
}

function idOf({ operationId }: Named): string | undefined {
  return operationId?.trim() === '' ? undefined : operationId
}

function methodsOf(document: JsonObject, item: unknown): readonly (readonly [string, unknown])[] {
  return [...entriesOf(item), ...entriesOf(member(item, 'additionalOperations'))].map(
    ([method, value]) => [method.toUpperCase(), follow(document, value).value] as const,
  )
}

function readOperation(document: JsonObject, item: unknown, value: unknown): Written {
  const broken: string[] = []
  const at = (part: unknown): unknown => {
    const { value: found, through, isBroken } = follow(document, part)
    if (isBroken) broken.push(through.at(-1) ?? '')
    return found
  }
  const written = [...listOf(member(item, 'parameters')), ...listOf(member(value, 'parameters'))].map(at)
  const parameters = new Map(written.flatMap(readParameter).map((each) => [`${each.in} ${each.name}`, each]))
  return {
    description: textOf(value, 'description'),
    isDeprecated: member(value, 'deprecated') === true,
    parameters: [...parameters.values()].sort((one, other) => places.indexOf(one.in) - places.indexOf(other.in)),
    body: readBody(document, value, written, at),
    answers: entriesOf(member(value, 'responses')).map(([status, answer]) =>
      readAnswer(document, value, status, answer, at),
    ),
    broken,
  }
}

function readParameter(value: unknown): readonly Parameter[] {
  const name = textOf(value, 'name')
  const place = places.find((each) => each === member(value, 'in'))
  if (name === undefined || place === undefined) return []
  const [content] = entriesOf(member(value, 'content'))
  const examples = entriesOf(member(value, 'examples')).map(([, example]) => member(example, 'value'))
  return [
    {
      name,
      in: place,
      isRequired: place === 'path' || member(value, 'required') === true,
      description: textOf(value, 'description'),
      // Swagger 2.0 writes the members of the schema at the parameter itself.
      schema: member(value, 'schema') ?? member(content?.[1], 'schema') ?? withoutOwn(value),
      example: member(value, 'example') ?? examples.find((example) => example !== undefined),
    },
  ]
}

function withoutOwn(value: unknown): unknown {
  if (!isObject(value)) return undefined
  const { name: _, in: __, description: ___, required: ____, ...schema } = value
  return schema
}

type At = (part: unknown) => unknown

function readBody(
  document: JsonObject,
  value: unknown,
  parameters: readonly unknown[],
  at: At,
): WrittenBody | undefined {
  const body = at(member(value, 'requestBody'))
  if (isObject(body))
    return {
      isRequired: member(body, 'required') === true,
      description: textOf(body, 'description'),
      media: readContent(body, at),
    }
  const whole = parameters.find((each) => member(each, 'in') === 'body')
  const fields = parameters.filter((each) => member(each, 'in') === 'formData')
  const types = mediaTypes(document, value, 'consumes')
  if (whole !== undefined)
    return {
      isRequired: member(whole, 'required') === true,
      description: textOf(whole, 'description'),
      media: types.map((type) => ({ type, schema: member(whole, 'schema'), example: undefined })),
    }
  if (fields.length === 0) return undefined
  const hasFile = fields.some((each) => member(each, 'type') === 'file')
  const schema = {
    type: 'object',
    required: fields.filter((each) => member(each, 'required') === true).map((each) => member(each, 'name')),
    properties: Object.fromEntries(fields.map((each) => [String(member(each, 'name')), each])),
  }
  const type = hasFile ? 'multipart/form-data' : 'application/x-www-form-urlencoded'
  return {
    isRequired: schema.required.length > 0,
    description: undefined,
    media: [{ type, schema, example: undefined }],
  }
}

function readAnswer(document: JsonObject, operation: unknown, status: string, value: unknown, at: At): WrittenAnswer {
  const answer = at(value)
  const schema = member(answer, 'schema')
  const examples = member(answer, 'examples')
  const old = schema === undefined ? [] : mediaTypes(document, operation, 'produces')
  return {
    status,
    description: textOf(answer, 'description'),
    headers: entriesOf(member(answer, 'headers')).map(([name, header]) => ({
      name,
      description: textOf(at(header), 'description'),
    })),
    media: [...readContent(answer, at), ...old.map((type) => ({ type, schema, example: member(examples, type) }))],
  }
}

function readContent(owner: unknown, at: At): readonly Media[] {
  return entriesOf(member(owner, 'content')).map(([type, media]) => {
    const examples = entriesOf(member(media, 'examples')).map(([, example]) => member(at(example), 'value'))
    const example = member(media, 'example') ?? examples.find((each) => each !== undefined)
    return { type, schema: member(media, 'schema'), example }
  })
}

/** Swagger 2.0 lists them at the operation, else at the document. */
function mediaTypes(document: JsonObject, operation: unknown, name: 'consumes' | 'produces'): readonly string[] {
  const own = listOf(member(operation, name) ?? member(document, name)).filter((type) => typeof type === 'string')
  return own.length === 0 ? ['application/json'] : own
}

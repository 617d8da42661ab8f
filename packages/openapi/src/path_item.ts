/** Finds the operations of a document as they are written: method, path key and value. */
import type { OpenApiDocument, OpenApiVersion } from './document.ts'
import { entries, isJsonObject, member, members, pointerTo } from './json_object.ts'
import { limits } from './limits.ts'
import { OpenApiError } from './openapi_error.ts'
import { createParameterReader, type PathParameters } from './path_parameters.ts'
import type { Problem } from './problem.ts'
import { followReferences, type Located } from './reference.ts'

export type FoundOperation = {
  /** Upper case. */
  readonly method: string
  /** The path key, cut at `#` or `?`, beginning with a slash. */
  readonly path: string
  readonly value: unknown
  readonly pointer: string
  /** The parameters of its path: the operation's own, then those of its path item. */
  readonly parameters: readonly PathParameters[]
  /** Its path item. */
  readonly item: Located
}

/** The document being read, and where its flaws are listed. */
type Reading = {
  readonly document: OpenApiDocument
  readonly problems: Problem[]
  readonly parametersOf: (owner: Located) => PathParameters
}

/** The members of a path item that are methods (OpenAPI 3.x § "Path Item Object"; Swagger 2.0 is the same). */
const methodsOf: Readonly<Record<OpenApiVersion, readonly string[]>> = {
  '2.0': ['get', 'put', 'post', 'delete', 'options', 'head', 'patch'],
  '3.0': ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'],
  '3.1': ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'],
  '3.2': ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace', 'query'],
}
const otherMembers = new Set(['$ref', 'summary', 'description', 'servers', 'parameters', 'additionalOperations'])

/**
 * Finds operations in the order of the document. Throws `OpenApiError` where skipping one would uncover a wider
 * template.
 */
export function findOperations(document: OpenApiDocument, problems: Problem[]): readonly FoundOperation[] {
  const paths = member(document.root, 'paths')
  if (paths !== undefined && !isJsonObject(paths)) {
    throw new OpenApiError('invalid_paths', 'paths must be an object of path items.', '/paths')
  }
  const reading: Reading = { document, problems, parametersOf: createParameterReader(document) }
  const found: FoundOperation[] = []
  for (const [key, value] of members(paths)) {
    const path = readPathKey(key, problems)
    for (const item of followReferences(document, { value, pointer: pointerTo('/paths', key) })) {
      found.push(...operationsOf(reading, path, item))
    }
    if (found.length > limits.operationsMax) {
      throw new OpenApiError('document_too_complex', `The document has more than ${limits.operationsMax} operations.`)
    }
  }
  if (found.length === 0) {
    const message = 'The document describes no operation: every request would be refused.'
    problems.push({ code: 'invalid_path', pointer: '/paths', message })
  }
  return found
}

/** A key is cut at `#` or `?` (docs/protocol/gateway.md §2); documents use them to describe one route several times. */
function readPathKey(key: string, problems: Problem[]): string {
  const pointer = pointerTo('/paths', key)
  const cut = key.replace(/[#?].*$/s, '')
  if (cut.length > limits.pathLengthMax) {
    throw new OpenApiError('invalid_paths', `A path is longer than ${limits.pathLengthMax} characters.`, '/paths')
  }
  if (cut !== key) {
    problems.push({ code: 'path_cut', pointer, message: `Only ${cut} is a path: the rest never reaches a server.` })
  }
  if (cut.startsWith('/')) return cut
  problems.push({ code: 'invalid_path', pointer, message: `A path begins with a slash: read as /${cut}.` })
  return `/${cut}`
}

function operationsOf(reading: Reading, path: string, item: Located): FoundOperation[] {
  const { document, problems } = reading
  if (!isJsonObject(item.value)) {
    throw new OpenApiError('invalid_paths', 'A path item must be an object.', item.pointer)
  }
  const found: FoundOperation[] = []
  for (const [name, value] of members(item.value)) {
    const pointer = pointerTo(item.pointer, name)
    if (methodsOf[document.version].includes(name)) found.push(operation(reading, name, path, item, { value, pointer }))
    else if (!otherMembers.has(name)) problems.push(ignored(pointer, name, document.version))
  }
  return [...found, ...additionalOperations(reading, path, item)]
}

/** Additional operations of OpenAPI 3.2: methods without a member of their own. Others are routes described twice. */
function additionalOperations(reading: Reading, path: string, item: Located): readonly FoundOperation[] {
  const { document, problems } = reading
  const additional = member(item.value, 'additionalOperations')
  const base = pointerTo(item.pointer, 'additionalOperations')
  if (additional === undefined) return []
  if (document.version !== '3.2') {
    problems.push(ignored(base, 'additionalOperations', document.version))
    return []
  }
  return entries(additional).flatMap(([name, value]) => {
    const pointer = pointerTo(base, name)
    // A method is a token (RFC 9110 §5.6.2); nothing else can arrive in a request line.
    if (/^[!#$%&'*+\-.^_`|~\w]{1,64}$/.test(name)) return [operation(reading, name, path, item, { value, pointer })]
    problems.push({ code: 'invalid_operation', pointer, message: `${JSON.stringify(name)} is not an HTTP method.` })
    return []
  })
}

function operation(
  { document, problems, parametersOf }: Reading,
  name: string,
  path: string,
  item: Located,
  written: Located,
): FoundOperation {
  const chain = followReferences(document, written)
  const { value, pointer } = chain.at(-1) ?? written
  if (chain.length > 1 && Object.keys(written.value ?? {}).length > 1) {
    const message = 'Members beside $ref are ignored: the operation is what the reference leads to.'
    problems.push({ code: 'reference_ignored', pointer: written.pointer, message })
  }
  const parameters = [parametersOf({ value, pointer }), parametersOf(item)]
  return { method: name.toUpperCase(), path, value, pointer, parameters, item }
}

function ignored(pointer: string, name: string, version: OpenApiVersion): Problem {
  return { code: 'member_ignored', pointer, message: `${JSON.stringify(name)} is not a method of OpenAPI ${version}.` }
}

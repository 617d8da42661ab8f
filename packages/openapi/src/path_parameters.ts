/** The parameters that a document describes for a path (OpenAPI § "Parameter Object"), as far as routing needs them. */
import type { OpenApiDocument } from './document.ts'
import { elements, member, pointerTo, textMember } from './json_object.ts'
import { OpenApiError } from './openapi_error.ts'
import { followReferences, type Located } from './reference.ts'

/** The names of path parameters; true for one that may hold slashes (`x-multi-segment: true`). */
export type PathParameters = ReadonlyMap<string, boolean>

/** Reads lists of parameters. A list that ten thousand operations share, by alias or reference, is read once. */
export function createParameterReader(document: OpenApiDocument): (owner: Located) => PathParameters {
  const known = new Map<unknown, PathParameters>()
  return ({ value, pointer }) => {
    const list = member(value, 'parameters')
    if (!Array.isArray(list)) return none
    const read = known.get(list) ?? readList(document, list, pointerTo(pointer, 'parameters'))
    known.set(list, read)
    return read
  }
}

const none: PathParameters = new Map()

function readList(document: OpenApiDocument, list: readonly unknown[], pointer: string): PathParameters {
  const parameters = new Map<string, boolean>()
  for (const [i, item] of elements(list).entries()) {
    const value = resolve(document, { value: item, pointer: pointerTo(pointer, i) })
    const name = textMember(value, 'name')
    if (name === undefined || member(value, 'in') !== 'path') continue
    parameters.set(name, member(value, 'x-multi-segment') === true)
  }
  return parameters
}

/** A reference that leads nowhere is listed with the others of its kind; it does not decide about access. */
function resolve(document: OpenApiDocument, located: Located): unknown {
  try {
    return followReferences(document, located).at(-1)?.value
  } catch (error) {
    if (!(error instanceof OpenApiError)) throw error
    return undefined
  }
}

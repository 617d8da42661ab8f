/** A value that fits a schema, for a sample: what its author gave, else the members that are required. */
import { follow } from './follow.ts'
import { type JsonObject, listOf, member } from './json.ts'
import { readShape } from './shape.ts'

const depthMax = 6

export function sampleOf(document: JsonObject, schema: unknown, depth = 0): unknown {
  const { value } = follow(document, schema)
  const given = ['example', 'const', 'default'].map((name) => member(value, name)).find((each) => each !== undefined)
  const [first] = [...listOf(member(value, 'examples')), ...listOf(member(value, 'enum'))]
  if (given !== undefined || first !== undefined) return given ?? first
  if (depth === depthMax) return null
  const type = [member(value, 'type')].flat().find((each) => each !== 'null')
  if (type === 'string') return ''
  if (type === 'integer' || type === 'number') return member(value, 'minimum') ?? 0
  if (type === 'boolean') return false
  if (type === 'array') return [sampleOf(document, member(value, 'items'), depth + 1)]
  const { members, alternatives } = readShape(document, value)
  const [alternative] = alternatives
  if (members.length === 0 && alternative !== undefined) return sampleOf(document, alternative, depth + 1)
  return Object.fromEntries(
    members
      .filter(({ isRequired }) => isRequired)
      .map(({ name, schema: own }) => [name, sampleOf(document, own, depth + 1)]),
  )
}

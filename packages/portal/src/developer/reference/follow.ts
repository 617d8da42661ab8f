/** `$ref` within a document (RFC 6901). Nothing is fetched. */
import { isObject, type JsonObject, member } from './json.ts'

export interface Followed {
  /** `undefined` where the reference leads nowhere. */
  readonly value: unknown
  /** The references on the way; empty where there was none. */
  readonly through: readonly string[]
  readonly isBroken: boolean
}

const stepsMax = 32

/** The value itself, or the one that its reference leads to. Members beside `$ref` win over those of the target. */
export function follow(document: JsonObject, start: unknown): Followed {
  const through: string[] = []
  let value = start
  let beside: JsonObject = {}
  for (;;) {
    const reference = member(value, '$ref')
    if (typeof reference !== 'string') break
    if (through.includes(reference) || through.length === stepsMax) return { value: undefined, through, isBroken: true }
    through.push(reference)
    const { $ref: _, ...own } = value as JsonObject
    beside = { ...own, ...beside }
    value = locate(document, reference)
    if (value === undefined) return { value, through, isBroken: true }
  }
  if (isObject(value) && Object.keys(beside).length > 0) value = { ...value, ...beside }
  return { value, through, isBroken: false }
}

/** `Order` of `#/components/schemas/Order`. */
export function nameOfReference(reference: string): string {
  return unescapeStep(reference.slice(reference.lastIndexOf('/') + 1))
}

function locate(document: JsonObject, reference: string): unknown {
  if (!reference.startsWith('#/')) return undefined
  let value: unknown = document
  for (const step of reference.slice(2).split('/').map(unescapeStep))
    value = Array.isArray(value) ? value[Number(step)] : member(value, step)
  return value
}

function unescapeStep(step: string): string {
  try {
    return decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~')
  } catch {
    return step
  }
}

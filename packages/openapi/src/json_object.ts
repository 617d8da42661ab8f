/** A map as it came out of JSON or YAML: nothing is known of its members. */
export type JsonObject = { readonly [key: string]: unknown }

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A member that the document itself has: `constructor` and `__proto__` are names like any other. */
export function member(value: unknown, key: string): unknown {
  return isJsonObject(value) && Object.hasOwn(value, key) ? value[key] : undefined
}

/** A member that is text. A number counts as its text (`version: 2`); other values are `undefined`. */
export function textMember(value: unknown, key: string): string | undefined {
  const found = member(value, key)
  if (typeof found === 'number') return String(found)
  return typeof found === 'string' ? found : undefined
}

/**
 * The members of an OpenAPI object, without the extensions (`x-…`) that every object of OpenAPI may have; none of
 * another value.
 */
export function members(value: unknown): readonly (readonly [string, unknown])[] {
  return entries(value).filter(([key]) => !key.startsWith('x-'))
}

/** All members of a map whose keys are names of the author's own; none of another value. */
export function entries(value: unknown): readonly (readonly [string, unknown])[] {
  return isJsonObject(value) ? Object.entries(value) : []
}

/** The elements of a list; none of another value. */
export function elements(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

/** One step of a JSON pointer, RFC 6901 §3. */
export function pointerTo(pointer: string, key: string | number): string {
  return `${pointer}/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`
}

import type { z } from 'zod'
import { type FieldError, ProblemError } from './exchange.ts'

/** A value by its schema, or 400 with a pointer to everything that does not hold. The value itself is never quoted. */
export function parseInput<S extends z.ZodType>(schema: S, value: unknown, where: 'body' | 'query'): z.output<S> {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const errors = parsed.error.issues.slice(0, 50).flatMap((issue) => fieldErrors(issue, where))
  const detail = `The ${where} does not hold: ${errors
    .map((error) => `${error.pointer} ${error.detail}`)
    .slice(0, 3)
    .join('; ')}.`
  throw new ProblemError(400, 'invalid_request', detail, { errors })
}

/** Names come from outside and are shown only when they are short and plain. */
function fieldErrors(issue: z.core.$ZodIssue, where: 'body' | 'query'): readonly FieldError[] {
  const path = issue.path.map((part) => escapePointer(String(part)))
  const at = where === 'query' ? `?${path.join('/')}` : `/${path.join('/')}`
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.slice(0, 20).map((key) => {
      const name = escapePointer(key)
      const pointer = where === 'query' ? `?${name}` : `/${[...path, name].join('/')}`
      return { pointer, detail: 'is not known here' }
    })
  }
  return [{ pointer: path.length === 0 && where === 'body' ? '' : at, detail: issue.message }]
}

function escapePointer(name: string): string {
  return /^[\x21-\x7e]{1,64}$/.test(name) ? name.replaceAll('~', '~0').replaceAll('/', '~1') : '(unprintable)'
}

/** A query string by its schema; no parameter twice. */
export function parseQuery<S extends z.ZodType>(schema: S, query: string): z.output<S> {
  const values: Record<string, string> = Object.create(null) as Record<string, string>
  for (const [name, value] of new URLSearchParams(query)) {
    if (name in values) throw new ProblemError(400, 'invalid_request', 'a query parameter may come once only')
    values[name] = value
  }
  return parseInput(schema, { ...values }, 'query')
}

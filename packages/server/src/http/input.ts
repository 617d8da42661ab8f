import type { z } from 'zod'
import { type FieldError, ProblemError } from './problem.ts'

/** A value by its schema, or 400 with a pointer to everything that does not hold. The value itself is never quoted. */
export function parseInput<S extends z.ZodType>(schema: S, value: unknown, where: 'body' | 'query'): z.output<S> {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const errors = parsed.error.issues.slice(0, 50).flatMap((issue) => fieldErrors(issue, where))
  const detail = `The ${where === 'body' ? 'request body' : where} is invalid: ${errors
    .map((error) => `${error.pointer} ${error.detail}`)
    .slice(0, 3)
    .join('; ')}.`
  throw new ProblemError(400, 'invalid_request', detail, { errors })
}

/** Names come from outside and are shown only when they are plain, and shorter than any secret. */
function fieldErrors(issue: z.core.$ZodIssue, where: 'body' | 'query'): readonly FieldError[] {
  const path = issue.path.map((part) => escapePointer(String(part)))
  const at = where === 'query' ? `?${path.join('/')}` : `/${path.join('/')}`
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.slice(0, 20).map((key) => {
      const name = escapePointer(key)
      const pointer = where === 'query' ? `?${name}` : `/${[...path, name].join('/')}`
      return { pointer, detail: 'is not a known name' }
    })
  }
  return [{ pointer: path.length === 0 && where === 'body' ? '' : at, detail: issue.message }]
}

function escapePointer(name: string): string {
  return /^[\x21-\x7e]{1,32}$/.test(name) ? name.replaceAll('~', '~0').replaceAll('/', '~1') : '(not shown)'
}

/** Deeper than anything we take; what recurses later may rely on it. */
const depthMax = 32

/**
 * Finds what no body may hold, whatever its schema: half a surrogate pair and NUL, which a database would store as something
 * else; `__proto__`, which an object would take for its prototype; more levels than anybody needs. It is iterative, since
 * callers could make a recursion overflow.
 */
export function requirePlain(body: object): void {
  if (!isPlain(body))
    throw new ProblemError(400, 'invalid_request', 'The request body is invalid; see errors.', describe(body))
}

function isPlain(body: object): boolean {
  const waiting: unknown[] = [body]
  const depths: number[] = [0]
  while (waiting.length > 0) {
    const value = waiting.pop()
    const depth = depths.pop() as number
    if (typeof value === 'string' && !isPlainText(value)) return false
    if (typeof value !== 'object' || value === null) continue
    if (depth === depthMax) return false
    for (const name of Object.keys(value)) {
      if (name === '__proto__' || !isPlainText(name)) return false
      waiting.push((value as Record<string, unknown>)[name])
      depths.push(depth + 1)
    }
  }
  return true
}

/** Says what is wrong and where, for the issues that zod words badly. */
function describe(body: object): { readonly errors: readonly FieldError[] } {
  const errors: FieldError[] = []
  const waiting: (readonly [unknown, string, number])[] = [[body, '', 0]]
  for (let item = waiting.pop(); item !== undefined && errors.length < 50; item = waiting.pop()) {
    const [value, pointer, depth] = item
    if (typeof value === 'string' && !isPlainText(value))
      errors.push({ pointer, detail: 'must not have NUL or half a surrogate pair' })
    if (typeof value !== 'object' || value === null) continue
    if (depth === depthMax) errors.push({ pointer, detail: `must have at most ${depthMax} levels` })
    else
      for (const [name, member] of Object.entries(value)) {
        const at = `${pointer}/${escapePointer(name)}`
        if (name === '__proto__' || !isPlainText(name)) errors.push({ pointer: at, detail: 'is not a known name' })
        else waiting.push([member, at, depth + 1])
      }
  }
  return { errors }
}

function isPlainText(text: string): boolean {
  return !text.includes('\0') && text.isWellFormed()
}

/** A query string by its schema; no parameter twice. */
export function parseQuery<S extends z.ZodType>(schema: S, query: string): z.output<S> {
  return parseInput(schema, readQuery(query), 'query')
}

/** A query for an operation without parameters is refused: its sender meant it to do something. */
export function requireNoQuery(query: string): void {
  const name = Object.keys(readQuery(query))[0]
  if (name !== undefined) throw invalidQuery(`?${escapePointer(name)}`, 'is not a known name')
}

function readQuery(query: string): Readonly<Record<string, string>> {
  const values: Record<string, string> = Object.create(null) as Record<string, string>
  for (const [name, value] of new URLSearchParams(query)) {
    const pointer = `?${escapePointer(name)}`
    if (name in values) throw invalidQuery(pointer, 'must come once')
    if (!isPlainText(value)) throw invalidQuery(pointer, 'must not have NUL')
    values[name] = value
  }
  return { ...values }
}

function invalidQuery(pointer: string, detail: string): ProblemError {
  const errors = [{ pointer, detail }]
  return new ProblemError(400, 'invalid_request', `The query is invalid: ${pointer} ${detail}.`, { errors })
}

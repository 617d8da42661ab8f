import { ProblemError } from './problem.ts'
import type { HttpRequest } from './request.ts'

/** The values of one header field, in the order they came. */
export function headerValues(request: HttpRequest, name: string): readonly string[] {
  const values: string[] = []
  const { rawHeaders } = request
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const field = rawHeaders[index] as string
    // The length first: most fields are another, and lower case costs more than all else here.
    if (field.length === name.length && field.toLowerCase() === name) values.push(rawHeaders[index + 1] as string)
  }
  return values
}

/** The one value, or undefined. Throws 400 when the field came more than once. */
export function header(request: HttpRequest, name: string): string | undefined {
  const values = headerValues(request, name)
  if (values.length > 1) throw new ProblemError(400, 'invalid_request', `The header ${name} must come once.`)
  return values[0]
}

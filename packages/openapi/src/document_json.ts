/** The document as JSON, for readers that have no YAML. */
import { type OpenApiDocument, withoutMark } from './document.ts'
import { OpenApiError } from './openapi_error.ts'

/**
 * The text of a document that was read from `text`, as JSON: the text itself where it is JSON, else one made from its
 * values, with every alias written out. Throws `OpenApiError` where that has more than `bytesMax` bytes as UTF-8.
 */
export function documentJson(text: string, { root, isJson }: OpenApiDocument, bytesMax: number): string {
  if (isJson) return withoutMark(text)
  const json = JSON.stringify(root, counting(bytesMax))
  if (json.length > bytesMax || new TextEncoder().encode(json).length > bytesMax) throw tooLarge(bytesMax)
  return json
}

/** Aliases make a few lines into gigabytes: counted while it is written, so that no such text is ever made. */
function counting(bytesMax: number): (key: string, value: unknown) => unknown {
  let bytes = 0
  return (key, value) => {
    bytes += key.length + (typeof value === 'string' ? value.length : 1)
    if (bytes > bytesMax) throw tooLarge(bytesMax)
    return value
  }
}

function tooLarge(bytesMax: number): OpenApiError {
  return new OpenApiError('document_too_large', `The document is larger than ${bytesMax} bytes as JSON.`)
}

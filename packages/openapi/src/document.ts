/** Reads a document from text: JSON or YAML 1.2, OpenAPI 3.0, 3.1, 3.2 or Swagger 2.0. */
import { isJsonObject, type JsonObject, textMember } from './json_object.ts'
import { refuseComments, refuseDuplicateKeys, refuseTooDeep } from './json_text.ts'
import { limits } from './limits.ts'
import { OpenApiError } from './openapi_error.ts'
import { parseYaml } from './yaml.ts'

/** The versions that are read; 2.0 is Swagger. */
export type OpenApiVersion = '2.0' | '3.0' | '3.1' | '3.2'

/**
 * A document whose version is known and whose content is not yet judged. In a YAML document aliased values are shared,
 * not copied, and nothing contains itself.
 */
export type OpenApiDocument = {
  /** The version that it names. */
  readonly version: OpenApiVersion
  /** Its values. */
  readonly root: JsonObject
  /** Whether its text was JSON; else it was YAML. */
  readonly isJson: boolean
}

/**
 * Reads the text of an API description. Throws `OpenApiError`.
 *
 * `bytesMax` is the largest size as UTF-8 in bytes; default 16 MiB. A key that occurs twice is an error, since a
 * reader that takes the other one would see other security. Merge keys (`<<`) of YAML 1.1 are expanded, and a key
 * written beside one wins.
 */
export function readDocument(text: string, options: { readonly bytesMax?: number } = {}): OpenApiDocument {
  refuseTooLarge(text, options.bytesMax ?? limits.documentBytesMax)
  const { root, isJson } = parse(withoutMark(text))
  if (!isJsonObject(root)) {
    throw new OpenApiError('not_an_object', 'The document is not an object: give an OpenAPI or Swagger document.')
  }
  return { version: versionOf(root), root, isJson }
}

/** Without the byte order mark that some editors put before it. */
export function withoutMark(text: string): string {
  return text.startsWith('\ufeff') ? text.slice(1) : text
}

function refuseTooLarge(text: string, bytesMax: number): void {
  // A UTF-16 unit is one to three bytes of UTF-8, so most texts need no encoding to be judged.
  if (text.length * 3 <= bytesMax) return
  if (text.length > bytesMax || new TextEncoder().encode(text).length > bytesMax) {
    throw new OpenApiError('document_too_large', `The document is larger than ${bytesMax} bytes.`)
  }
}

/** JSON is the fast path. A text that only looks like JSON (a YAML flow map, or broken JSON) is read as YAML. */
function parse(text: string): { readonly root: unknown; readonly isJson: boolean } {
  if (/^\s*<(?!<)/.test(text)) {
    const message =
      'The document is a web page or XML, not an API description: give the address of the description itself, ' +
      'which such a page often links to as openapi.json or openapi.yaml.'
    throw new OpenApiError('not_a_description', message)
  }
  if (!/^\s*\{/.test(text)) return { root: parseYaml(text), isJson: false }
  refuseTooDeep(text)
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    refuseComments(text)
    return { root: parseYaml(text), isJson: false }
  }
  refuseDuplicateKeys(text)
  return { root: value, isJson: true }
}

function versionOf(root: JsonObject): OpenApiVersion {
  const swagger = textMember(root, 'swagger')
  const openapi = textMember(root, 'openapi')
  // `swagger: 2.0` without quotes is a number in YAML, and means the version.
  if (openapi === undefined && (swagger === '2.0' || swagger === '2')) return '2.0'
  const minor = swagger === undefined ? /^3\.([012])(?:\.\d+)?(?:-[\w.-]+)?$/.exec(openapi ?? '')?.[1] : undefined
  if (minor === '0' || minor === '1' || minor === '2') return `3.${minor}`
  throw new OpenApiError(
    'unsupported_version',
    'The document must begin with openapi: 3.0.x, 3.1.x or 3.2.x, or with swagger: "2.0", and not with both.',
  )
}

/** The reason why a document could not be read at all. Lesser flaws are a `Problem` of the description instead. */
export type OpenApiErrorCode =
  | 'document_too_large'
  | 'document_too_deep'
  | 'document_too_complex'
  | 'invalid_syntax'
  | 'duplicate_key'
  | 'merge_key'
  | 'not_a_description'
  | 'not_an_object'
  | 'unsupported_version'
  | 'invalid_paths'
  | 'invalid_base_path'
  | 'invalid_cost'
  | 'unknown_template'
  | 'reference_not_local'
  | 'reference_unresolved'
  | 'reference_cycle'

/**
 * The document cannot be used. `code` is stable; `message` is one line that says what to do; `where` is a JSON pointer
 * (RFC 6901, `/paths/~1orders/get`) or `line:column`, both counted from 1, or absent when the whole document is meant.
 */
export class OpenApiError extends Error {
  /** The kind of flaw. */
  readonly code: OpenApiErrorCode
  /** Its place, as a JSON pointer or `line:column`. */
  readonly where: string | undefined

  constructor(code: OpenApiErrorCode, message: string, where?: string) {
    super(where === undefined ? message : `${message} (at ${where})`)
    this.name = 'OpenApiError'
    this.code = code
    this.where = where
  }
}

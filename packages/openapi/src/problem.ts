import { limits } from './limits.ts'

/**
 * The flaws that the owner of the document should know of. None opens access: the stricter reading is always in force.
 */
export type ProblemCode =
  | 'alternative_dropped'
  | 'derived_scope_shared'
  | 'invalid_operation'
  | 'invalid_path'
  | 'invalid_scope'
  | 'invalid_security'
  | 'member_ignored'
  | 'overlap'
  | 'path_cut'
  | 'problems_omitted'
  | 'reference_ignored'
  | 'routes_merged'
  | 'servers_ignored'
  | 'unreachable'

/** One flaw. `code` is stable; `pointer` is a JSON pointer (RFC 6901) into the document, `''` for the whole of it. */
export type Problem = { readonly code: ProblemCode; readonly pointer: string; readonly message: string }

/** The first problems of a long list, and one that tells the number of the others. */
export function boundProblems(problems: readonly Problem[]): readonly Problem[] {
  if (problems.length <= limits.problemsMax) return problems
  const omitted = problems.length - limits.problemsMax
  const message = `${omitted} more problems are not listed.`
  return [...problems.slice(0, limits.problemsMax), { code: 'problems_omitted', pointer: '', message }]
}

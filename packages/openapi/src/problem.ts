import { limits } from './limits.ts'

/**
 * The flaws that the owner of the document should know of. None opens access: the stricter reading is always in force.
 */
export type ProblemCode = (typeof worstFirst)[number]

/** First what leaves operations open or closes them, then what reads otherwise than its author meant, then the rest. */
const worstFirst = [
  'every_operation_public',
  'invalid_security',
  'invalid_scope',
  'invalid_operation',
  'invalid_path',
  'unreachable',
  'alternative_dropped',
  'undeclared_scope',
  'derived_scope_shared',
  'overlap',
  'credential_place_ignored',
  'foreign_notation',
  'member_ignored',
  'routes_merged',
  'reference_ignored',
  'reference_broken',
  'duplicate_operation_id',
  'path_cut',
  'servers_ignored',
  'parameter_undescribed',
  'problems_omitted',
] as const

/** One flaw. `code` is stable; `pointer` is a JSON pointer (RFC 6901) into the document, `''` for the whole of it. */
export type Problem = { readonly code: ProblemCode; readonly pointer: string; readonly message: string }

/** The worst problems, those of one kind in the order of the document, and one that tells the number of the others. */
export function boundProblems(problems: readonly Problem[]): readonly Problem[] {
  const sorted = problems.toSorted((left, right) => rank(left) - rank(right))
  if (sorted.length <= limits.problemsMax) return sorted
  const message = `${sorted.length - limits.problemsMax} more problems are not listed.`
  return [...sorted.slice(0, limits.problemsMax), { code: 'problems_omitted', pointer: '', message }]
}

function rank({ code }: Problem): number {
  return worstFirst.indexOf(code)
}

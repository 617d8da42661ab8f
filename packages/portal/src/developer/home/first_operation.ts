import { missingOf } from '../reference/access.ts'
import type { Named } from '../reference/operation_names.ts'

/**
 * The operation that is good for a first call: one that needs a credential and that this scope opens, which reads and wants nothing
 * in its path where there is one. `has`: `undefined` while no key is there. `undefined`: the document has none such.
 */
export function firstOperation<O extends Pick<Named, 'method' | 'route' | 'public' | 'requires'>>(
  operations: readonly O[],
  has: ReadonlySet<string> | undefined,
): O | undefined {
  const open = operations.filter((operation) => {
    if (operation.public) return false
    return has === undefined ? operation.requires.length > 0 : missingOf(operation, has)?.length === 0
  })
  const reads = open.filter(({ method }) => method === 'GET')
  return reads.find(({ route }) => !route.includes('{')) ?? reads[0] ?? open[0]
}

import { missingOf } from '../../reference/access.ts'
import type { Operation } from '../../reference/operation_names.ts'

/** The operations that can be called with the scope of afterwards, and not with the one before. */
export function operationsGained<O extends Pick<Operation, 'public' | 'requires'>>(
  operations: readonly O[],
  before: ReadonlySet<string>,
  after: ReadonlySet<string>,
): readonly O[] {
  const isOpen = (operation: O, has: ReadonlySet<string>) => missingOf(operation, has)?.length === 0
  return operations.filter((operation) => isOpen(operation, after) && !isOpen(operation, before))
}

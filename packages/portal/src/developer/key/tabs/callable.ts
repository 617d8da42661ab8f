import { missingOf } from '../../reference/access.ts'
import type { Named } from '../../reference/operation_names.ts'

type Offered = Pick<Named, 'method' | 'route' | 'public' | 'requires'>

/** The operations that the key may call, those first that change nothing and whose path is complete. Public ones need no key and stand last. */
export function callableWith<O extends Offered>(operations: readonly O[], has: ReadonlySet<string>): readonly O[] {
  return operations
    .filter((operation) => missingOf(operation, has)?.length === 0)
    .toSorted((one, other) => weightOf(one) - weightOf(other))
}

function weightOf({ method, route, public: isPublic }: Offered): number {
  const isSafe = method === 'GET' || method === 'HEAD'
  return (isPublic ? 1_000 : 0) + (isSafe ? 0 : 100) + route.split('{').length
}

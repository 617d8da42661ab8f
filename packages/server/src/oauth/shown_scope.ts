import { parseKey, type Scope } from '@countersign/core'

/** Scope tokens for an error message: at most ten, and none that is a key put in the wrong place. */
export function shownScope(scope: Scope): string {
  return scope
    .slice(0, 10)
    .map((token) => (parseKey(token) === undefined ? token : '(not shown)'))
    .join(' ')
}

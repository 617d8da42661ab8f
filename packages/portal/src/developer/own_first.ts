import type { Api } from '../shared/api/queries.ts'
import { isBuiltInApi } from './built_in_api.ts'

/** APIs of the owner before those of Countersign itself. */
export function ownFirst<A extends Pick<Api, 'id'>>(apis: readonly A[]): readonly A[] {
  return [...apis].sort((one, other) => Number(isBuiltInApi(one)) - Number(isBuiltInApi(other)))
}

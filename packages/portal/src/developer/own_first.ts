import type { Api } from '../shared/api/queries.ts'

/** APIs of the owner before those of Countersign itself, which somebody has to choose. */
export function ownFirst<A extends Pick<Api, 'id'>>(apis: readonly A[]): readonly A[] {
  return [...apis].sort((one, other) => Number(isBuiltIn(one)) - Number(isBuiltIn(other)))
}

/** Whether it is an API of Countersign itself. */
export function isBuiltIn({ id }: Pick<Api, 'id'>): boolean {
  return id === 'api_management' || id === 'api_userinfo'
}

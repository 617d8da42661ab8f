import type { Api } from '../shared/api/queries.ts'

/** The APIs of Countersign itself: nothing is for these unless somebody chooses them. */
export function isBuiltInApi({ id }: Pick<Api, 'id'>): boolean {
  return id === 'api_management' || id === 'api_userinfo'
}

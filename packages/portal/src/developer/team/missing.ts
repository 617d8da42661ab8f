import type { Api, Team } from '../../shared/api/queries.ts'

/** The scopes that an API has on request and the team does not have there, in the order of the API. */
export function missingOf(
  { audience, scopes, onRequestScope }: Pick<Api, 'audience' | 'scopes' | 'onRequestScope'>,
  { access }: Pick<Team, 'access'>,
): Api['scopes'] {
  const had = new Set((access.find((each) => each.audience === audience)?.scope ?? '').split(' '))
  const offered = new Set(onRequestScope.split(' '))
  return scopes.filter(({ name }) => offered.has(name) && !had.has(name))
}

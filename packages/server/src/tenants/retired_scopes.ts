import type { Api } from '@countersign/store'

/** The scopes that the API no longer has once it is changed. */
export function goneScopes(before: Pick<Api, 'scopes'>, changed: Pick<Api, 'scopes'>): readonly string[] {
  const present = new Set(changed.scopes.map(({ name }) => name))
  return before.scopes.map(({ name }) => name).filter((name) => !present.has(name))
}

/**
 * The changed API with the scopes that it had and no longer has. They stay in what was issued, so each decision takes
 * them away; one that is registered again is given back.
 */
export function withRetiredScopes(before: Api, changed: Api): Api {
  const present = new Set(changed.scopes.map(({ name }) => name))
  const { retiredScopes: _, ...rest } = changed
  const all = new Set([...(before.retiredScopes ?? []), ...goneScopes(before, changed)])
  const retiredScopes = [...all].filter((name) => !present.has(name)).sort()
  return retiredScopes.length === 0 ? rest : { ...rest, retiredScopes }
}

/** The APIs and scopes that an application can be given. */
import type { Api, Client } from '../../../shared/api/queries.ts'
import { isBuiltInApi } from '../../built_in_api.ts'

export interface AccessChoice {
  readonly audience: string
  readonly name: string
  readonly scopes: readonly {
    readonly name: string
    readonly description: string | undefined
    /** Whether it may be given, or is had already. */
    readonly isGivable: boolean
  }[]
}

/**
 * `ceiling`: the most that the team can have; `undefined` for one of the tenant's own, which may have everything. `held`: the
 * access that it has, which can be kept.
 */
export function accessChoices(
  apis: readonly Api[],
  ceiling: Client['access'] | undefined,
  held: Client['access'] = [],
): readonly AccessChoice[] {
  const offered = ceiling?.map(({ audience }) => audience) ?? apis.filter((api) => !isBuiltInApi(api)).map(audienceOf)
  const audiences = [...new Set([...offered, ...held.map(audienceOf)])]
  return audiences
    .map((audience) => {
      const api = apis.find((each) => each.audience === audience)
      const has = tokensOf(held, audience)
      const most = ceiling === undefined ? (api?.scopes ?? []).map(({ name }) => name) : tokensOf(ceiling, audience)
      const named = new Map((api?.scopes ?? []).map(({ name, description }) => [name, description]))
      const givable = new Set([...most, ...has])
      return {
        audience,
        name: api?.name ?? audience,
        scopes: [...new Set([...named.keys(), ...givable])].map((name) => ({
          name,
          description: named.get(name),
          isGivable: givable.has(name),
        })),
      }
    })
    .sort((one, other) => one.name.localeCompare(other.name))
}

function audienceOf({ audience }: { readonly audience: string }): string {
  return audience
}

function tokensOf(access: Client['access'], audience: string): readonly string[] {
  const scope = access.find((each) => each.audience === audience)?.scope ?? ''
  return scope.split(' ').filter((token) => token !== '')
}

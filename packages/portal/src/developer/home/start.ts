/** The API that a quick start is about, with the scopes that its reader can have there. */
import type { Api, Client, ListedKey } from '../../shared/api/queries.ts'
import { isBuiltInApi } from '../built_in_api.ts'

export interface Start {
  readonly api: Api
  readonly scope: string
  /** The key that was used last, of those for the API. */
  readonly key: ListedKey | undefined
}

/**
 * The API of the key that was used last; without one, the first in a ceiling. `keys`: the last used first. `ceilings`: of the reader's
 * teams; `undefined` for an operator, who has none. `undefined`: there is no API of the owner in reach.
 */
export function startOf(
  apis: readonly Api[],
  keys: readonly ListedKey[],
  ceilings: Client['access'] | undefined,
): Start | undefined {
  const scopeOf = (api: Api): string | undefined =>
    ceilings === undefined
      ? api.scopes.map(({ name }) => name).join(' ')
      : ceilings.find(({ audience }) => audience === api.audience)?.scope
  const own = apis.filter((api) => !isBuiltInApi(api) && scopeOf(api) !== undefined)
  const key = keys.find(({ audience }) => own.some((api) => api.audience === audience))
  const api = own.find(({ audience }) => audience === key?.audience) ?? own[0]
  return api === undefined ? undefined : { api, scope: scopeOf(api) ?? '', key }
}

/** The verifier of an API, as the README has it. */
export function verifierSample(issuer: string, audience: string): string {
  return [
    "import { createVerifier } from '@countersign/verifier'",
    '',
    'const verifier = createVerifier({',
    `  issuer: ${JSON.stringify(issuer)},`,
    `  audience: ${JSON.stringify(audience)},`,
    "  credential: process.env.COUNTERSIGN_KEY ?? '',",
    '})',
    '',
    'const outcome = await verifier.verifyRequest(request)',
  ].join('\n')
}
